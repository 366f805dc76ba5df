// RecordScan: walks over the records of a file, and over what is damaged between them.
//
// Reads headers and rows; texts only when asked for. Blocking, unless the bytes of the file are in
// memory already; one thread. A record whose header or
// rows are damaged, or that does not end within the file, is no record: the next that begins
// anywhere behind it follows. Text cannot pass for a record, for JSON has no zero bytes.
#pragma once

#include "base/os/file_system.hpp"
#include "plugins/history/log/record.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace keep::history {

class RecordScan {
 public:
  // The file outlives this. Records begin at `from`.
  RecordScan(const File& file, std::uint64_t from, std::uint64_t file_bytes)
      : file_(&file), file_bytes_(file_bytes), end_(from) {}
  // All of its bytes.
  RecordScan(std::string bytes, std::uint64_t from)
      : file_bytes_(bytes.size()), window_(std::move(bytes)), end_(from) {}

  Result<bool> next();  // false: there is no more

  const RecordHeader& header() const noexcept { return header_; }
  std::string_view rows() const noexcept { return rows_; }  // until the next call of anything
  std::uint64_t offset() const noexcept { return offset_; }
  std::uint64_t end() const noexcept { return end_; }          // of the last record
  std::uint64_t skipped() const noexcept { return skipped_; }  // bytes that are no record
  // As stored; Fault::kStorage when it is not what was written.
  Result<std::string> text() const;

 private:
  Result<std::string_view> get(std::uint64_t offset, std::uint64_t size);
  Result<bool> try_at(std::uint64_t offset);
  Result<bool> search(std::uint64_t from);

  bool is_in_window(std::uint64_t offset, std::uint64_t size) const noexcept;

  const File* file_ = nullptr;  // none: the window is all there is
  const std::uint64_t file_bytes_;
  std::string window_;
  std::uint64_t window_at_ = 0;
  RecordHeader header_;
  std::string_view rows_;
  std::uint64_t offset_ = 0, end_ = 0, skipped_ = 0;
};

}  // namespace keep::history
