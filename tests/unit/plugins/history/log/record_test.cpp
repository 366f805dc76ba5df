#include "plugins/history/log/record.hpp"

#include "base/byte_codec.hpp"
#include "plugins/history/log/message_meta.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

namespace keep::history {
namespace {

TEST(ByteCodec, GivesBackNumbers) {
  std::string bytes;
  put(bytes, std::uint16_t{0x1234});
  put(bytes, std::uint64_t{0x0102030405060708});
  for (const std::uint64_t value : {0ULL, 127ULL, 128ULL, 300ULL, ~0ULL}) put_varint(bytes, value);
  EXPECT_EQ(bytes.substr(0, 2), "\x34\x12");
  ByteReader reader(bytes);
  EXPECT_EQ(reader.get<std::uint16_t>(), 0x1234);
  EXPECT_EQ(reader.get<std::uint64_t>(), 0x0102030405060708U);
  for (const std::uint64_t value : {0ULL, 127ULL, 128ULL, 300ULL, ~0ULL}) {
    EXPECT_EQ(reader.get_varint(), value);
  }
  EXPECT_TRUE(reader.ok());
  EXPECT_TRUE(reader.left().empty());
  EXPECT_EQ(reader.get<std::uint32_t>(), 0U);
  EXPECT_FALSE(reader.ok());
  ByteReader endless(std::string_view("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 11));
  endless.get_varint();
  EXPECT_FALSE(endless.ok());
  for (const std::int64_t value : {std::int64_t{0}, std::int64_t{-1}, INT64_MAX, INT64_MIN}) {
    EXPECT_EQ(unzigzag(zigzag(value)), value);
  }
  EXPECT_EQ(zigzag(-2), 3U);
}

TEST(MessageMeta, GivesBackRows) {
  std::vector<MessageRow> rows(3);
  rows[0] = {Role::kTool, false, 99, 1000, 70'000, 42, 1'700'000'000};
  rows[1] = {Role::kUser, true, 7, 0, 0, ~0ULL, 1'700'000'000};
  rows[2] = {Role::kOther, false, kNoPosition, 1, 1, 0, 0};
  const std::string bytes = encode_rows(rows, 100);
  const auto read = decode_rows(bytes, 100, 3);
  ASSERT_TRUE(read);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ((*read)[i].role, rows[i].role);
    EXPECT_EQ((*read)[i].lost, rows[i].lost);
    EXPECT_EQ((*read)[i].parent, rows[i].parent);
    EXPECT_EQ((*read)[i].tokens, rows[i].tokens);
    EXPECT_EQ((*read)[i].bytes, rows[i].bytes);
    EXPECT_EQ((*read)[i].hash, rows[i].hash);
    EXPECT_EQ((*read)[i].time, rows[i].time);
  }
  EXPECT_FALSE(decode_rows(bytes, 100, 2));
  EXPECT_FALSE(decode_rows(bytes, 100, 4));
  EXPECT_FALSE(decode_rows(bytes, 3, 3));  // a parent before the first message
  EXPECT_FALSE(decode_rows(bytes.substr(1), 100, 3));
}

TEST(Record, AnyChangedByteOfTheHeadIsNoticed) {
  RecordHeader header;
  header.first = 5;
  header.messages = 1;
  const std::string bytes = encode_record(header, "rows of it", "the text");
  ASSERT_TRUE(decode_record_header(bytes));
  EXPECT_EQ(decode_record_header(bytes)->first, 5U);
  EXPECT_EQ(decode_record_header(bytes)->bytes(), bytes.size());
  EXPECT_TRUE(is_text_of(header, "the text"));
  EXPECT_FALSE(is_text_of(header, "the tex_"));
  for (std::size_t i = 0; i < kRecordHeaderBytes + header.rows_bytes; ++i) {
    std::string changed = bytes;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_FALSE(decode_record_header(changed)) << i;
    EXPECT_FALSE(decode_record_header(bytes.substr(0, i)));
  }
}

TEST(FileHeader, IsReadBackOrNotAtAll) {
  FileHeader header;
  header.first = 1000;
  header.turns_before = 400;
  header.tokens_before = 50'000;
  header.created = -5;
  header.name = {"tenant", "id with \xff and more"};
  const std::string bytes = encode_file_header(header);
  const ReadFileHeader read = decode_file_header(bytes + "records", FileKind::kTail);
  ASSERT_EQ(read.format, Format::kOurs);
  EXPECT_EQ(read.bytes, bytes.size());
  EXPECT_EQ(read.header.name, header.name);
  EXPECT_EQ(read.header.first, 1000U);
  EXPECT_EQ(read.header.turns_before, 400U);
  EXPECT_EQ(read.header.tokens_before, 50'000U);
  EXPECT_EQ(read.header.created, -5);
  EXPECT_EQ(decode_file_header(bytes, FileKind::kBlocks).format, Format::kDamaged);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::string changed = bytes;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_NE(decode_file_header(changed, FileKind::kTail).format, Format::kOurs) << i;
    EXPECT_EQ(decode_file_header(bytes.substr(0, i), FileKind::kTail).format, Format::kDamaged);
  }
}

}  // namespace
}  // namespace keep::history
