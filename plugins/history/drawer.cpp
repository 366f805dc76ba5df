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
  const auto added = log_->append(messages, Write::kLater);
  if (added) return;
  lost_ = added.error().detail;
  lost_messages_ += messages.size();
}

Result<bool> Drawer::remove() {
  log_.reset();
  auto removed = ConversationLog::remove(stem_);
  readable_ = removed.has_value();
  return removed;
}

Drawer::State Drawer::state() {
  State state;
  state.lost = std::exchange(lost_, {});
  state.lost_messages = std::exchange(lost_messages_, 0);
  if (!readable_) return state;
  Figures& figures = state.figures.emplace();
  if (log_ == nullptr) return state;
  figures.messages = log_->size();
  figures.turns = log_->turns();
  figures.tokens = log_->tokens();
  figures.disk_bytes = log_->disk_bytes();
  figures.unwritten = log_->unwritten_bytes();
  figures.refused = log_->refused_bytes();
  figures.created = log_->created();
  state.refusal = log_->refusal();
  state.notes = log_->take_notes();
  return state;
}

}  // namespace keep::history
