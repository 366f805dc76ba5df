// OpenLog: the log of one conversation, opened by the first who needs it, and again after the
// conversation was removed.
//
// One thread at a time, and members block: the store keeps it as Sequenced<OpenLog>, on the strand
// of the pack when it may be in there.
#pragma once

#include "base/os/file_system.hpp"
#include "plugins/history/log/conversation_log.hpp"
#include "plugins/history/pack/pack.hpp"
#include "plugins/history/store/summary.hpp"

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace keep::history {

class OpenLog {
 public:
  // `pack`: where it may be instead of files. nullptr: it is not in there.
  OpenLog(FileSystem& files, std::string stem, ConversationName name, const LogSettings& settings,
          std::shared_ptr<Pack> pack);

  // Fault::kNotFound: it holds nothing and is not to be created.
  Result<ConversationLog*> open(bool create);
  // What requests have left to be added, with Write::kLater; open() came before.
  void add(std::span<const NewMessage> messages);
  // Deletes the conversation. false: there was nothing.
  Result<bool> remove();
  void close() noexcept { log_.reset(); }
  const ConversationLog* opened() const noexcept { return log_.get(); }  // nullptr: it is not

  struct State {
    std::optional<Figures> figures;  // none: the files could not be read; last_used is not set
    std::uint64_t memory = 0;        // bytes that the open log takes
    std::string refusal;             // why the disk has refused what it has
    std::string lost;                // why messages that waited are not kept
    std::size_t lost_messages = 0;
    std::vector<std::string> notes;  // for the log
  };
  State state();

 private:
  Result<std::unique_ptr<ConversationLog>> open_log() const;

  FileSystem& files_;
  const std::string stem_;
  const ConversationName name_;
  const LogSettings settings_;
  const std::shared_ptr<Pack> pack_;
  std::unique_ptr<ConversationLog> log_;
  bool readable_ = false;  // what is on disk is known
  std::string lost_;
  std::size_t lost_messages_ = 0;
};

}  // namespace keep::history
