#include "plugins/tier/archive/server.hpp"

namespace keep::tier {

bool ArchiveServer::has_restarted(const std::vector<SlotState>& slots) const {
  return std::ranges::any_of(slots, [this](const SlotState& slot) {
    const auto before = tasks.find(slot.id);
    return before != tasks.end() && slot.task.value_or(-1) < before->second;
  });
}

void ArchiveServer::note_tasks(const std::vector<SlotState>& slots) {
  tasks.clear();
  for (const SlotState& slot : slots) {
    if (slot.task) tasks[slot.id] = *slot.task;
  }
}

}  // namespace keep::tier
