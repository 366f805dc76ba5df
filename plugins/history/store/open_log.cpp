#include "plugins/history/store/open_log.hpp"

#include "plugins/history/store/small_files.hpp"

#include <utility>

namespace keep::history {

OpenLog::OpenLog(FileSystem& files, std::string stem, ConversationName name,
                 const LogSettings& settings, std::shared_ptr<Pack> pack)
    : files_(files),
      stem_(std::move(stem)),
      name_(std::move(name)),
      settings_(settings),
      pack_(std::move(pack)) {}

Result<std::unique_ptr<ConversationLog>> OpenLog::open_log() const {
  if (!pack_) return ConversationLog::open(files_, stem_, name_, settings_);
  auto packed = pack_->find(key_of(stem_));
  if (!packed) return packed.error();
  return ConversationLog::open(files_, stem_, name_, settings_, *std::move(packed));
}

Result<ConversationLog*> OpenLog::open(bool create) {
  if (log_ == nullptr) {
    auto log = open_log();
    if (!log) return log.error();
    log_ = *std::move(log);
    readable_ = true;
  }
  if (!create && log_->size() == 0) {
    return Error(Fault::kNotFound, Side::kDownstream, "no such conversation");
  }
  return log_.get();
}

void OpenLog::add(std::span<const NewMessage> messages) {
  const auto added = log_->append(messages, Write::kLater);
  if (added) return;
  lost_ = added.error().detail;
  lost_messages_ += messages.size();
}

Result<bool> OpenLog::remove() {
  log_.reset();
  readable_ = false;
  // From the pack first: as long as there are files, they are what counts.
  const std::string key = key_of(stem_);
  const bool packed = pack_ && pack_->holds(key);
  if (packed) {
    if (auto gone = pack_->change({&key, 1}, {}); !gone) return gone.error();
  }
  const auto removed = ConversationLog::remove(files_, stem_);
  if (!removed) return removed.error();
  readable_ = true;
  return *removed || packed;
}

OpenLog::State OpenLog::state() {
  State state;
  state.lost = std::exchange(lost_, {});
  state.lost_messages = std::exchange(lost_messages_, 0);
  if (!readable_) return state;
  Figures& figures = state.figures.emplace();
  if (log_ == nullptr) return state;
  state.memory = log_->memory_bytes();
  figures.messages = log_->size();
  figures.turns = log_->turns();
  figures.tokens = log_->tokens();
  figures.disk_bytes = log_->disk_bytes();
  figures.packed_bytes = log_->packed_bytes();
  figures.unwritten = log_->unwritten_bytes();
  figures.refused = log_->refused_bytes();
  figures.created = log_->created();
  state.refusal = log_->refusal();
  state.notes = log_->take_notes();
  return state;
}

}  // namespace keep::history
