#include "plugins/history/log/record.hpp"

#include "base/byte_codec.hpp"
#include "base/hash.hpp"

namespace keep::history {

namespace {

constexpr std::string_view kFileMagic = "keepconv";
constexpr std::uint16_t kVersion = 1;
constexpr std::size_t kChecksumAt = 56;  // in the header of a record
constexpr std::size_t kRowsBytesAt = 16;

// One sum for the header and the rows, which are of no use without each other.
std::uint64_t head_checksum(std::string_view header, std::string_view rows) {
  return hash64(rows, hash64(header.substr(0, kChecksumAt)));
}

}  // namespace

std::string encode_file_header(const FileHeader& header) {
  std::string out(kFileMagic);
  put(out, kVersion);
  put(out, static_cast<std::uint8_t>(header.kind));
  put(out, std::uint8_t{0});
  put(out, static_cast<std::uint32_t>(header.name.tenant.size()));
  put(out, static_cast<std::uint32_t>(header.name.id.size()));
  put(out, static_cast<std::uint64_t>(header.created));
  put(out, header.first);
  put(out, header.turns_before);
  put(out, header.tokens_before);
  out += header.name.tenant;
  out += header.name.id;
  put(out, hash64(out));
  return out;
}

ReadFileHeader decode_file_header(std::string_view bytes, FileKind kind) {
  ReadFileHeader read;
  ByteReader reader(bytes);
  if (reader.take(kFileMagic.size()) != kFileMagic) return read;
  const auto version = reader.get<std::uint16_t>();
  if (reader.ok() && version > kVersion) read.format = Format::kNewer;
  const auto is_kind = reader.get<std::uint8_t>() == static_cast<std::uint8_t>(kind);
  if (!is_kind || version != kVersion) return read;
  reader.get<std::uint8_t>();
  const auto tenant_bytes = reader.get<std::uint32_t>();
  const auto id_bytes = reader.get<std::uint32_t>();
  FileHeader& header = read.header;
  header.kind = kind;
  header.created = static_cast<std::int64_t>(reader.get<std::uint64_t>());
  header.first = reader.get<Position>();
  header.turns_before = reader.get<std::uint32_t>();
  header.tokens_before = reader.get<std::uint64_t>();
  header.name.tenant = reader.take(tenant_bytes);
  header.name.id = reader.take(id_bytes);
  const std::size_t summed = bytes.size() - reader.left().size();
  const auto checksum = reader.get<std::uint64_t>();
  if (!reader.ok() || checksum != hash64(bytes.substr(0, summed))) return read;
  read.format = Format::kOurs;
  read.bytes = summed + sizeof checksum;
  return read;
}

std::uint64_t RecordHeader::text_at() const noexcept {
  return kRecordHeaderBytes + std::uint64_t{rows_bytes};
}

std::uint64_t RecordHeader::bytes() const noexcept { return text_at() + stored_bytes; }

std::string encode_record(RecordHeader& header, std::string_view rows, std::string_view stored) {
  header.rows_bytes = static_cast<std::uint32_t>(rows.size());
  header.stored_bytes = static_cast<std::uint32_t>(stored.size());
  header.checksum = hash64(stored);
  std::string out;
  out.reserve(header.bytes());
  out += kRecordMagic;
  put(out, static_cast<std::uint8_t>(header.kind));
  put(out, static_cast<std::uint8_t>(header.coding));
  put(out, std::uint16_t{0});
  put(out, header.first);
  put(out, header.messages);
  put(out, header.rows_bytes);
  put(out, header.stored_bytes);
  put(out, header.text_bytes);
  put(out, header.turns_before);
  put(out, header.tokens_before);
  put(out, header.checksum);
  put(out, std::uint64_t{0});  // for later versions
  put(out, head_checksum(out, rows));
  out += rows;
  out += stored;
  return out;
}

bool is_text_of(const RecordHeader& header, std::string_view stored) {
  return stored.size() == header.stored_bytes && hash64(stored) == header.checksum;
}

std::uint64_t record_head_bytes(std::string_view bytes) {
  if (bytes.size() < kRecordHeaderBytes || !bytes.starts_with(kRecordMagic)) return 0;
  ByteReader reader(bytes.substr(kRowsBytesAt));
  return kRecordHeaderBytes + std::uint64_t{reader.get<std::uint32_t>()};
}

std::optional<RecordHeader> decode_record_header(std::string_view bytes) {
  const std::uint64_t head_bytes = record_head_bytes(bytes);
  if (head_bytes == 0 || head_bytes > bytes.size()) return std::nullopt;
  ByteReader reader(bytes.substr(kRecordMagic.size()));
  RecordHeader header;
  header.kind = static_cast<RecordKind>(reader.get<std::uint8_t>());
  header.coding = static_cast<Coding>(reader.get<std::uint8_t>());
  reader.get<std::uint16_t>();
  header.first = reader.get<Position>();
  header.messages = reader.get<std::uint32_t>();
  header.rows_bytes = reader.get<std::uint32_t>();
  header.stored_bytes = reader.get<std::uint32_t>();
  header.text_bytes = reader.get<std::uint32_t>();
  header.turns_before = reader.get<std::uint32_t>();
  header.tokens_before = reader.get<std::uint64_t>();
  header.checksum = reader.get<std::uint64_t>();
  reader.get<std::uint64_t>();
  const std::string_view rows = bytes.substr(kRecordHeaderBytes, header.rows_bytes);
  if (reader.get<std::uint64_t>() != head_checksum(bytes, rows)) return std::nullopt;
  return header;
}

}  // namespace keep::history
