// Records: what both files of a conversation are made of, and the header before them (FORMATS.md).
// Pure.
#pragma once

#include "exchange/interfaces/conversations.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace keep::history {

enum class FileKind : std::uint8_t { kBlocks = 'B', kTail = 'T' };

struct FileHeader {
  FileKind kind = FileKind::kTail;
  Position first = 0;  // this one and the next two: what is in blocks already; 0 for kBlocks
  std::uint32_t turns_before = 0;
  std::uint64_t tokens_before = 0;
  std::int64_t created = 0;
  ConversationName name;
};

constexpr std::size_t kMaxNameBytes = 16 << 10;  // tenant and id together
constexpr std::size_t kMaxFileHeaderBytes = kMaxNameBytes + 64;

std::string encode_file_header(const FileHeader& header);

enum class Format { kOurs, kNewer, kDamaged };
struct ReadFileHeader {
  Format format = Format::kDamaged;
  FileHeader header;  // if kOurs
  std::size_t bytes = 0;
};
// `bytes`: the file's first kMaxFileHeaderBytes, fewer when it is shorter.
ReadFileHeader decode_file_header(std::string_view bytes, FileKind kind);

enum class RecordKind : std::uint8_t { kMessages = 1, kDictionary = 2 };
enum class Coding : std::uint8_t { kRaw = 0, kZstd = 1, kZstdWithDictionary = 2 };

// Of the record's text there are two sizes: as it is stored, and as it comes out.
struct RecordHeader {
  RecordKind kind = RecordKind::kMessages;
  Coding coding = Coding::kRaw;
  Position first = 0;  // of its messages
  std::uint32_t messages = 0;
  std::uint32_t rows_bytes = 0, stored_bytes = 0, text_bytes = 0;
  std::uint32_t turns_before = 0;  // totals of the conversation before its first message
  std::uint64_t tokens_before = 0;
  std::uint64_t checksum = 0;  // of the stored text

  std::uint64_t bytes() const noexcept;  // of the whole record
  std::uint64_t text_at() const noexcept;
};

constexpr std::string_view kRecordMagic = "KREC";
constexpr std::size_t kRecordHeaderBytes = 64;
constexpr std::size_t kMaxTextBytes = 1 << 30;  // of one record

// Sets the sizes and checksums of `header`.
std::string encode_record(RecordHeader& header, std::string_view rows, std::string_view stored);
// The header at the front of `bytes`, which hold its rows, too; not there, or damaged: nothing.
std::optional<RecordHeader> decode_record_header(std::string_view bytes);
bool is_text_of(const RecordHeader& header, std::string_view stored);
// How many bytes decode_record_header needs; 0 when they do not begin a record.
std::uint64_t record_head_bytes(std::string_view bytes);

}  // namespace keep::history
