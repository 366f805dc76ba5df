#include "plugins/history/log/block_file.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace keep::history {

BlockText::BlockText(Position first, std::span<const MessageRow> rows, std::string text)
    : first_(first), text_(std::move(text)) {
  std::uint64_t end = 0;
  for (const MessageRow& row : rows) {
    const bool fits = row.bytes <= text_.size() - end;
    if (fits) end += row.bytes;
    pieces_.push_back({static_cast<std::uint32_t>(end), row.lost || !fits});
  }
}

bool BlockText::holds(Position position) const noexcept {
  return position >= first_ && position - first_ < pieces_.size();
}

std::optional<std::string_view> BlockText::json(Position position) const {
  const std::size_t index = position - first_;
  const std::uint32_t begin = index == 0 ? 0 : pieces_[index - 1].end;
  if (pieces_[index].lost) return std::nullopt;
  return std::string_view(text_).substr(begin, pieces_[index].end - begin);
}

std::size_t BlockText::memory_bytes() const noexcept {
  return sizeof *this + text_.capacity() + pieces_.capacity() * sizeof(Piece);
}

Result<BlockFile::Loaded> BlockFile::load(const Covered& covered, const OnBlock& on_block) {
  Loaded loaded;
  auto file = files_.open(path_, File::Mode::kWrite);
  if (!file && file.error().fault == Fault::kNotFound) return loaded;
  if (!file) return file.error();
  const auto info = (*file)->info();
  if (!info) return info.error();
  const auto head = (*file)->read_at(0, kMaxFileHeaderBytes);
  if (!head) return head.error();
  ReadFileHeader read = decode_file_header(*head, FileKind::kBlocks);
  loaded.format = read.format;
  if (read.format == Format::kNewer) return loaded;
  if (read.format == Format::kOurs) loaded.header = std::move(read.header);
  file_ = *std::move(file);
  end_ = read.bytes;
  RecordScan scan(*file_, end_, info->size);
  for (;;) {
    const auto more = scan.next();
    if (!more) return more.error();
    if (!*more) break;
    const auto taken = take(scan, covered, on_block);
    if (!taken) return taken.error();
    if (!*taken) break;
    end_ = scan.end();
    loaded.skipped = scan.skipped();
  }
  const std::uint64_t rest = info->size - end_;
  if (rest > 0 && covered.first <= end()) {
    loaded.cut = rest;
    cut_ = true;
  } else {
    loaded.skipped += rest;
    end_ = info->size;
  }
  return loaded;
}

// false: this one and what follows is not needed.
Result<bool> BlockFile::take(const RecordScan& scan, const Covered& covered,
                             const OnBlock& on_block) {
  const RecordHeader& header = scan.header();
  if (header.kind == RecordKind::kDictionary) {
    add_dictionary(scan);
    return true;
  }
  if (header.first >= covered.first && header.first + header.messages <= covered.end &&
      !scan.text()) {
    return false;
  }
  const auto rows = decode_rows(scan.rows(), header.first, header.messages);
  if (header.kind == RecordKind::kMessages && rows && on_block(header, *rows)) {
    add(scan.offset(), header);
  }
  return true;
}

void BlockFile::add(std::uint64_t offset, const RecordHeader& header) {
  Block block{};
  block.offset = offset;
  block.bytes = static_cast<std::uint32_t>(header.bytes());
  block.first = header.first;
  block.messages = header.messages;
  block.dictionary = static_cast<std::uint32_t>(dictionaries_.size());
  blocks_.push_back(block);
  text_bytes_ += header.text_bytes;
}

void BlockFile::add_dictionary(const RecordScan& scan) {
  auto bytes = scan.text();
  dictionaries_.emplace_back();
  if (bytes) dictionaries_.back().emplace(*std::move(bytes));
}

BlockFile::Mark BlockFile::mark() const noexcept {
  Mark mark;
  mark.blocks = blocks_.size();
  mark.dictionaries = dictionaries_.size();
  mark.bytes = end_;
  mark.text_bytes = text_bytes_;
  return mark;
}

void BlockFile::back_to(const Mark& mark) {
  blocks_.resize(mark.blocks);
  dictionaries_.resize(mark.dictionaries);
  cache_.clear();
  end_ = mark.bytes;
  text_bytes_ = mark.text_bytes;
  cut_ = file_ != nullptr && !file_->truncate(end_);
}

Result<> BlockFile::write(std::string_view bytes) {
  if (file_ == nullptr) {
    auto file = files_.open(path_, File::Mode::kCreate);
    if (!file) return file.error();
    file_ = *std::move(file);
  }
  if (cut_) {
    if (auto cut = file_->truncate(end_); !cut) return cut;
    cut_ = false;
  }
  if (auto written = file_->write_at(end_, bytes); !written) return written;
  end_ += bytes.size();
  return {};
}

Result<> BlockFile::begin(const FileHeader& header) {
  if (end_ > 0) return {};
  return write(encode_file_header(header));
}

