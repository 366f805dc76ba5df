#include "search/postings.hpp"

#include "search/slow_growth.hpp"

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace keep::search {

void Postings::add(TermId term, std::uint32_t passage, std::uint32_t count) {
  while (lists_.size() <= term) push_back(lists_, List{});
  List& list = lists_[term];
  count = std::min(count, 255U);
  if (list.size == 0) {
    list.place = count;
  } else {
    if (list.size == 1) append(list, list.last, list.place);
    append(list, passage - list.last, count);
  }
  list.last = passage;
  ++list.size;
}

void Postings::append(List& list, std::uint32_t distance, std::uint32_t count) {
  std::array<std::uint8_t, 6> coded;
  std::uint32_t size = 0;
  std::uint64_t value = std::uint64_t{distance} << 1 | (count == 1 ? 1 : 0);
  for (; value >= 0x80; value >>= 7) coded[size++] = static_cast<std::uint8_t>(value | 0x80);
  coded[size++] = static_cast<std::uint8_t>(value);
  if (count > 1) coded[size++] = static_cast<std::uint8_t>(count);
  std::memcpy(make_room(list, size), coded.data(), size);
  list.bytes += size;
}

// The smallest kind of block that takes so many bytes.
std::size_t Postings::kind_of(std::uint32_t bytes) noexcept {
  const auto* const kind = std::lower_bound(kBlockBytes.begin(), kBlockBytes.end(), bytes);
  return static_cast<std::size_t>(kind - kBlockBytes.begin());
}

// Where the next bytes of the list go.
std::uint8_t* Postings::make_room(List& list, std::uint32_t bytes) {
  const std::uint32_t size = list.bytes, new_size = size + bytes;
  if (size > kBlockBytes.back()) {
    std::vector<std::uint8_t>& memory = long_lists_[list.place];
    if (new_size > memory.size()) {
      const std::size_t more = new_size / 16;
      memory.resize(new_size + more);
      long_bytes_ += bytes + more;
    }
    return memory.data() + size;
  }
  const std::size_t old_kind = kind_of(size);
  if (size > 0 && new_size <= kBlockBytes[old_kind]) return at(list.place) + size;
  const std::uint32_t old_place = list.place;
  std::uint8_t* memory = nullptr;
  if (new_size > kBlockBytes.back()) {
    list.place = static_cast<std::uint32_t>(long_lists_.size());
    push_back(long_lists_, std::vector<std::uint8_t>(new_size + new_size / 16));
    long_bytes_ += long_lists_.back().size();
    memory = long_lists_.back().data();
  } else {
    list.place = new_block(kind_of(new_size));
    memory = at(list.place);
  }
  if (size > 0) {
    std::memcpy(memory, at(old_place), size);
    free_block(old_place, old_kind);
  }
  return memory + size;
}

std::uint32_t Postings::new_block(std::size_t kind) {
  const std::uint32_t free = free_[kind];
  if (free == kNoBlock) return new_memory(kBlockBytes[kind]);
  std::memcpy(&free_[kind], at(free), sizeof free);
  return free;
}

void Postings::free_block(std::uint32_t place, std::size_t kind) noexcept {
  std::memcpy(at(place), &free_[kind], sizeof place);
  free_[kind] = place;
}

std::uint32_t Postings::new_memory(std::uint32_t bytes) {
  std::uint64_t begin = used_;
  if (begin % kPageBytes + bytes > kPageBytes) begin = (begin / kPageBytes + 1) * kPageBytes;
  if (begin + bytes >= kNoBlock) throw std::length_error("recall: too many postings");
  if (begin >= pages_.size() * kPageBytes && !pages_.empty()) {
    pages_.push_back(std::make_unique<std::uint8_t[]>(kPageBytes));
  } else if (begin + bytes > first_page_bytes_ && begin < kPageBytes) {
    const std::uint32_t size = std::clamp(first_page_bytes_ * 2, 512U, kPageBytes);
    auto page = std::make_unique<std::uint8_t[]>(size);
    if (pages_.empty()) {
      pages_.push_back(std::move(page));
    } else {
      std::memcpy(page.get(), pages_.front().get(), used_);
      pages_.front() = std::move(page);
    }
    first_page_bytes_ = size;
  }
  used_ = static_cast<std::uint32_t>(begin) + bytes;
  return static_cast<std::uint32_t>(begin);
}

std::uint8_t* Postings::at(std::uint32_t place) const noexcept {
  return pages_[place / kPageBytes].get() + place % kPageBytes;
}

std::uint32_t Postings::passages_with(TermId term) const noexcept {
  return term < lists_.size() ? lists_[term].size : 0;
}

std::size_t Postings::memory_bytes() const noexcept {
  const std::size_t more_pages = pages_.empty() ? 0 : pages_.size() - 1;
  return lists_.capacity() * sizeof(List) + long_lists_.capacity() * sizeof(long_lists_[0]) +
         long_bytes_ + pages_.capacity() * sizeof(pages_[0]) + first_page_bytes_ +
         more_pages * kPageBytes;
}

Postings::Cursor Postings::read(TermId term) const noexcept {
  Cursor cursor;
  if (term >= lists_.size()) return cursor;
  const List& list = lists_[term];
  if (list.bytes == 0) {
    cursor.is_single_ = list.size == 1;
    cursor.passage_ = list.last;
    cursor.count_ = list.place;
  } else {
    cursor.at_ = list.bytes > kBlockBytes.back() ? long_lists_[list.place].data() : at(list.place);
    cursor.end_ = cursor.at_ + list.bytes;
  }
  return cursor;
}

}  // namespace keep::search
