#include "search/vector_index.hpp"

#include "tests/support/random_vectors.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <vector>

namespace keep::search {
namespace {

using test::exact_cosine;
using test::RandomVectors;

std::vector<std::uint32_t> rows_of(const NearRows& found) {
  std::vector<std::uint32_t> rows;
  for (const NearRow& row : found.rows) rows.push_back(row.row);
  return rows;
}

class VectorIndexTest : public testing::Test {
 protected:
  void fill(VectorIndex& index, std::size_t rows) {
    for (std::size_t i = 0; i < rows; ++i) {
      vectors_.push_back(random_.next());
      index.codes().add(index.codes().encode(vectors_.back()));
    }
  }
  // The rows of `within` by their vectors as they were.
  std::vector<std::uint32_t> exact(const std::vector<float>& asked,
                                   const std::vector<PassageRange>& within,
                                   std::size_t limit) const {
    std::vector<NearRow> all;
    for (const PassageRange& range : within) {
      for (std::uint32_t row = range.first; row <= range.last && row < vectors_.size(); ++row) {
        all.push_back({exact_cosine(asked, vectors_[row]), row});
      }
    }
    std::sort(all.begin(), all.end());
    all.resize(std::min(all.size(), limit));
    NearRows found;
    found.rows = all;
    return rows_of(found);
  }
  // How many of the exact ones are there, of `limit`, over some questions.
  double hit_rate(const VectorIndex& index, const std::vector<PassageRange>& within,
                  std::size_t limit) {
    std::size_t hits = 0, wanted = 0;
    for (int i = 0; i < 20; ++i) {
      const auto asked = random_.next();
      const auto found = rows_of(index.search(index.codes().encode(asked), within, limit));
      const std::set<std::uint32_t> set(found.begin(), found.end());
      for (const std::uint32_t row : exact(asked, within, limit)) hits += set.count(row);
      wanted += limit;
    }
    return static_cast<double>(hits) / static_cast<double>(wanted);
  }

  static constexpr std::size_t kDimensions = 40;  // no whole number of steps
  RandomVectors random_{kDimensions};
  std::vector<std::vector<float>> vectors_;
};

TEST_F(VectorIndexTest, CodesKeepTheDirection) {
  VectorCodes codes(kDimensions);
  for (int i = 0; i < 100; ++i) {
    vectors_.push_back(random_.next());
    for (float& part : vectors_.back()) part *= static_cast<float>(i + 1);  // the length is nothing
    codes.add(codes.encode(vectors_.back()));
  }
  EXPECT_EQ(codes.size(), 100U);
  for (std::uint32_t a = 0; a < 100; ++a) {
    EXPECT_NEAR(codes.cosine(a, a), 1, 0.01);
    for (std::uint32_t b = 0; b < a; ++b) {
      EXPECT_NEAR(codes.cosine(a, b), exact_cosine(vectors_[a], vectors_[b]), 0.01);
      EXPECT_EQ(codes.cosine(a, b), codes.cosine(codes.encode(vectors_[a]), b));
    }
  }
}

TEST_F(VectorIndexTest, FewRowsAreFoundAsByTheVectorsThemselves) {
  VectorIndex index(kDimensions);
  fill(index, 500);
  EXPECT_FALSE(index.wants_graph());
  const std::vector<PassageRange> all{{0, 499}}, parts{{10, 19}, {300, 420}, {490, 9999}};
  EXPECT_GT(hit_rate(index, all, 10), 0.9);
  EXPECT_GT(hit_rate(index, parts, 10), 0.9);
  const auto asked = index.codes().encode(vectors_[42]);
  EXPECT_EQ(index.search(asked, all, 5).rows.at(0).row, 42U);
  for (const NearRow& row : index.search(asked, parts, 200).rows) {
    EXPECT_TRUE((row.row >= 10 && row.row <= 19) || (row.row >= 300 && row.row <= 420) ||
                row.row >= 490);
  }
  EXPECT_EQ(index.search(asked, parts, 1000).rows.size(), 10U + 121 + 10);
  EXPECT_TRUE(index.search(asked, {}, 5).rows.empty());
}

TEST_F(VectorIndexTest, KnowsWhatIsUsual) {
  VectorIndex index(kDimensions);
  fill(index, 500);
  const auto asked = random_.next();
  const auto found =
      index.search(index.codes().encode(asked), std::vector<PassageRange>{{0, 499}}, 1);
  double sum = 0, squares = 0;
  for (const auto& vector : vectors_) {
    const double cosine = static_cast<double>(exact_cosine(asked, vector));
    sum += cosine;
    squares += cosine * cosine;
  }
  EXPECT_NEAR(static_cast<double>(found.mean), sum / 500, 0.005);
  EXPECT_NEAR(static_cast<double>(found.deviation),
              std::sqrt(squares / 500 - sum / 500 * (sum / 500)), 0.005);
}

TEST_F(VectorIndexTest, ManyRowsAreFoundByTheGraph) {
  VectorIndex index(kDimensions, 100);
  fill(index, 750);
  const std::vector<PassageRange> all{{0, 749}};
  EXPECT_TRUE(index.wants_graph());
  const double scanned = hit_rate(index, all, 10);
  std::size_t steps = 0;
  for (; index.wants_graph(); ++steps) {
    ASSERT_TRUE(index.grow_graph(50));
    if (steps != 7) continue;
    EXPECT_GT(hit_rate(index, all, 10), 0.9);  // half of them one by one
  }
  EXPECT_EQ(steps, 15U);
  EXPECT_GT(scanned, 0.9);
  EXPECT_GT(hit_rate(index, all, 10), 0.9);
  const std::vector<PassageRange> parts{{0, 49}, {250, 550}};
  EXPECT_GT(hit_rate(index, parts, 10), 0.9);
  const auto found = index.search(index.codes().encode(vectors_[612]), all, 64);
  EXPECT_EQ(found.rows.at(0).row, 612U);
  EXPECT_EQ(found.rows.size(), 64U);
  EXPECT_TRUE(std::is_sorted(found.rows.begin(), found.rows.end()));
}

TEST_F(VectorIndexTest, TheGraphGrowsBeyondItsFirstSize) {
  VectorIndex index(kDimensions, 10);
  fill(index, 900);
  while (index.wants_graph()) ASSERT_TRUE(index.grow_graph(32));
  fill(index, 300);
  while (index.wants_graph()) ASSERT_TRUE(index.grow_graph(4096));
  EXPECT_GT(hit_rate(index, {{0, 1199}}, 10), 0.9);
  EXPECT_GT(index.memory_bytes(), 1200 * (kDimensions + 100));
}

TEST_F(VectorIndexTest, AFewRowsOfAManyAreFoundOneByOne) {
  VectorIndex index(kDimensions, 100);
  fill(index, 400);
  while (index.wants_graph()) ASSERT_TRUE(index.grow_graph(500));
  const std::vector<PassageRange> branch{{200, 230}};  // what the graph finds is mostly elsewhere
  const auto asked = random_.next();
  EXPECT_EQ(index.search(index.codes().encode(asked), branch, 31).rows.size(), 31U);
}

}  // namespace
}  // namespace keep::search
