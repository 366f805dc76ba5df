// ConversationLog: one conversation on disk, every message of it, byte for byte.
//
// Two files (FORMATS.md): STEM.blocks, compressed and only ever appended to, and STEM.tail with
// what is not in a block yet. In memory are 33 bytes per message, the text of the tail (less than
// one block, unless blocks cannot be written) and a few blocks that were read last.
//
// Blocking file I/O; one thread at a time. A message that was acknowledged survives the end of the
// process at any moment (kill -9); blocks survive the loss of power, too, the tail need not.
// Packed: what there is instead of files; it is read from memory, and becomes files with the first
// write.
// Missing: a log without files is empty, its first append makes them. Damaged: what can be read
// stays readable under its position. A message that cannot be read is lost: its info() says kOther
// and 0 tokens unless those are left, json() fails, read() leaves it out.
// Full (no space, a folder that is read only): what finds no room stays in memory, within bounds,
// and is written when there is some again; beyond them append() fails and nothing has changed.
#pragma once

#include "base/os/file_system.hpp"
#include "base/result.hpp"
#include "exchange/interfaces/conversations.hpp"
#include "plugins/history/log/block_file.hpp"
#include "plugins/history/log/log_settings.hpp"
#include "plugins/history/log/message_tree.hpp"
#include "plugins/history/log/tail_file.hpp"
#include "plugins/history/pack/pack.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace keep::history {

struct NewMessage {
  Role role = Role::kOther;
  Position parent = kNoPosition;  // a position in this log, may be one of the same append
  std::uint64_t hash = 0;         // openai::Message::hash
  std::uint32_t tokens = 0;
  std::int64_t time = 0;  // seconds since 1970, UTC
  std::string json;
};

class ConversationLog {
 public:
  // `stem`: the path of both files without their endings. Fault::kStorage for files of a newer
  // version or of another conversation; those stay as they are. `packed` counts unless the tail
  // has a message, and as many as that has.
  static Result<std::unique_ptr<ConversationLog>> open(
      FileSystem& files, const std::string& stem, const ConversationName& name,
      const LogSettings& settings = {}, std::optional<PackedFiles> packed = std::nullopt);
  // Deletes the files of a conversation, all traces of damage included. false: there were none.
  static Result<bool> remove(FileSystem& files, const std::string& stem);

  ConversationLog(const ConversationLog&) = delete;
  ConversationLog& operator=(const ConversationLog&) = delete;

  // All or nothing, in one write; the position of the first. Positions are size(), size() + 1, ...
  // Fault::kBadRequest: a parent that is not before its message; Fault::kTooLarge: above 1 GiB.
  Result<Position> append(std::span<const NewMessage> messages, Write when = Write::kNow);
  // Writes what is in memory only, sidecars too. On failure it stays there.
  Result<> flush();
  // Undoes what was appended from that position on with Write::kLater, and not written since, and
  // the sidecars.
  void take_back(Position from = 0);

  std::size_t size() const noexcept { return tree_.size(); }  // messages
  MessageInfo info(Position position) const { return tree_.info(position); }
  // The message with that parent and hash, the latest if there are several. kNoPosition: first
  // ones.
  std::optional<Position> child(Position parent, std::uint64_t hash) const {
    return tree_.child(parent, hash);
  }
  // The latest message with that hash, for clients that cut their history. Looks at every message.
  std::optional<Position> last_with(std::uint64_t hash) const { return tree_.last_with(hash); }
  // In time that depends on the number of stretches. kNoPosition: the empty path.
  Path path_to(Position tip) const { return tree_.path_to(tip); }

  // Fault::kNotFound: no such message. Fault::kStorage: it is lost, or cannot be read now.
  Result<std::string> json(Position position) const;
  // See Conversations::read(); without the messages that are lost.
  Result<std::vector<StoredMessage>> read(Position from, std::size_t max_bytes) const;

  // See Conversations. Kept only beside messages, and written when they are.
  Result<std::string> sidecar(Sidecar which) const;
  Result<> set_sidecar(Sidecar which, std::string_view text);

  Position tip() const noexcept;  // the last appended; kNoPosition when empty
  std::uint64_t tokens() const noexcept { return tree_.tokens(); }  // of all branches
  std::uint64_t turns() const noexcept { return tree_.turns(); }    // user messages of all branches
  std::int64_t created() const noexcept { return created_; }        // time of the first message
  std::uint64_t disk_bytes() const;                                 // what the disk has less for it
  std::uint64_t packed_bytes() const noexcept;  // of these, what lies in the pack
  std::uint64_t memory_bytes() const noexcept;
  // What is in memory only, and how much of that because it could not be written.
  std::uint64_t unwritten_bytes() const noexcept;
  std::uint64_t refused_bytes() const noexcept;
  const std::string& refusal() const noexcept { return tail_.refusal(); }  // why

  // What was repaired, lost or put off since the last call, one line each, for the log of the
  // proxy.
  std::vector<std::string> take_notes();

 private:
  // What comes before a message.
  struct Before {
    Position first = 0;
    std::uint64_t tokens = 0, turns = 0;
    void pass(const MessageRow& row) noexcept;
  };

  ConversationLog(FileSystem& files, std::string stem, ConversationName name,
                  const LogSettings& settings);

  Result<> load(std::optional<PackedFiles> packed);
  Result<TailContents> load_tail(const std::optional<PackedFiles>& packed);
  Result<> load_blocks(const TailContents& tail);
  void add_tail(TailContents tail);
  void add_lost(const Before& until);
  Result<> check(std::span<const NewMessage> messages) const;
  Before before_tail() const noexcept;
  FileHeader file_header(FileKind kind, const Before& before) const;
  static RecordHeader record_header(const Before& before) noexcept;
  void seal_if_due();
  Result<> seal();
  Result<> write_sidecars();
  Result<std::size_t> write_blocks(Before& at);
  Result<> write_dictionary(const Before& at);
  Result<std::string> text_of(Position position) const;

  FileSystem& files_;
  std::string stem_;
  ConversationName name_;
  LogSettings settings_;
  std::int64_t created_ = 0;
  MessageTree tree_;
  mutable BlockFile blocks_;  // reading moves its cache
  TailFile tail_;
  std::size_t seal_at_;     // bytes of text in the tail
  std::uint64_t train_at_;  // bytes of text in all
  struct SidecarText {
    std::optional<std::string> unwritten;
    std::string packed;  // bytes of the file that there is not yet
    std::uint64_t disk_bytes = 0;
  };
  std::array<SidecarText, 2> sidecars_;  // by Sidecar
  UnwrittenShare sidecar_share_;
  std::vector<std::string> notes_;
};

}  // namespace keep::history
