#include "plugins/recall/postings.hpp"

#include "plugins/recall/growth.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <stdexcept>

namespace keep::recall {

namespace {

// Bytes of a chain before its n-th block. A block is as large as a fifth of what is before it, so
// about a tenth of the memory is unused; none is larger than kMaxBlock.
constexpr std::uint32_t kMinBlock = 8;
constexpr std::uint32_t kMaxBlock = 2048;

constexpr std::uint32_t block_bytes(std::uint32_t before) noexcept {
  return std::clamp(before / 5 & ~3U, kMinBlock, kMaxBlock);
}

constexpr auto kStarts = [] {
  std::array<std::uint32_t, 48> starts{};
  for (std::size_t i = 1; i < starts.size(); ++i) {
    starts[i] = starts[i - 1] + block_bytes(starts[i - 1]);
  }
  return starts;
}();
static_assert(block_bytes(kStarts.back()) == kMaxBlock);

std::uint32_t start_of(std::uint32_t block) noexcept {
  constexpr auto kLast = static_cast<std::uint32_t>(kStarts.size() - 1);
  return block <= kLast ? kStarts[block] : kStarts.back() + (block - kLast) * kMaxBlock;
}

// The block that a chain's byte number `byte` is in.
std::uint32_t block_with(std::uint32_t byte) noexcept {
  if (byte >= kStarts.back()) {
    return static_cast<std::uint32_t>(kStarts.size() - 1) + (byte - kStarts.back()) / kMaxBlock;
  }
  const auto* const after = std::upper_bound(kStarts.begin(), kStarts.end(), byte);
  return static_cast<std::uint32_t>(after - kStarts.begin() - 1);
}

}  // namespace

void Postings::add(TermId term, std::uint32_t passage, std::uint32_t count) {
  while (lists_.size() <= term) push_back(lists_, List{});
  List& list = lists_[term];
  count = std::min(count, 255U);
  if (list.size == 0) {
    list.tail = count;
  } else {
    if (list.size == 1) {
      const std::uint32_t first_count = list.tail;
      append(list, list.last, first_count);
    }
    append(list, passage - list.last, count);
  }
  list.last = passage;
  ++list.size;
}

void Postings::append(List& list, std::uint32_t distance, std::uint32_t count) {
  std::uint64_t value = std::uint64_t{distance} << 1 | (count == 1 ? 1 : 0);
  for (; value >= 0x80; value >>= 7) append(list, static_cast<std::uint8_t>(value | 0x80));
  append(list, static_cast<std::uint8_t>(value));
  if (count > 1) append(list, static_cast<std::uint8_t>(count));
}

void Postings::append(List& list, std::uint8_t byte) {
  const std::uint32_t block = block_with(list.bytes);
  const std::uint32_t start = start_of(block);
  if (list.bytes == start) append_block(list);
  *at(list.tail + kLinkBytes + list.bytes - start) = byte;
  ++list.bytes;
}

// The chain is a ring: the last block links to the first.
void Postings::append_block(List& list) {
  const std::uint32_t bytes = kLinkBytes + block_bytes(list.bytes);
  std::uint64_t begin = used_;
  if (begin % kPageBytes + bytes > kPageBytes) begin = (begin / kPageBytes + 1) * kPageBytes;
  if (begin + bytes > UINT32_MAX) throw std::length_error("recall: too many postings");
  if (begin < kPageBytes) {
    if (begin + bytes > first_page_bytes_) {
      const std::uint32_t size = std::clamp(first_page_bytes_ * 2, 512U, kPageBytes);
      auto page = std::make_unique<std::uint8_t[]>(size);
      if (!pages_.empty()) std::memcpy(page.get(), pages_.front().get(), used_);
      if (pages_.empty()) pages_.emplace_back();
      pages_.front() = std::move(page);
      first_page_bytes_ = size;
    }
  } else if (begin / kPageBytes == pages_.size()) {
    pages_.push_back(std::make_unique<std::uint8_t[]>(kPageBytes));
  }
  const auto block = static_cast<std::uint32_t>(begin);
  used_ = block + bytes;
  set_link(block, list.bytes == 0 ? block : link(list.tail));
  if (list.bytes > 0) set_link(list.tail, block);
  list.tail = block;
}

std::uint8_t* Postings::at(std::uint32_t offset) const noexcept {
  return pages_[offset / kPageBytes].get() + offset % kPageBytes;
}

std::uint32_t Postings::link(std::uint32_t block) const noexcept {
  std::uint32_t next;
  std::memcpy(&next, at(block), kLinkBytes);
  return next;
}

void Postings::set_link(std::uint32_t block, std::uint32_t next) noexcept {
  std::memcpy(at(block), &next, kLinkBytes);
}

std::uint32_t Postings::passages_with(TermId term) const noexcept {
  return term < lists_.size() ? lists_[term].size : 0;
}

std::size_t Postings::memory_bytes() const noexcept {
  const std::size_t more_pages = pages_.empty() ? 0 : pages_.size() - 1;
  return lists_.capacity() * sizeof(List) + pages_.capacity() * sizeof(pages_[0]) +
         first_page_bytes_ + more_pages * kPageBytes;
}

Postings::Cursor Postings::read(TermId term) const noexcept {
  Cursor cursor;
  if (term >= lists_.size()) return cursor;
  const List& list = lists_[term];
  cursor.left_ = list.size;
  if (list.size == 1) {
    cursor.passage_ = list.last;
    cursor.count_ = list.tail;
  } else if (list.size > 1) {
    cursor.postings_ = this;
    cursor.bytes_left_ = list.bytes;
    cursor.next_block_ = link(list.tail);
  }
  return cursor;
}

bool Postings::Cursor::next() noexcept {
  if (left_ == 0) return false;
  --left_;
  if (postings_ == nullptr) return true;
  std::uint64_t value = 0;
  std::uint32_t byte = 0x80;
  for (int shift = 0; (byte & 0x80) != 0; shift += 7) {
    byte = read();
    value |= std::uint64_t{byte & 0x7F} << shift;
  }
  passage_ += static_cast<std::uint32_t>(value >> 1);
  count_ = (value & 1) != 0 ? 1 : read();
  return true;
}

std::uint32_t Postings::Cursor::read() noexcept {
  if (at_ == end_) {
    const std::uint32_t size = std::min(block_bytes(start_of(block_)), bytes_left_);
    at_ = postings_->at(next_block_) + kLinkBytes;
    end_ = at_ + size;
    next_block_ = postings_->link(next_block_);
    bytes_left_ -= size;
    ++block_;
  }
  return *at_++;
}

}  // namespace keep::recall
