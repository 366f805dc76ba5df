#include "plugins/history/log/message_meta.hpp"

#include "base/byte_codec.hpp"

namespace keep::history {

namespace {

// Of the flags byte. The values of Role are those of the format, too.
constexpr unsigned kRoleBits = 0x07;
constexpr unsigned kHasParent = 0x08;  // it is not the position before
constexpr unsigned kHasTime = 0x10;    // it is not that of the row before
constexpr unsigned kLost = 0x20;
static_assert(static_cast<int>(Role::kSystem) == 0 && static_cast<int>(Role::kUser) == 1 &&
              static_cast<int>(Role::kAssistant) == 2 && static_cast<int>(Role::kTool) == 3 &&
              static_cast<int>(Role::kOther) == 4);

constexpr std::size_t kSmallestRow = 11;

Role to_role(unsigned bits) noexcept {
  return bits < static_cast<unsigned>(Role::kOther) ? static_cast<Role>(bits) : Role::kOther;
}

}  // namespace

std::string encode_rows(std::span<const MessageRow> rows, Position first) {
  std::string out;
  std::int64_t time = 0;
  Position position = first;
  for (const MessageRow& row : rows) {
    const bool has_parent = row.parent != position - 1;
    const bool has_time = row.time != time;
    out += static_cast<char>(static_cast<unsigned>(row.role) | (has_parent ? kHasParent : 0) |
                             (has_time ? kHasTime : 0) | (row.lost ? kLost : 0));
    // Distance, so that it is short and cannot name a later message; 0: the first of its branch.
    if (has_parent) put_varint(out, row.parent == kNoPosition ? 0 : position - row.parent);
    if (has_time) {
      put_varint(out, zigzag(static_cast<std::int64_t>(static_cast<std::uint64_t>(row.time) -
                                                       static_cast<std::uint64_t>(time))));
    }
    put_varint(out, row.tokens);
    put_varint(out, row.bytes);
    put(out, row.hash);
    time = row.time;
    ++position;
  }
  return out;
}

std::optional<std::vector<MessageRow>> decode_rows(std::string_view bytes, Position first,
                                                   std::size_t count) {
  if (bytes.size() / kSmallestRow < count) return std::nullopt;
  std::vector<MessageRow> rows(count);
  ByteReader reader(bytes);
  std::uint64_t time = 0;
  Position position = first;
  for (MessageRow& row : rows) {
    const unsigned flags = reader.get<std::uint8_t>();
    row.role = to_role(flags & kRoleBits);
    row.lost = (flags & kLost) != 0;
    row.parent = position - 1;
    if ((flags & kHasParent) != 0) {
      const std::uint64_t back = reader.get_varint();
      if (back > position) return std::nullopt;
      row.parent = back == 0 ? kNoPosition : static_cast<Position>(position - back);
    }
    if ((flags & kHasTime) != 0) {
      time += static_cast<std::uint64_t>(unzigzag(reader.get_varint()));
    }
    row.time = static_cast<std::int64_t>(time);
    row.tokens = static_cast<std::uint32_t>(reader.get_varint());
    row.bytes = static_cast<std::uint32_t>(reader.get_varint());
    row.hash = reader.get<std::uint64_t>();
    ++position;
  }
  if (!reader.ok() || !reader.left().empty()) return std::nullopt;
  return rows;
}

}  // namespace keep::history
