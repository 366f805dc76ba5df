#include "plugins/history/log/conversation_log.hpp"

#include "base/hash.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace keep::history {

namespace {

// A dictionary is made of about that much text, cut into samples.
constexpr std::uint64_t kTrainBytes = 1 << 20;
constexpr std::size_t kSampleBytes = 4 << 10;
// Larger blocks are images most likely: no level makes them much smaller.
constexpr std::size_t kFastAbove = 1 << 20;

MessageRow row_of(const NewMessage& message) {
  MessageRow row;
  row.role = message.role;
  row.parent = message.parent;
  row.tokens = message.tokens;
  row.bytes = static_cast<std::uint32_t>(message.json.size());
  row.hash = message.hash;
  row.time = message.time;
  return row;
}

// How many messages from `from` on make the next block; 0: not enough yet. A message that is larger
// than a block has one of its own, so that its neighbours need not be read with it.
std::size_t next_block(const std::deque<TailMessage>& messages, std::size_t from,
                       std::size_t block_bytes) {
  std::size_t bytes = 0;
  for (std::size_t i = from; i < messages.size(); ++i) {
    const std::size_t size = messages[i].json.size();
    if (i > from && size >= block_bytes) return i - from;
    bytes += size;
    if (bytes >= block_bytes) return i - from + 1;
  }
  return 0;
}

void add_samples(std::vector<std::string_view>& samples, std::string_view text) {
  for (; !text.empty(); text.remove_prefix(std::min(text.size(), kSampleBytes))) {
    samples.push_back(text.substr(0, kSampleBytes));
  }
}

Error lost(Position position) {
  return Error(Fault::kStorage, Side::kInternal,
               "message " + std::to_string(position) + " is lost");
}

}  // namespace

void ConversationLog::Before::pass(const MessageRow& row) noexcept {
  ++first;
  tokens += row.tokens;
  if (row.role == Role::kUser) ++turns;
}

ConversationLog::ConversationLog(FileSystem& files, std::string stem, ConversationName name,
                                 const LogSettings& settings)
    : files_(files),
      stem_(std::move(stem)),
      name_(std::move(name)),
      settings_(settings),
      blocks_(files, stem_ + ".blocks"),
      tail_(files, stem_ + ".tail", settings.max_unwritten, settings.unwritten,
            hash64(name_.tenant)),
      seal_at_(settings.block_bytes),
      train_at_(settings.dictionary_after),
      sidecar_share_(settings.max_unwritten, settings.unwritten, hash64(name_.tenant)) {}

Result<> ConversationLog::check(std::span<const NewMessage> messages) const {
  std::uint64_t bytes = 0;
  std::size_t position = size();
  for (const NewMessage& message : messages) {
    bytes += message.json.size();
    if (message.parent != kNoPosition && message.parent >= position) {
      return Error(Fault::kBadRequest, Side::kInternal, "a parent that is not before its message");
    }
    ++position;
  }
  if (bytes > kMaxTextBytes || position >= kNoPosition) {
    return Error(Fault::kTooLarge, Side::kDownstream, "too much for one conversation");
  }
  return {};
}

Result<Position> ConversationLog::append(std::span<const NewMessage> messages, Write when) {
  if (auto fine = check(messages); !fine) return fine.error();
  const auto first = static_cast<Position>(size());
  if (messages.empty()) return first;
  if (first == 0) created_ = messages.front().time;
  std::vector<TailMessage> fresh;
  fresh.reserve(messages.size());
  for (const NewMessage& message : messages) {
    fresh.push_back(TailMessage{row_of(message), message.json});
  }
  const Before before{first, tokens(), turns()};
  const FileHeader header = file_header(FileKind::kTail, before);
  if (auto done = tail_.append(header, record_header(before), fresh, when); !done) {
    return done.error();
  }
  for (const NewMessage& message : messages) tree_.add(row_of(message));
  if (when == Write::kLater) return first;
  (void)write_sidecars();
  seal_if_due();
  return first;
}

Result<> ConversationLog::flush() {
  if (auto written = tail_.flush(); !written) return written;
  auto beside = write_sidecars();
  seal_if_due();
  return beside;
}

void ConversationLog::take_back(Position from) {
  const std::size_t count = tail_.take_back(size() - std::min<std::size_t>(from, size()));
  for (std::size_t i = 0; i < count; ++i) tree_.remove_last();
  if (count == 0) return;
  for (SidecarText& sidecar : sidecars_) sidecar.unwritten.reset();
  (void)sidecar_share_.resize(0);
}

void ConversationLog::seal_if_due() {
  if (tail_.text_bytes() < seal_at_) return;
  seal_at_ = settings_.block_bytes;
  if (auto sealed = seal(); !sealed) {
    // The messages are safe where they are; but do not try again at every message.
    seal_at_ = std::max(seal_at_, 2 * tail_.text_bytes());
    if (tail_.refused_bytes() == 0) {
      notes_.push_back("blocks are put off: " + sealed.error().detail);
    }
  }
}

ConversationLog::Before ConversationLog::before_tail() const noexcept {
  Before before{static_cast<Position>(size() - tail_.messages().size()), tokens(), turns()};
  for (const TailMessage& message : tail_.messages()) {
    before.tokens -= message.row.tokens;
    if (message.row.role == Role::kUser) --before.turns;
  }
  return before;
}

FileHeader ConversationLog::file_header(FileKind kind, const Before& before) const {
  FileHeader header;
  header.kind = kind;
  header.first = before.first;
  header.tokens_before = before.tokens;
  header.turns_before = static_cast<std::uint32_t>(before.turns);
  header.created = created_;
  header.name = name_;
  return header;
}

