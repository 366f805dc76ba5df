#include "search/named_speakers.hpp"

#include <gtest/gtest.h>

namespace keep::search {
namespace {

TEST(NamedSpeakers, CountsPersonsAndPassages) {
  NamedSpeakers named_speakers;
  EXPECT_EQ(named_speakers.persons(3), 0);
  named_speakers.reset(8);
  named_speakers.add(2, 4);
  named_speakers.add(3, 8);
  EXPECT_EQ(named_speakers.passages(), 6U);
  const int expected[] = {0, 0, 1, 2, 1, 1, 1, 1, 0};
  for (PassageId passage = 0; passage < 9; ++passage) {
    EXPECT_EQ(named_speakers.persons(passage), expected[passage]) << passage;
  }
  named_speakers.reset(1);
  EXPECT_EQ(named_speakers.passages(), 0U);
  EXPECT_EQ(named_speakers.persons(3), 0);
}

TEST(NamedSpeakers, CountsPostings) {
  Postings postings;
  for (const std::uint32_t passage : {0U, 2U, 3U, 5U, 7U, 8U, 900U}) postings.add(0, passage, 1);
  NamedSpeakers named_speakers;
  EXPECT_EQ(named_speakers.count(postings.read(0)), 0U);
  named_speakers.reset(8);
  named_speakers.add(2, 4);
  named_speakers.add(7, 8);
  EXPECT_EQ(named_speakers.count(postings.read(0)), 3U);
  EXPECT_EQ(named_speakers.count(postings.read(1)), 0U);
}

}  // namespace
}  // namespace keep::search
