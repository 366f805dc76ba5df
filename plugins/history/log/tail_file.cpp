#include "plugins/history/log/tail_file.hpp"

#include "plugins/history/log/record_scan.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace keep::history {

namespace {

// Cuts `text` into the texts of its messages. A damaged one leaves the rows alone.
TailRecord make_record(const RecordHeader& header, std::span<const MessageRow> rows,
                       const Result<std::string>& text) {
  TailRecord record;
  record.first = header.first;
  record.tokens_before = header.tokens_before;
  record.turns_before = header.turns_before;
  std::size_t at = 0;
  for (const MessageRow& row : rows) {
    TailMessage message;
    message.row = row;
    if (text && row.bytes <= text->size() - at) {
      message.json = text->substr(at, row.bytes);
      at += row.bytes;
    } else {
      message.row.lost = true;
      message.row.bytes = 0;
    }
    record.messages.push_back(std::move(message));
  }
  return record;
}

void read_records(std::string bytes, std::uint64_t from, TailContents& contents) {
  RecordScan scan(std::move(bytes), from);
  std::uint64_t last_end = from;  // of the last record; good_bytes is that of the one before
  bool last_is_damaged = false;
  for (;;) {
    const auto more = scan.next();  // never fails: the bytes are here
    if (!more || !*more) break;
    const RecordHeader& header = scan.header();
    const auto rows = decode_rows(scan.rows(), header.first, header.messages);
    const bool ours = header.kind == RecordKind::kMessages && header.coding == Coding::kRaw;
    if (!ours || !rows || header.first < contents.end()) {
      contents.damaged = true;
      continue;
    }
    contents.damaged |= last_is_damaged || scan.skipped() > 0;
    const auto text = scan.text();
    last_is_damaged = !text;
    contents.records.push_back(make_record(header, *rows, text));
    contents.good_bytes = std::exchange(last_end, scan.end());
  }
  if (last_is_damaged) {
    contents.records.pop_back();
  } else {
    contents.good_bytes = last_end;
  }
}

// Its folder is made with the first conversation in it.
Result<std::unique_ptr<File>> make_file(FileSystem& files, const std::string& path) {
  auto file = files.open(path, File::Mode::kCreate);
  if (file || file.error().fault != Fault::kNotFound) return file;
  if (auto made = files.make_folders(folder_of(path)); !made) {
    return made.error();
  }
  return files.open(path, File::Mode::kCreate);
}

template <class Messages>
std::string encode(RecordHeader& header, const Messages& messages) {
  std::vector<MessageRow> rows;
  std::string text;
  for (const TailMessage& message : messages) {
    rows.push_back(message.row);
    text += message.json;
  }
  header.messages = static_cast<std::uint32_t>(rows.size());
  header.text_bytes = static_cast<std::uint32_t>(text.size());
  return encode_record(header, encode_rows(rows, header.first), text);
}

}  // namespace

Position TailContents::end() const noexcept {
  if (records.empty()) return header.first;
  return records.back().first + static_cast<Position>(records.back().messages.size());
}

Result<TailContents> read_tail(FileSystem& files, const std::string& path) {
  TailContents contents;
  const auto file = files.open(path, File::Mode::kRead);
  if (!file) {
    if (file.error().fault == Fault::kNotFound) return contents;
    return file.error();
  }
  const auto info = (*file)->info();
  if (!info) return info.error();
  auto bytes = (*file)->read_at(0, info->size);
  if (!bytes) return bytes.error();
  contents = parse_tail(*std::move(bytes));
  contents.disk_bytes = info->on_disk;
  contents.modified = info->modified;
  return contents;
}

TailContents parse_tail(std::string bytes) {
  TailContents contents;
  contents.bytes = bytes.size();
  if (bytes.empty()) return contents;
  const auto head = std::string_view(bytes).substr(0, kMaxFileHeaderBytes);
  ReadFileHeader read = decode_file_header(head, FileKind::kTail);
  contents.state = read.format == Format::kNewer     ? TailContents::State::kNewer
                   : read.format == Format::kDamaged ? TailContents::State::kDamaged
                                                     : TailContents::State::kGood;
  contents.header = std::move(read.header);
  if (contents.state != TailContents::State::kGood) return contents;
  read_records(std::move(bytes), read.bytes, contents);
  return contents;
}

