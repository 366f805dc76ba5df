#include "base/byte_codec.hpp"
#include "plugins/tier/slot_file/slot_file.hpp"
#include "plugins/tier/slot_file/slot_file_format.hpp"

#include <algorithm>
#include <limits>
#include <optional>
#include <string>
#include <utility>

namespace keep::tier {

namespace {

constexpr std::uint32_t kMaxTokens = 1U << 26;
constexpr std::uint32_t kMaxStreams = 4096;
constexpr std::uint32_t kMaxLayers = 4096;
constexpr std::uint64_t kMaxTokenBytes = 1U << 24;  // of one part
constexpr std::uint32_t kMaxWords = 4;
constexpr std::uint32_t kUnset = std::numeric_limits<std::uint32_t>::max();

Error not_understood(const char* what) {
  return Error(Fault::kProtocol, Side::kUpstream,
               std::string("the slot file is not understood: ") + what);
}

Result<std::vector<std::uint32_t>> read_words(const File& file, std::uint64_t at,
                                              std::size_t count) {
  const auto bytes = file.read_at(at, count * sizeof(std::uint32_t));
  if (!bytes) return bytes.error();
  if (bytes->size() != count * sizeof(std::uint32_t)) return not_understood("it ends too early");
  ByteReader reader(*bytes);
  std::vector<std::uint32_t> words(count);
  for (std::uint32_t& word : words) word = reader.get<std::uint32_t>();
  return words;
}

struct Tokens {
  std::uint32_t version = 0;
  std::vector<TokenId> ids;
  std::uint64_t end = 0;  // where the state begins
};

// Older servers write a list as it is, newer ones pack it.
Result<Tokens> read_tokens(const File& file) {
  const auto head = read_words(file, 0, 3);
  if (!head) return head.error();
  if ((*head)[0] != kSlotFileMagic) return not_understood("it begins with other bytes");
  const std::uint32_t count = (*head)[2];
  if (count > kMaxTokens) return not_understood("it has too many tokens");
  auto words = read_words(file, 12, count);
  if (!words) return words.error();
  Tokens tokens;
  tokens.version = (*head)[1];
  tokens.end = 12 + 4 * std::uint64_t{count};
  auto first = words->begin(), last = words->end();
  if (count >= kPackedWords && words->front() == kPackedTokens) {
    const bool packed = (*words)[1] == kPackedVersion && (*words)[2] == count - kPackedWords;
    if (!packed) return not_understood("its list of tokens is of another kind");
    if (words->back() != 0) return not_understood("it holds media");
    first += 3;
    --last;
  }
  if (std::any_of(first, last, [](std::uint32_t id) { return static_cast<TokenId>(id) < 0; })) {
    return not_understood("a token has no number");
  }
  tokens.ids.assign(first, last);
  return tokens;
}

}  // namespace

class SlotFileReader {
 public:
  SlotFileReader(const File& file, std::uint64_t size, SlotFile& out)
      : file_(file), size_(size), out_(out) {}

  Result<> read(std::uint64_t at) {
    const auto count = read_words(file_, at, 1);
    if (!count) return count.error();
    if (count->front() == 0 || count->front() > kMaxStreams) return not_understood("its streams");
    out_.streams_.count = count->front();
    at += 4;
    std::optional<std::uint32_t> used;
    for (std::uint32_t stream = 0; stream < out_.streams_.count; ++stream) {
      const auto cells = read_words(file_, at, 1);
      if (!cells) return cells.error();
      at += 4;
      if (cells->front() == 0) continue;
      if (std::exchange(used, stream)) return not_understood("it is in several streams");
      if (cells->front() != out_.tokens_.size()) return not_understood("some tokens have no cell");
      auto end = read_stream(at);
      if (!end) return end.error();
      at = *end;
    }
    if (at != size_) return not_understood("more follows");
    if (!used) return not_understood("it is empty");
    out_.streams_.used = *used;
    return {};
  }

 private:
  std::uint64_t cells() const noexcept { return out_.tokens_.size(); }

  // -> where the next one begins.
  Result<std::uint64_t> read_stream(std::uint64_t at) {
    const auto placed = read_cells(at);
    if (!placed) return placed.error();
    at += kCellBytes * cells();
    const std::uint64_t streams_left = out_.streams_.count;  // of a word each, at most
    for (const std::uint32_t words : {2U, 0U, 1U, 3U, kMaxWords}) {
      const auto end = read_layers(at, words);
      if (!end && end.error().fault != Fault::kProtocol) return end.error();
      if (end && *end <= size_ && size_ - *end <= 4 * streams_left) return *end;
    }
    return not_understood("its layers");
  }

