#include "base/byte_codec.hpp"
#include "plugins/tier/slot_file/slot_file.hpp"
#include "plugins/tier/slot_file/slot_file_format.hpp"

#include <string>

namespace keep::tier {

namespace {

// All that comes before the layers' rows.
std::string head_of(const KvLayout& layout, KvStreams streams, std::span<const TokenId> tokens) {
  const auto count = static_cast<std::uint32_t>(tokens.size());
  std::string head;
  head.reserve(128 + tokens.size() * (sizeof(TokenId) + kCellBytes));
  for (const std::uint32_t word : {kSlotFileMagic, layout.version, count + kPackedWords,
                                   kPackedTokens, kPackedVersion, count}) {
    put(head, word);
  }
  for (const TokenId token : tokens) put(head, static_cast<std::uint32_t>(token));
  put(head, std::uint32_t{0});  // no media
  put(head, streams.count);
  for (std::uint32_t i = 0; i < streams.used; ++i) put(head, std::uint32_t{0});
  put(head, count);
  for (std::uint32_t position = 0; position < count; ++position) {
    put(head, position);
    put(head, std::uint32_t{1});
    put(head, std::uint32_t{0});
  }
  put(head, std::uint32_t{layout.transposed});
  put(head, static_cast<std::uint32_t>(layout.parts.size() / 2));
  for (const std::uint32_t word : layout.words) put(head, word);
  return head;
}

void put_part_head(std::string& out, const KvPart& part) {
  put(out, part.type);
  if (part.element_bytes > 0) {
    put(out, part.element_bytes);
    put(out, static_cast<std::uint32_t>(part.token_bytes / part.element_bytes));
  } else {
    put(out, part.token_bytes);
  }
}

class Writer {
 public:
  explicit Writer(File& file) : file_(file) {}
  Result<> write(std::string_view bytes) {
    auto done = file_.write_at(at_, bytes);
    at_ += bytes.size();
    return done;
  }

 private:
  File& file_;
  std::uint64_t at_ = 0;
};

}  // namespace

Result<> write_slot_file(File& file, const KvLayout& layout, KvStreams streams,
                         std::span<const TokenId> tokens, std::span<const KvRows> rows) {
  Writer writer(file);
  if (auto done = writer.write(head_of(layout, streams, tokens)); !done) return done;
  std::uint64_t before = 0;  // bytes of a token in the parts before
  std::string bytes;
  for (const KvPart& part : layout.parts) {
    bytes.clear();
    put_part_head(bytes, part);
    const std::uint64_t width = part.element_bytes > 0 ? part.element_bytes : part.token_bytes;
    for (std::uint64_t column = 0; column < part.token_bytes; column += width) {
      for (const KvRows& some : rows) {
        const std::uint64_t at = (before + column) * some.tokens;
        bytes.append(some.bytes.data() + at, some.tokens * width);
      }
    }
    before += part.token_bytes;
    if (auto done = writer.write(bytes); !done) return done;
  }
  bytes.clear();
  for (std::uint32_t i = streams.used + 1; i < streams.count; ++i) put(bytes, std::uint32_t{0});
  return writer.write(bytes);
}

}  // namespace keep::tier