Result<> TailFile::resume(const TailContents& contents) {
  auto file = files_.open(path_, File::Mode::kWrite);
  if (!file) return file.error();
  file_ = *std::move(file);
  end_ = contents.good_bytes;
  cut_ = contents.bytes > end_;
  return {};
}

void TailFile::add(TailMessage message) {
  text_bytes_ += message.json.size();
  messages_.push_back(std::move(message));
}

Result<> TailFile::create(const std::string& bytes) {
  auto file = make_file(files_, path_);
  if (!file) return file.error();
  if (auto written = (*file)->write_at(0, bytes); !written) {
    (void)files_.remove(path_);  // what stays is written over by the next attempt
    return written;
  }
  file_ = *std::move(file);
  end_ = bytes.size();
  return {};
}

// All of the file at once.
Result<> TailFile::replace(const std::string& bytes) {
  const std::string fresh_path = path_ + ".new";
  auto fresh = make_file(files_, fresh_path);
  if (!fresh) return fresh.error();
  auto done = (*fresh)->write_at(0, bytes);
  if (done) done = (*fresh)->move_to(path_);
  if (!done) {
    (void)files_.remove(fresh_path);  // it may be what the disk has no room for
    return done;
  }
  file_ = *std::move(fresh);
  end_ = bytes.size();
  cut_ = false;
  packed_ = {};
  return {};
}

Result<> TailFile::unpack() {
  if (!is_packed()) return {};
  const std::string bytes = packed_;
  return replace(bytes);
}

Result<> TailFile::write(const std::string& bytes) {
  if (is_packed()) return replace(packed_ + bytes);
  if (file_ == nullptr) return create(bytes);
  if (cut_) {
    if (auto cut = file_->truncate(end_); !cut) return cut;
    cut_ = false;
  }
  if (auto written = file_->write_at(end_, bytes); !written) {
    cut_ = !file_->truncate(end_);
    return written;
  }
  end_ += bytes.size();
  return {};
}

Result<> TailFile::append(const FileHeader& header, RecordHeader record,
                          std::vector<TailMessage>& messages, Write when) {
  const std::size_t before = unwritten_.size();
  if (before == 0 && file_ == nullptr && packed_.empty()) unwritten_ = encode_file_header(header);
  unwritten_ += encode(record, messages);
  const bool may_stay = share_.resize(unwritten_.size());
  later_.push_back({before, messages.size()});
  if (when == Write::kNow || !may_stay) {
    auto written = flush();
    if (!written && !may_stay) {
      unwritten_.resize(before);
      refused_ = before;
      return written;
    }
  }
  for (TailMessage& message : messages) add(std::move(message));
  messages.clear();
  return {};
}

Result<> TailFile::flush() {
  if (unwritten_.empty()) return {};
  if (auto written = write(unwritten_); !written) {
    refused_ = unwritten_.size();
    refusal_ = written.error().detail;
    later_.clear();
    return written;
  }
  forget_unwritten();
  return {};
}

std::size_t TailFile::take_back(std::size_t most) {
  std::size_t count = 0;
  while (!later_.empty() && later_.back().messages <= most - count) {
    count += later_.back().messages;
    unwritten_.resize(later_.back().begin);
    later_.pop_back();
  }
  for (std::size_t i = 0; i < count; ++i) {
    text_bytes_ -= messages_.back().json.size();
    messages_.pop_back();
  }
  (void)share_.resize(unwritten_.size());
  return count;
}

void TailFile::forget_unwritten() noexcept {
  unwritten_ = {};
  refusal_.clear();
  refused_ = 0;
  later_.clear();
  (void)share_.resize(0);
}

std::uint64_t TailFile::disk_bytes() const {
  if (file_ == nullptr) return packed_.size();
  const auto info = file_->info();
  return info ? info->on_disk : end_;
}

Result<> TailFile::drop_front(std::size_t count, const FileHeader& header, RecordHeader record) {
  for (std::size_t i = 0; i < count; ++i) {
    text_bytes_ -= messages_.front().json.size();
    messages_.pop_front();
  }
  std::string bytes = encode_file_header(header);
  if (!messages_.empty()) bytes += encode(record, messages_);
  if (auto replaced = replace(bytes); !replaced) return replaced;
  forget_unwritten();
  return {};
}

}  // namespace keep::history
