// BlockFile: the compressed part of a conversation's text, only ever appended to.
//
// Blocking file I/O; one thread. In memory: 24 bytes per block, the dictionaries, the texts of the
// kCached blocks that were read last. Missing: empty, made by the first append. Full: an append
// fails, and back_to() undoes what was written.
#pragma once

#include "base/compression/zstd.hpp"
#include "base/os/file_system.hpp"
#include "plugins/history/log/message_meta.hpp"
#include "plugins/history/log/record.hpp"
#include "plugins/history/log/record_scan.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace keep::history {

// The texts of one block.
class BlockText {
 public:
  BlockText(Position first, std::span<const MessageRow> rows, std::string text);

  Position first() const noexcept { return first_; }
  bool holds(Position position) const noexcept;
  // Nothing: it was lost before the block was made. The position is one that it holds.
  std::optional<std::string_view> json(Position position) const;
  std::string_view text() const noexcept { return text_; }
  std::size_t memory_bytes() const noexcept;

 private:
  struct Piece {
    std::uint32_t end;
    bool lost;
  };
  Position first_;
  std::vector<Piece> pieces_;
  std::string text_;
};

class BlockFile {
 public:
  static constexpr std::size_t kCached = 4;

  BlockFile(FileSystem& files, std::string path) : files_(files), path_(std::move(path)) {}

  // What a tail holds: blocks from there on may be half written, and are not needed.
  struct Covered {
    Position first = kNoPosition, end = 0;
  };
  struct Loaded {
    Format format = Format::kOurs;
    std::optional<FileHeader> header;
    std::uint64_t skipped = 0;  // bytes that could not be read and were left where they are
    std::uint64_t cut = 0;      // bytes that were cut off
  };
  // Called for every block in the order of the file; false: it is not one, leave it out.
  using OnBlock = std::function<bool(const RecordHeader&, std::span<const MessageRow>)>;
  Result<Loaded> load(const Covered& covered, const OnBlock& on_block);

  struct Mark {
    std::size_t blocks = 0, dictionaries = 0;
    std::uint64_t bytes = 0, text_bytes = 0;
  };
  Mark mark() const noexcept;
  // Takes back what was appended since then. When that fails nothing more is appended until it
  // succeeds.
  void back_to(const Mark& mark);
  Result<> begin(const FileHeader& header);  // before the first append to an empty file
  Result<> append_block(RecordHeader record, std::span<const MessageRow> rows,
                        std::string_view text, int level);
  Result<> append_dictionary(RecordHeader record, std::string bytes);
  Result<> sync();  // what was appended survives the loss of power

  // Fault::kNotFound: it is in no block.
  Result<std::shared_ptr<const BlockText>> text_of(Position position);
  // Of the last blocks, about that much; to make a dictionary of.
  std::vector<std::shared_ptr<const BlockText>> last_texts(std::uint64_t bytes);

  Position end() const noexcept;  // after the last message in a block
  bool has_dictionary() const noexcept;
  std::uint64_t disk_bytes() const;  // what the disk has less for it
  std::uint64_t text_bytes() const noexcept { return text_bytes_; }
  std::uint64_t memory_bytes() const noexcept;

 private:
  struct Block {
    std::uint64_t offset;
    std::uint32_t bytes;  // of the record
    Position first;
    std::uint32_t messages;
    std::uint32_t dictionary;  // how many there were before it
  };

  void add(std::uint64_t offset, const RecordHeader& header);
  void add_dictionary(const RecordScan& scan);
  Result<bool> take(const RecordScan& scan, const Covered& covered, const OnBlock& on_block);
  Result<> write(std::string_view bytes);
  Result<std::string> decode(const Block& block, const RecordHeader& header, std::string stored);
  Result<std::shared_ptr<const BlockText>> read(const Block& block);

  FileSystem& files_;
  const std::string path_;
  std::unique_ptr<File> file_;  // none: there is no file yet
  std::uint64_t end_ = 0;
  std::uint64_t text_bytes_ = 0;  // of all blocks, as it comes out
  bool cut_ = false;              // there may be something behind end_
  bool named_ = false;            // that there is a file survives the loss of power, too
  std::vector<Block> blocks_;
  std::vector<std::optional<zstd::Dictionary>> dictionaries_;  // none: it is damaged
  std::vector<std::shared_ptr<const BlockText>> cache_;        // the last used first
};

}  // namespace keep::history