  Result<> read_cells(std::uint64_t at) {
    const auto words = read_words(file_, at, 3 * cells());
    if (!words) return words.error();
    out_.cells_.assign(cells(), kUnset);
    out_.in_order_ = true;
    for (std::uint32_t cell = 0; cell < cells(); ++cell) {
      const std::uint32_t position = (*words)[3 * cell], sequences = (*words)[3 * cell + 1];
      if (sequences != 1) return not_understood("a cell of several sequences");
      if (position >= cells() || out_.cells_[position] != kUnset) {
        return not_understood("its positions have gaps");
      }
      out_.cells_[position] = cell;
      out_.in_order_ = out_.in_order_ && position == cell;
    }
    return {};
  }

  Result<std::uint64_t> read_layers(std::uint64_t at, std::uint32_t words) {
    const auto head = read_words(file_, at, 2 + words);
    if (!head) return head.error();
    const std::uint32_t transposed = (*head)[0], layers = (*head)[1];
    if (transposed > 1 || layers == 0 || layers > kMaxLayers) return not_understood("its layers");
    at += 8 + 4 * std::uint64_t{words};
    out_.layout_.transposed = transposed == 1;
    out_.layout_.words.assign(head->begin() + 2, head->end());
    out_.layout_.parts.clear();
    out_.offsets_.clear();
    for (std::uint32_t i = 0; i < 2 * layers; ++i) {
      const auto part = read_part(at, i >= layers && transposed == 1);
      if (!part) return part.error();
      at += kPartHeadBytes;
      out_.offsets_.push_back(at);
      out_.layout_.parts.push_back(*part);
      at += part->token_bytes * cells();
      if (at > size_) return not_understood("it ends too early");
    }
    return at;
  }

  Result<KvPart> read_part(std::uint64_t at, bool transposed) {
    const auto head = read_words(file_, at, 3);
    if (!head) return head.error();
    KvPart part;
    part.type = (*head)[0];
    if (transposed) {
      part.element_bytes = (*head)[1];
      part.token_bytes = std::uint64_t{(*head)[1]} * (*head)[2];
      if (part.element_bytes == 0) return not_understood("values of no bytes");
    } else {
      part.token_bytes = (*head)[1] | std::uint64_t{(*head)[2]} << 32;
    }
    if (part.token_bytes == 0 || part.token_bytes > kMaxTokenBytes) {
      return not_understood("rows of no bytes, or too many");
    }
    return part;
  }

  const File& file_;
  const std::uint64_t size_;
  SlotFile& out_;
};

Result<SlotFile> SlotFile::read(const File& file) {
  const auto info = file.info();
  if (!info) return info.error();
  auto tokens = read_tokens(file);
  if (!tokens) return tokens.error();
  SlotFile slot;
  slot.tokens_ = std::move(tokens->ids);
  slot.layout_.version = tokens->version;
  const auto done = SlotFileReader(file, info->size, slot).read(tokens->end);
  if (!done) return done.error();
  return slot;
}

Result<std::string> SlotFile::rows(const File& file, std::size_t first, std::size_t last) const {
  std::string rows;
  rows.reserve((last - first) * layout_.token_bytes());
  const auto add = [&](std::uint64_t at, std::uint64_t size) -> Result<> {
    const auto bytes = file.read_at(at, size);
    if (!bytes) return bytes.error();
    if (bytes->size() != size) return not_understood("it ends too early");
    rows += *bytes;
    return {};
  };
  for (std::size_t i = 0; i < layout_.parts.size(); ++i) {
    const KvPart& part = layout_.parts[i];
    const bool apart = part.element_bytes > 0;
    const std::uint64_t width = apart ? part.element_bytes : part.token_bytes;
    const std::uint64_t columns = part.token_bytes / width;
    for (std::uint64_t column = 0; column < columns; ++column) {
      const std::uint64_t at = offsets_[i] + column * width * tokens_.size();
      if (in_order_) {
        if (const auto done = add(at + first * width, (last - first) * width); !done)
          return done.error();
        continue;
      }
      for (std::size_t position = first; position < last; ++position) {
        if (const auto done = add(at + cells_[position] * width, width); !done) return done.error();
      }
    }
  }
  return rows;
}

Result<std::uint32_t> streams_of(const File& file) {
  const auto head = read_words(file, 0, 3);
  if (!head) return head.error();
  if ((*head)[0] != kSlotFileMagic) return not_understood("it begins with other bytes");
  const auto streams = read_words(file, 12 + 4 * std::uint64_t{(*head)[2]}, 1);
  if (!streams) return streams.error();
  if (streams->front() == 0 || streams->front() > kMaxStreams) return not_understood("its streams");
  return streams->front();
}

}  // namespace keep::tier