RecordHeader ConversationLog::record_header(const Before& before) noexcept {
  RecordHeader header;
  header.first = before.first;
  header.tokens_before = before.tokens;
  header.turns_before = static_cast<std::uint32_t>(before.turns);
  return header;
}

Result<> ConversationLog::seal() {
  const BlockFile::Mark mark = blocks_.mark();
  Before at = before_tail();
  const auto count = write_blocks(at);
  if (!count) {
    blocks_.back_to(mark);
    return count.error();
  }
  return tail_.drop_front(*count, file_header(FileKind::kTail, at), record_header(at));
}

// Of as much of the tail as makes whole blocks: how many messages. `at` moves behind them.
Result<std::size_t> ConversationLog::write_blocks(Before& at) {
  if (auto begun = blocks_.begin(file_header(FileKind::kBlocks, Before())); !begun) {
    return begun.error();
  }
  if (auto made = write_dictionary(at); !made) return made.error();
  const std::deque<TailMessage>& messages = tail_.messages();
  std::size_t done = 0;
  while (const std::size_t count = next_block(messages, done, settings_.block_bytes)) {
    std::vector<MessageRow> rows;
    std::string text;
    const RecordHeader header = record_header(at);
    for (std::size_t i = done; i < done + count; ++i) {
      rows.push_back(messages[i].row);
      text += messages[i].json;
      at.pass(messages[i].row);
    }
    const int level = text.size() > kFastAbove ? 1 : settings_.level;
    if (auto written = blocks_.append_block(header, rows, text, level); !written) {
      return written.error();
    }
    done += count;
  }
  if (auto synced = blocks_.sync(); !synced) return synced.error();
  return done;
}

Result<> ConversationLog::write_dictionary(const Before& at) {
  const std::uint64_t bytes = blocks_.text_bytes() + tail_.text_bytes();
  if (blocks_.has_dictionary() || bytes < train_at_) return {};
  const auto texts = blocks_.last_texts(kTrainBytes);
  std::vector<std::string_view> samples;
  for (const auto& text : texts) add_samples(samples, text->text());
  std::size_t room = kTrainBytes;
  for (const TailMessage& message : tail_.messages()) {
    const std::string_view text = std::string_view(message.json).substr(0, room);
    add_samples(samples, text);
    room -= text.size();
  }
  std::string dictionary = zstd::train(samples, settings_.dictionary_bytes);
  if (dictionary.empty()) {
    train_at_ = 2 * bytes;
    return {};
  }
  return blocks_.append_dictionary(record_header(at), std::move(dictionary));
}

Result<std::string> ConversationLog::text_of(Position position) const {
  const std::deque<TailMessage>& tail = tail_.messages();
  const std::size_t tail_begin = size() - tail.size();
  if (position >= tail_begin) {
    const TailMessage& message = tail[position - tail_begin];
    if (message.row.lost) return lost(position);
    return message.json;
  }
  const auto text = blocks_.text_of(position);
  if (!text && text.error().fault == Fault::kNotFound) return lost(position);
  if (!text) return text.error();
  const auto json = (*text)->json(position);
  if (!json) return lost(position);
  return std::string(*json);
}

Result<std::string> ConversationLog::json(Position position) const {
  if (position < size()) return text_of(position);
  return Error(Fault::kNotFound, Side::kInternal, "no message " + std::to_string(position));
}

Result<std::vector<StoredMessage>> ConversationLog::read(Position from,
                                                         std::size_t max_bytes) const {
  std::vector<StoredMessage> messages;
  std::size_t bytes = 0;
  for (Position position = from; position < size(); ++position) {
    auto text = text_of(position);
    if (!text) continue;
    bytes += text->size();
    if (bytes > max_bytes && !messages.empty()) break;
    messages.push_back(StoredMessage{info(position), *std::move(text)});
  }
  return messages;
}

Position ConversationLog::tip() const noexcept { return static_cast<Position>(size()) - 1; }

std::uint64_t ConversationLog::disk_bytes() const {
  std::uint64_t bytes = blocks_.disk_bytes() + tail_.disk_bytes();
  for (const SidecarText& sidecar : sidecars_) bytes += sidecar.disk_bytes;
  return bytes;
}

std::uint64_t ConversationLog::packed_bytes() const noexcept {
  if (!tail_.is_packed()) return 0;
  std::uint64_t bytes = tail_.disk_bytes();
  for (const SidecarText& sidecar : sidecars_) bytes += sidecar.packed.size();
  return bytes;
}

std::uint64_t ConversationLog::memory_bytes() const noexcept {
  return sizeof *this + tree_.memory_bytes() + blocks_.memory_bytes() + tail_.text_bytes() +
         tail_.messages().size() * sizeof(TailMessage) + unwritten_bytes() + packed_bytes();
}

std::uint64_t ConversationLog::unwritten_bytes() const noexcept {
  std::uint64_t bytes = tail_.unwritten_bytes();
  for (const SidecarText& sidecar : sidecars_) {
    if (sidecar.unwritten) bytes += sidecar.unwritten->size();
  }
  return bytes;
}

// Sidecars wait for the messages they belong to.
std::uint64_t ConversationLog::refused_bytes() const noexcept {
  const bool held_back = tail_.unwritten_bytes() > tail_.refused_bytes();
  return held_back ? tail_.refused_bytes() : unwritten_bytes();
}

std::vector<std::string> ConversationLog::take_notes() { return std::exchange(notes_, {}); }

}  // namespace keep::history
