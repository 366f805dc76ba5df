#include "plugins/history/drawer.hpp"

#include <utility>

namespace keep::history {

Drawer::Drawer(Strand on, std::string stem, ConversationName name, const LogSettings& settings)
    : strand(std::move(on)), stem_(std::move(stem)), name_(std::move(name)), settings_(settings) {}

Result<ConversationLog*> Drawer::open(bool create) {
  if (log_ == nullptr) {
    auto log = ConversationLog::open(stem_, name_, settings_);
    if (!log) return log.error();
    log_ = *std::move(log);
    readable_ = true;
  }
  if (!create && log_->size() == 0) {
    return Error(Fault::kNotFound, Side::kDownstream, "no such conversation");
  }
  return log_.get();
}

void Drawer::add(std::span<const NewMessage> messages) {
  const auto added = log_->append(messages);
  if (!added) notes_.push_back("messages are not on record: " + added.error().detail);
}

Result<bool> Drawer::remove() {
  log_.reset();
  auto removed = ConversationLog::remove(stem_);
  readable_ = removed.has_value();
  return removed;
}

Drawer::State Drawer::state() {
  State state;
  state.notes = std::exchange(notes_, {});
  if (!readable_) return state;
  Figures& figures = state.figures.emplace();
  if (log_ == nullptr) return state;
  figures.messages = log_->size();
  figures.turns = log_->turns();
  figures.tokens = log_->tokens();
  figures.disk_bytes = log_->disk_bytes();
  figures.created = log_->created();
  for (std::string& note : log_->take_notes()) state.notes.push_back(std::move(note));
  return state;
}

}  // namespace keep::history