Result<> BlockFile::append_block(RecordHeader record, std::span<const MessageRow> rows,
                                 std::string_view text, int level) {
  zstd::Dictionary* const dictionary = has_dictionary() ? &*dictionaries_.back() : nullptr;
  std::string stored = zstd::compress(text, level, dictionary);
  record.coding = dictionary == nullptr ? Coding::kZstd : Coding::kZstdWithDictionary;
  if (stored.size() >= text.size()) {
    stored = text;
    record.coding = Coding::kRaw;
  }
  record.messages = static_cast<std::uint32_t>(rows.size());
  record.text_bytes = static_cast<std::uint32_t>(text.size());
  const std::uint64_t offset = end_;
  const std::string bytes = encode_record(record, encode_rows(rows, record.first), stored);
  if (auto written = write(bytes); !written) return written;
  add(offset, record);
  return {};
}

Result<> BlockFile::append_dictionary(RecordHeader record, std::string bytes) {
  record.kind = RecordKind::kDictionary;
  record.text_bytes = static_cast<std::uint32_t>(bytes.size());
  if (auto written = write(encode_record(record, {}, bytes)); !written) return written;
  dictionaries_.emplace_back(std::in_place, std::move(bytes));
  return {};
}

// Once for its name, whoever made it: it may have been made just before a crash.
Result<> BlockFile::sync() {
  if (auto synced = file_->sync(); !synced || named_) return synced;
  auto named = files_.sync_folder(folder_of(path_));
  named_ = named.has_value();
  return named;
}

Result<std::string> BlockFile::decode(const Block& block, const RecordHeader& header,
                                      std::string stored) {
  switch (header.coding) {
    case Coding::kRaw: return stored;
    case Coding::kZstd: return zstd::decompress(stored, header.text_bytes, nullptr);
    case Coding::kZstdWithDictionary: break;
  }
  if (block.dictionary == 0 || !dictionaries_[block.dictionary - 1]) {
    return Error(Fault::kStorage, Side::kInternal, "damaged dictionary in " + path_);
  }
  return zstd::decompress(stored, header.text_bytes, &*dictionaries_[block.dictionary - 1]);
}

Result<std::shared_ptr<const BlockText>> BlockFile::read(const Block& block) {
  const auto bytes = file_->read_at(block.offset, block.bytes);
  if (!bytes) return bytes.error();
  const Error damaged(Fault::kStorage, Side::kInternal, "damaged block in " + path_);
  const auto header = decode_record_header(*bytes);
  if (!header) return damaged;
  const auto record = std::string_view(*bytes);
  const auto rows = decode_rows(record.substr(kRecordHeaderBytes, header->rows_bytes), block.first,
                                block.messages);
  const std::string_view stored = record.substr(header->text_at());
  if (!rows || !is_text_of(*header, stored)) return damaged;
  auto text = decode(block, *header, std::string(stored));
  if (!text) return text.error();
  return std::make_shared<const BlockText>(block.first, *rows, *std::move(text));
}

Result<std::shared_ptr<const BlockText>> BlockFile::text_of(Position position) {
  const auto cached =
      std::ranges::find_if(cache_, [position](const auto& text) { return text->holds(position); });
  if (cached != cache_.end()) {
    std::rotate(cache_.begin(), cached, std::next(cached));
    return cache_.front();
  }
  const auto after = std::ranges::upper_bound(blocks_, position, {}, &Block::first);
  if (after == blocks_.begin() ||
      position - std::prev(after)->first >= std::prev(after)->messages) {
    return Error(Fault::kNotFound, Side::kInternal, "in no block");
  }
  auto text = read(*std::prev(after));
  if (!text) return text;
  if (cache_.size() >= kCached) cache_.pop_back();
  cache_.insert(cache_.begin(), *text);
  return text;
}

std::vector<std::shared_ptr<const BlockText>> BlockFile::last_texts(std::uint64_t bytes) {
  std::vector<std::shared_ptr<const BlockText>> texts;
  std::uint64_t sum = 0;
  for (auto block = blocks_.rbegin(); block != blocks_.rend() && sum < bytes; ++block) {
    const auto text = read(*block);
    if (!text) continue;
    sum += (*text)->text().size();
    texts.push_back(*text);
  }
  return texts;
}

Position BlockFile::end() const noexcept {
  return blocks_.empty() ? 0 : blocks_.back().first + blocks_.back().messages;
}

std::uint64_t BlockFile::disk_bytes() const {
  if (file_ == nullptr) return 0;
  const auto info = file_->info();
  return info ? info->on_disk : end_;
}

bool BlockFile::has_dictionary() const noexcept {
  return !dictionaries_.empty() && dictionaries_.back().has_value();
}

std::uint64_t BlockFile::memory_bytes() const noexcept {
  std::uint64_t bytes = blocks_.capacity() * sizeof(Block);
  for (const auto& dictionary : dictionaries_) {
    if (dictionary) bytes += dictionary->memory_bytes();
  }
  for (const auto& text : cache_) bytes += text->memory_bytes();
  return bytes;
}

}  // namespace keep::history
