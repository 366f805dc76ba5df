// TailFile: the messages of a conversation that are not in a block yet, on disk and in memory.
//
// Blocking file I/O; one thread. Missing: empty, made by the first append. Full: append() fails,
// and what was half written is cut off; when even that fails, nothing is appended until it
// succeeds.
#pragma once

#include "base/files.hpp"
#include "plugins/history/message_meta.hpp"
#include "plugins/history/record.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
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
  std::uint64_t good_bytes = 0;     // up to the end of the last whole record
  bool damaged = false;             // something before good_bytes is lost
  std::int64_t modified = 0;

  Position end() const noexcept;  // after the last message
};

// A last record that is not whole, or not what was written, is none.
Result<TailContents> read_tail(const std::string& path);

class TailFile {
 public:
  explicit TailFile(std::string path) : path_(std::move(path)) {}

  const std::string& path() const noexcept { return path_; }
  // Goes on with a file that was read, and cuts off what is not good. Its messages are not added.
  Result<> resume(const TailContents& contents);
  // Of a message that is in the file, or of which nothing is left.
  void add(TailMessage message);

  // `header` is for the file, should there be none. The messages are taken only on success.
  Result<> append(const FileHeader& header, RecordHeader record,
                  std::vector<TailMessage>& messages);
  // Starts over with the messages from `count` on; what went before is in blocks. On failure only
  // memory has changed: the file still holds those before, too, which does no harm.
  Result<> drop_front(std::size_t count, const FileHeader& header, RecordHeader record);

  const std::deque<TailMessage>& messages() const noexcept { return messages_; }
  std::size_t text_bytes() const noexcept { return text_bytes_; }
  std::uint64_t bytes() const noexcept { return end_; }

 private:
  Result<> create(const std::string& bytes);

  std::string path_;
  File file_;
  std::uint64_t end_ = 0;
  bool cut_ = false;  // there may be something behind end_
  std::deque<TailMessage> messages_;
  std::size_t text_bytes_ = 0;
};

}  // namespace keep::history
