#include "search/postings.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <utility>
#include <vector>

namespace keep::search {
namespace {

using Posting = std::pair<std::uint32_t, std::uint32_t>;

std::vector<Posting> all(const Postings& postings, TermId term) {
  std::vector<Posting> found;
  for (auto at = postings.read(term); at.next();) found.emplace_back(at.passage(), at.count());
  return found;
}

TEST(Postings, GivesBackWhatWasAdded) {
  Postings postings;
  EXPECT_TRUE(all(postings, 3).empty());
  postings.add(3, 7, 2);
  EXPECT_EQ(all(postings, 3), (std::vector<Posting>{{7, 2}}));
  postings.add(3, 8, 1);
  postings.add(3, 4000000000U, 300);
  EXPECT_EQ(all(postings, 3), (std::vector<Posting>{{7, 2}, {8, 1}, {4000000000U, 255}}));
  EXPECT_EQ(postings.passages_with(3), 3U);
  EXPECT_TRUE(all(postings, 2).empty());
  EXPECT_EQ(postings.passages_with(9), 0U);
}

TEST(Postings, ManyListsOfAllLengthsStayApart) {
  Postings postings;
  std::map<TermId, std::vector<Posting>> expected;
  std::mt19937 engine(1);
  const auto random = [&] { return static_cast<std::uint32_t>(engine()); };
  for (std::uint32_t passage = 0; passage < 20000; ++passage) {
    // The n-th term is in every n-th passage or so: lists of one posting and of all.
    for (TermId term = passage % 3; term < 20000; term += 1 + random() % (2 * term + 2)) {
      const std::uint32_t count = random() % 4 == 0 ? 1 + random() % 9 : 1;
      postings.add(term, passage, count);
      expected[term].emplace_back(passage, count);
    }
  }
  for (const auto& [term, list] : expected) {
    ASSERT_EQ(all(postings, term), list) << term;
    ASSERT_EQ(postings.passages_with(term), list.size());
  }
}

TEST(Postings, SmallOnesAreSmall) {
  Postings postings;
  for (TermId term = 0; term < 50; ++term) postings.add(term, 0, 1);
  EXPECT_LT(postings.memory_bytes(), 1500U);
  for (TermId term = 0; term < 50; ++term) postings.add(term, 1, 1);
  EXPECT_LT(postings.memory_bytes(), 4000U);
}

}  // namespace
}  // namespace keep::search
