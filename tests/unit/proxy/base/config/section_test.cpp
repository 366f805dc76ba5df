#include "base/config/section.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <string>

namespace keep::config {
namespace {

struct Wheel {
  std::size_t inches = 20;
};
struct Bicycle {
  std::string name;
  std::vector<Wheel> wheels;
};
struct Garage : Bicycle {
  Bicycle second;
};

Section<Bicycle> bicycle() {
  std::vector<Key<Wheel>> row{
      Key<Wheel>::count("bike.wheel.inches", "Size.", &Wheel::inches, {10, 40}).as_required()};
  return {"bike",
          "What stands there.",
          {Key<Bicycle>::text("bike.name", "Whose.", &Bicycle::name)},
          list_of(&Bicycle::wheels, row)};
}

TEST(ListOf, IsNamedByItsKeysAndSetsEachRow) {
  const List<Bicycle> list = *bicycle().list;
  EXPECT_EQ(list.name, "bike.wheel");
  Bicycle bike;
  list.resize(bike, 2);
  ASSERT_EQ(list.size(bike), 2U);
  const Key<Bicycle> inches = list.keys(1).front();
  EXPECT_TRUE(inches.required);
  EXPECT_TRUE(inches.set(bike, "28"));
  EXPECT_FALSE(inches.set(bike, "99"));
  EXPECT_EQ(bike.wheels[0].inches, 20U);
  EXPECT_EQ(bike.wheels[1].inches, 28U);
  EXPECT_EQ(inches.get(bike), "28");
}

template <class Part>
void fill(Garage& garage, Part part) {
  const Section<Garage> section = within<Garage>(bicycle(), part);
  EXPECT_EQ(section.name, "bike");
  EXPECT_EQ(section.help, "What stands there.");
  EXPECT_TRUE(section.keys.front().set(garage, "mine"));
  EXPECT_EQ(section.keys.front().get(garage), "\"mine\"");
  section.list->resize(garage, 1);
  EXPECT_EQ(section.list->size(garage), 1U);
  EXPECT_TRUE(section.list->keys(0).front().set(garage, "16"));
}

TEST(Within, ReachesAMember) {
  Garage garage;
  fill(garage, &Garage::second);
  EXPECT_EQ(garage.second.name, "mine");
  EXPECT_EQ(garage.second.wheels.front().inches, 16U);
  EXPECT_EQ(garage.name, "");
}

TEST(Within, ReachesABase) {
  Garage garage;
  fill(garage, std::identity{});
  EXPECT_EQ(garage.name, "mine");
  EXPECT_EQ(garage.wheels.front().inches, 16U);
}

}  // namespace
}  // namespace keep::config
