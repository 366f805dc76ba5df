// TailFile: the messages of a conversation that are not in a block yet, on disk and in memory.
//
// Blocking file I/O; one thread. Missing: empty, made by the first write. Packed: its bytes lie
// elsewhere, and become a file with the first write. Full: what was half
// written is cut off (when even that fails, nothing is written until it succeeds), and what found
// no room stays in memory and goes before anything else with the next write; append() fails when
// that is more than may be held.
#pragma once

#include "base/os/file_system.hpp"
#include "plugins/history/log/message_meta.hpp"
#include "plugins/history/log/record.hpp"
#include "plugins/history/log/unwritten.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

namespace keep::history {

struct TailMessage {
  MessageRow row;
  std::string json;
};

// Messages that were appended together.
struct TailRecord {
  Position first = 0;
  std::uint64_t tokens_before = 0, turns_before = 0;
  std::vector<TailMessage> messages;
};

struct TailContents {
  // kEmpty: no file, or one without a byte. kDamaged: its header is.
  enum class State { kEmpty, kGood, kNewer, kDamaged };
  State state = State::kEmpty;
  FileHeader header;
  std::vector<TailRecord> records;  // in rising order
  std::uint64_t bytes = 0;          // of the file
  std::uint64_t disk_bytes = 0;     // what the disk has less for it
  std::uint64_t good_bytes = 0;     // up to the end of the last whole record
  bool packed = false;              // there is no file
  bool damaged = false;             // something before good_bytes is lost
  std::int64_t modified = 0;

  Position end() const noexcept;  // after the last message
};

// A last record that is not whole, or not what was written, is none.
Result<TailContents> read_tail(FileSystem& files, const std::string& path);
// Of the bytes of such a file, wherever they lie; not disk_bytes and modified.
TailContents parse_tail(std::string bytes);

// kLater: with the next write, or never, see TailFile::take_back(). More than may be held is
// written now.
enum class Write { kNow, kLater };

class TailFile {
 public:
  TailFile(FileSystem& files, std::string path, std::size_t max_unwritten,
           std::shared_ptr<UnwrittenBytes> unwritten, std::uint64_t tenant)
      : files_(files),
        path_(std::move(path)),
        share_(max_unwritten, std::move(unwritten), tenant) {}

  const std::string& path() const noexcept { return path_; }
  // Goes on with a file that was read, and cuts off what is not good. Its messages are not added.
  Result<> resume(const TailContents& contents);
  void resume_packed(std::string bytes) { packed_ = std::move(bytes); }
  // Of a message that is in the file, or of which nothing is left.
  void add(TailMessage message);

  // `header` is for the file, should there be none. The messages are taken only on success.
  Result<> append(const FileHeader& header, RecordHeader record, std::vector<TailMessage>& messages,
                  Write when);
  // Writes what is in memory only. On failure it stays there.
  Result<> flush();
  // Makes a file of what is packed.
  Result<> unpack();
  // Drops what was appended with kLater since the last write or attempt, the newest first and each
  // as a whole, and no more than `most` messages. -> how many
  std::size_t take_back(std::size_t most);
  // Starts over with the messages from `count` on; what went before is in blocks. On failure only
  // memory has changed: the file still holds those before, too, which does no harm.
  Result<> drop_front(std::size_t count, const FileHeader& header, RecordHeader record);

  const std::deque<TailMessage>& messages() const noexcept { return messages_; }
  std::size_t text_bytes() const noexcept { return text_bytes_; }
  std::uint64_t disk_bytes() const;
  bool is_packed() const noexcept { return !packed_.empty(); }
  std::size_t unwritten_bytes() const noexcept { return unwritten_.size(); }
  std::size_t refused_bytes() const noexcept { return refused_; }   // those that found no room
  const std::string& refusal() const noexcept { return refusal_; }  // why; empty without any

 private:
  Result<> create(const std::string& bytes);
  Result<> replace(const std::string& bytes);
  Result<> write(const std::string& bytes);
  void forget_unwritten() noexcept;

  FileSystem& files_;
  const std::string path_;
  std::string packed_;          // goes in front of anything else while there is no file
  std::unique_ptr<File> file_;  // none: there is no file yet
  std::uint64_t end_ = 0;
  bool cut_ = false;  // there may be something behind end_
  // Records that belong behind end_, in front of the first a header where there is no file.
  std::string unwritten_;
  std::size_t refused_ = 0;  // of unwritten_, its beginning
  std::string refusal_;
  struct Later {
    std::size_t begin = 0, messages = 0;
  };
  std::vector<Later> later_;  // what the rest of it was appended as
  UnwrittenShare share_;
  std::deque<TailMessage> messages_;
  std::size_t text_bytes_ = 0;
};

}  // namespace keep::history
