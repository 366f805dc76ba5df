#include "search/proximity.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace keep::search {
namespace {

using testing::ElementsAre;
using testing::FloatEq;

TEST(Proximity, FadesWithDistance) {
  Proximity proximity;
  for (int i = 0; i < 11; ++i) proximity.add_slot(0, false);
  proximity.hit(5, 10);
  proximity.end_term();
  EXPECT_THAT(proximity.sums(), ElementsAre(0, FloatEq(3.645F), FloatEq(4.05F), FloatEq(4.5F),
                                            FloatEq(5), FloatEq(10), FloatEq(8), FloatEq(5.6F),
                                            FloatEq(3.92F), FloatEq(2.744F), 0));
}

TEST(Proximity, TakesTheBestHitOfATermAndAddsTerms) {
  Proximity proximity;
  for (int i = 0; i < 2; ++i) proximity.add_slot(0, false);
  proximity.hit(0, 1);
  proximity.hit(1, 1);
  proximity.end_term();
  EXPECT_THAT(proximity.sums(), ElementsAre(1, 1));
  proximity.hit(1, 4);
  proximity.end_term();
  EXPECT_THAT(proximity.sums(), ElementsAre(3, 5));
}

TEST(Proximity, StaysInTheGroup) {
  Proximity proximity;
  proximity.add_slot(0, false);
  proximity.add_slot(1, false);
  proximity.add_slot(2, false);
  proximity.hit(1, 1);
  proximity.end_term();
  EXPECT_THAT(proximity.sums(), ElementsAre(0, 1, 0));
}

TEST(Proximity, AnAnswerIsCloserToItsQuestion) {
  Proximity proximity;
  proximity.add_slot(0, true);
  proximity.add_slot(0, false);
  proximity.hit(0, 1);
  proximity.end_term();
  EXPECT_THAT(proximity.sums(), ElementsAre(1, FloatEq(0.92F)));
  proximity.reset();
  proximity.add_slot(0, false);
  EXPECT_THAT(proximity.sums(), ElementsAre(0));
}

}  // namespace
}  // namespace keep::search
