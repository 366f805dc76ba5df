#include "openai/answer/indexed.hpp"

#include <gtest/gtest.h>

#include <string>

namespace keep::openai {
namespace {

struct Piece {
  std::int64_t index = 0;
  std::string text;
};

TEST(IndexedTest, PiecesOfManyThingsComeTogether) {
  constexpr std::int64_t kMany = 300'000;  // a list that is searched would take minutes
  Indexed<Piece> list;
  for (const char* piece : {"a", "b"}) {
    for (std::int64_t i = kMany; i > 0; --i) list.at(i * 1000).text += piece;
  }
  EXPECT_EQ(list.size(), static_cast<std::size_t>(kMany));
  EXPECT_EQ(list.begin()->index, kMany * 1000) << "in the order in which they first came";
  EXPECT_EQ(list.begin()->text, "ab");
  EXPECT_EQ(list.at(5000).text, "ab");
}

TEST(IndexedTest, OneAfterAnother) {
  Indexed<Piece> list;
  EXPECT_TRUE(list.empty());
  list.at(0).text += "x";
  list.at(0).text += "y";
  list.at(1).text += "z";
  ASSERT_EQ(list.size(), 2U);
  EXPECT_EQ(list.begin()->text, "xy");
}

}  // namespace
}  // namespace keep::openai
