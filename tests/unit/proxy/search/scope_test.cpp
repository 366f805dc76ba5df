#include "search/scope.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace keep::search {
namespace {

std::vector<Rank> ranks(const Scope& scope, const Postings& postings) {
  std::vector<Rank> found;
  for (Scope::Cursor at(scope, postings.read(0)); !at.ended(); at.next()) {
    found.push_back(at.rank());
  }
  return found;
}

TEST(Scope, NumbersWhatIsWithin) {
  Postings postings;
  for (PassageId passage = 0; passage < 20; ++passage) postings.add(0, passage, 1);
  const std::vector<PassageRange> within = {{2, 3}, {7, 7}, {18, 30}, {40, 50}};
  const Scope scope(within, 20);
  EXPECT_EQ(scope.size(), 5U);
  EXPECT_EQ(ranks(scope, postings), (std::vector<Rank>{0, 1, 2, 3, 4}));
  const std::vector<PassageId> passages = {2, 3, 7, 18, 19};
  for (Rank rank = 0; rank < 5; ++rank) EXPECT_EQ(scope.passage_of(rank), passages[rank]);
}

TEST(Scope, IsEverythingByDefault) {
  Postings postings;
  postings.add(0, 4, 1);
  const Scope scope({}, 6);
  EXPECT_EQ(scope.size(), 6U);
  EXPECT_EQ(scope.passage_of(5), 5U);
  EXPECT_EQ(ranks(scope, postings), (std::vector<Rank>{4}));
}

TEST(Scope, MayBeEmpty) {
  EXPECT_EQ(Scope({}, 0).size(), 0U);
  const std::vector<PassageRange> beyond = {{9, 12}};
  EXPECT_EQ(Scope(beyond, 5).size(), 0U);
}

}  // namespace
}  // namespace keep::search
