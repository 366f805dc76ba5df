#include "base/compression/zstd.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace keep::zstd {
namespace {

// Texts that have much in common.
std::string text_of(int number) {
  std::string text = "{\"role\":\"user\",\"content\":\"";
  for (int i = 0; i < 20; ++i) {
    text += " the harbour of town " + std::to_string((number * 7919 + i * 104729) % 1000);
  }
  return text + "\"}";
}

TEST(Zstd, GivesBackWhatWasCompressed) {
  for (const std::string& text : {std::string(), std::string("x"), std::string(100'000, 'y'),
                                  std::string("\0\xff\x80", 3), text_of(1)}) {
    const std::string frame = compress(text, 3, nullptr);
    EXPECT_EQ(decompress(frame, text.size(), nullptr).value(), text);
    EXPECT_EQ(decompress(frame, text.size() + 1, nullptr).error().fault, Fault::kStorage);
  }
  EXPECT_FALSE(decompress("no frame", 10, nullptr));
  EXPECT_FALSE(decompress("", 0, nullptr));
}

TEST(Zstd, ADictionaryHelpsWithShortTexts) {
  std::vector<std::string> texts;
  for (int i = 0; i < 500; ++i) texts.push_back(text_of(i));
  const std::vector<std::string_view> samples(texts.begin(), texts.end());
  const std::string bytes = train(samples, 8 << 10);
  ASSERT_FALSE(bytes.empty());
  EXPECT_LE(bytes.size(), 8U << 10);
  Dictionary dictionary(bytes);
  const std::string text = text_of(1000);
  const std::string frame = compress(text, 3, &dictionary);
  EXPECT_LT(frame.size(), compress(text, 3, nullptr).size());
  EXPECT_EQ(decompress(frame, text.size(), &dictionary).value(), text);
  EXPECT_FALSE(decompress(frame, text.size(), nullptr));
  EXPECT_GT(dictionary.memory_bytes(), bytes.size());
}

TEST(Zstd, MakesNoDictionaryOfTooLittle) {
  EXPECT_TRUE(train({}, 1 << 10).empty());
  const std::vector<std::string_view> one{"x"};
  EXPECT_TRUE(train(one, 1 << 10).empty());
}

}  // namespace
}  // namespace keep::zstd
