#include "plugins/history/log/record_scan.hpp"

#include <algorithm>
#include <utility>

namespace keep::history {

namespace {

constexpr std::uint64_t kWindowBytes = 256 << 10;

}  // namespace

bool RecordScan::is_in_window(std::uint64_t offset, std::uint64_t size) const noexcept {
  return offset >= window_at_ && offset + size <= window_at_ + window_.size();
}

// Fewer bytes at the end of the file.
Result<std::string_view> RecordScan::get(std::uint64_t offset, std::uint64_t size) {
  size = std::min(size, file_bytes_ - std::min(offset, file_bytes_));
  if (!is_in_window(offset, size)) {
    const std::uint64_t left = file_bytes_ - offset;
    auto bytes = file_->read_at(offset, std::min(std::max(size, kWindowBytes), left));
    if (!bytes) return bytes.error();
    window_ = *std::move(bytes);
    window_at_ = offset;
  }
  return std::string_view(window_).substr(offset - window_at_, size);
}

Result<bool> RecordScan::try_at(std::uint64_t offset) {
  auto head = get(offset, kRecordHeaderBytes);
  if (!head) return head.error();
  const std::uint64_t head_bytes = record_head_bytes(*head);
  if (head_bytes == 0 || head_bytes > file_bytes_ - offset) return false;
  head = get(offset, head_bytes);
  if (!head) return head.error();
  const auto header = decode_record_header(*head);
  if (!header || header->bytes() > file_bytes_ - offset) return false;
  header_ = *header;
  rows_ = head->substr(kRecordHeaderBytes);
  offset_ = offset;
  end_ = offset + header->bytes();
  return true;
}

// For the next place that looks like a record and is one.
Result<bool> RecordScan::search(std::uint64_t from) {
  while (from + kRecordHeaderBytes <= file_bytes_) {
    const auto bytes = get(from, kWindowBytes);
    if (!bytes) return bytes.error();
    if (bytes->size() < kRecordHeaderBytes) break;  // the file has shrunk meanwhile
    const std::size_t found = bytes->find(kRecordMagic);
    if (found == std::string_view::npos) {
      from += bytes->size() - (kRecordMagic.size() - 1);  // it may begin at the end of these
      continue;
    }
    auto is_record = try_at(from + found);
    if (!is_record || *is_record) return is_record;
    from += found + 1;
  }
  return false;
}

Result<bool> RecordScan::next() {
  const std::uint64_t from = end_;
  if (from >= file_bytes_) return false;
  auto found = try_at(from);
  if (!found || *found) return found;
  found = search(from + 1);
  if (!found) return found;
  skipped_ += (*found ? offset_ : file_bytes_) - from;
  return found;
}

Result<std::string> RecordScan::text() const {
  const std::uint64_t at = offset_ + header_.text_at();
  Result<std::string> text;
  if (is_in_window(at, header_.stored_bytes)) {
    text = window_.substr(at - window_at_, header_.stored_bytes);
  } else {
    text = file_->read_at(at, header_.stored_bytes);
  }
  if (text && !is_text_of(header_, *text)) {
    return Error(Fault::kStorage, Side::kInternal, "damaged text");
  }
  return text;
}

}  // namespace keep::history
