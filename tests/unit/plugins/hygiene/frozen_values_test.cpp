#include "plugins/hygiene/frozen_values.hpp"

#include <gtest/gtest.h>

#include <string>

namespace keep::hygiene {
namespace {

TEST(FrozenValues, KeepsTheFirst) {
  FrozenValues values;
  EXPECT_EQ(values.look(1), nullptr);
  EXPECT_EQ(values.first(1, "one"), "one");
  EXPECT_EQ(values.first(1, "two"), "one");
  EXPECT_EQ(*values.look(1), "one");
  EXPECT_EQ(values.first(2, "two"), "two");
}

TEST(FrozenValues, LeavesLongValuesAlone) {
  FrozenValues values;
  const std::string big(FrozenValues::kMaxValueBytes + 1, 'x');
  EXPECT_EQ(values.first(1, big), big);
  EXPECT_EQ(values.first(1, "small"), "small");
}

TEST(FrozenValues, WhatIsForgottenTakesNoRoom) {
  FrozenValues values;
  values.first(1, "one");
  values.forget(1);
  values.forget(2);  // never known
  EXPECT_EQ(values.bytes(), 0U);
  EXPECT_EQ(values.first(1, "two"), "two");
}

TEST(FrozenValues, IsBounded) {
  FrozenValues values(10000);
  for (std::uint64_t key = 0; key < 1000; ++key) values.first(key, std::string(100, 'x'));
  EXPECT_LE(values.bytes(), 10000U);
  EXPECT_NE(values.look(999), nullptr);
  EXPECT_EQ(values.look(0), nullptr);
}

TEST(FrozenValues, WhoSendsWithoutEndLosesItsOwn) {
  FrozenValues values(10 << 10);
  values.first(0, "quiet", 1);
  for (std::uint64_t key = 1; key < 1000; ++key) values.first(key, std::string(100, 'x'), 2);
  ASSERT_NE(values.look(0), nullptr);
  EXPECT_EQ(*values.look(0), "quiet");
}

}  // namespace
}  // namespace keep::hygiene
