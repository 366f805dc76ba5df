#include "downstream/request_body.hpp"

#include "tests/support/compressed.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace keep {
namespace {

using namespace keep::test;
constexpr std::size_t kLimit = 1 << 20;

Request made(std::string body, const std::vector<std::string>& codings) {
  Request request;
  request.body = std::move(body);
  for (const std::string& coding : codings) request.headers.add("content-encoding", coding);
  return request;
}

struct Case {
  const char* coding;
  std::string (*compress)(std::string_view);
};
const Case kCases[] = {{"gzip", gzipped},         {"x-gzip", gzipped},
                       {"GZip", gzipped},         {"deflate", zlib_deflated},
                       {"deflate", raw_deflated}, {"br", brotli_compressed},
                       {"zstd", zstd_compressed}};

std::string sample(std::size_t bytes) {
  std::string text;
  for (std::size_t i = 0; text.size() < bytes; ++i) text += "line " + std::to_string(i * i) + "\n";
  text.resize(bytes);
  return text;
}

TEST(RequestBody, EachCodingIsTakenOff) {
  for (const Case& c : kCases) {
    for (const std::size_t bytes : {0, 1, 2, 65535, 65536, 65537, 700000, 1 << 20}) {
      const std::string text = sample(bytes);
      Request request = made(c.compress(text), {c.coding});
      EXPECT_TRUE(is_compressed(request));
      EXPECT_EQ(unreadable_codings(request), std::nullopt);
      const auto done = decode_body(request, kLimit);
      ASSERT_TRUE(done) << c.coding << bytes << done.error().detail;
      EXPECT_EQ(request.body, text) << c.coding;
      EXPECT_FALSE(request.headers.find("Content-Encoding"));
    }
  }
}

TEST(RequestBody, CodingsOnTopOfEachOther) {
  const std::string text = sample(1000);
  Request list = made(brotli_compressed(gzipped(text)), {"gzip, identity ,, br"});
  ASSERT_TRUE(decode_body(list, kLimit));
  EXPECT_EQ(list.body, text);
  Request lines = made(zstd_compressed(zlib_deflated(text)), {"deflate", "zstd"});
  ASSERT_TRUE(decode_body(lines, kLimit));
  EXPECT_EQ(lines.body, text);
  EXPECT_TRUE(unreadable_codings(made("", {"gzip, gzip, gzip, gzip"})));
}

TEST(RequestBody, SeveralMembersOrFramesAreOneText) {
  Request gzip = made(gzipped("one ") + gzipped("two"), {"gzip"});
  ASSERT_TRUE(decode_body(gzip, kLimit));
  EXPECT_EQ(gzip.body, "one two");
  Request zstd = made(zstd_compressed("one ") + zstd_compressed("two"), {"zstd"});
  ASSERT_TRUE(decode_body(zstd, kLimit));
  EXPECT_EQ(zstd.body, "one two");
}

TEST(RequestBody, WhatIsCutShortDamagedOrFollowedByMoreIsRefused) {
  const std::string text = sample(3000);
  for (const Case& c : kCases) {
    const std::string whole = c.compress(text);
    for (std::size_t bytes = 1; bytes < whole.size(); ++bytes) {
      Request request = made(whole.substr(0, bytes), {c.coding});
      const auto done = decode_body(request, kLimit);
      ASSERT_FALSE(done) << c.coding << " " << bytes;
      EXPECT_EQ(done.error().fault, Fault::kBadRequest);
    }
    Request followed = made(whole + "xyz", {c.coding});
    EXPECT_FALSE(decode_body(followed, kLimit)) << c.coding;
    Request plain = made("{\"messages\":[]}", {c.coding});
    EXPECT_FALSE(decode_body(plain, kLimit)) << c.coding;
  }
}

TEST(RequestBody, OfAnyBytesSomethingBecomes) {
  for (const Case& c : kCases) {
    std::string bytes = c.compress(sample(2000));
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      for (const char flip : {'\x01', '\x80', '\xff'}) {
        Request request = made(bytes, {c.coding});
        request.body[i] = static_cast<char>(request.body[i] ^ flip);
        const auto done = decode_body(request, kLimit);
        if (done) {
          EXPECT_LE(request.body.size(), kLimit);
        }
      }
    }
  }
}

TEST(RequestBody, BombsAreStoppedAtTheLimit) {
  const std::string text(64 << 20, ' ');
  for (const Case& c : kCases) {
    Request request = made(c.compress(text), {c.coding});
    EXPECT_LT(request.body.size(), 200U << 10) << c.coding;
    const auto done = decode_body(request, kLimit);
    ASSERT_FALSE(done) << c.coding;
    EXPECT_EQ(done.error().fault, Fault::kTooLarge);
    Request twice = made(gzipped(request.body), {c.coding, "gzip"});
    EXPECT_EQ(decode_body(twice, kLimit).error().fault, Fault::kTooLarge);
  }
  Request exact = made(gzipped(std::string(kLimit, 'a')), {"gzip"});
  EXPECT_TRUE(decode_body(exact, kLimit));
  Request one_more = made(gzipped(std::string(kLimit + 1, 'a')), {"gzip"});
  EXPECT_FALSE(decode_body(one_more, kLimit));
}

TEST(RequestBody, OtherCodingsAreNamed) {
  for (const char* coding : {"compress", "foo", "gzip, foo", "foo, gzip", "gzip;q=1", "*", "dcb"}) {
    const auto why = unreadable_codings(made("x", {coding}));
    ASSERT_TRUE(why) << coding;
    EXPECT_NE(why->find("gzip, deflate, br, zstd"), std::string::npos);
  }
  EXPECT_EQ(unreadable_codings(made("x", {"identity"})), std::nullopt);
  EXPECT_EQ(unreadable_codings(made("x", {""})), std::nullopt);
}

TEST(RequestBody, NoBodyNeedsNoDecoding) {
  Request request = made("", {"gzip"});
  EXPECT_FALSE(is_compressed(request));
  EXPECT_TRUE(decode_body(request, kLimit));
  EXPECT_EQ(request.body, "");
}

TEST(RequestBody, AMarkOfUtf8IsSkippedOnce) {
  Request plain = made("\xef\xbb\xbf{}", {});
  ASSERT_TRUE(decode_body(plain, kLimit));
  EXPECT_EQ(plain.body, "{}");
  Request packed = made(gzipped("\xef\xbb\xbf{}"), {"gzip"});
  ASSERT_TRUE(decode_body(packed, kLimit));
  EXPECT_EQ(packed.body, "{}");
  Request twice = made("\xef\xbb\xbf\xef\xbb\xbf{}", {});
  ASSERT_TRUE(decode_body(twice, kLimit));
  EXPECT_EQ(twice.body, "\xef\xbb\xbf{}");
}

TEST(RequestBody, WiderTextIsRefusedInWords) {
  using namespace std::string_literals;
  for (const std::string& body : {"\xff\xfe{\0}\0"s, "\xfe\xff\0{\0}"s, "{\0}\0"s, "\0{\0}"s,
                                  "\xff\xfe\0\0{\0\0\0"s, "\0\0\0{"s}) {
    Request request = made(body, {});
    const auto done = decode_body(request, kLimit);
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().fault, Fault::kBadRequest);
    EXPECT_NE(done.error().detail.find("UTF-8"), std::string::npos);
  }
}

}  // namespace
}  // namespace keep
