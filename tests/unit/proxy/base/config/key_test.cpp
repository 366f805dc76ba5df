#include "base/config/key.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace keep::config {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;

enum class Colour { kRed, kGreen };

struct Paint {
  std::string name = "plain";
  bool glossy = false;
  std::size_t coats = 1;
  std::size_t volume = 2048;
  double cover = 0.5;
  milliseconds dries{1500};
  Colour colour = Colour::kRed;
};

using PaintKey = Key<Paint>;

// The TOML of the value once `text` was stored, or what is wrong with it.
std::string stored(const PaintKey& key, std::string_view text) {
  Paint paint;
  const auto set = key.set(paint, text);
  return set ? key.get(paint) : set.error().detail;
}

PaintKey colour() {
  return PaintKey::choice("paint.colour", "", &Paint::colour,
                          {{"red", Colour::kRed}, {"green", Colour::kGreen}});
}

TEST(Key, PrintsTheDefaultsAsToml) {
  const Paint paint;
  EXPECT_EQ(PaintKey::text("paint.name", "", &Paint::name).get(paint), "\"plain\"");
  EXPECT_EQ(PaintKey::on_off("paint.glossy", "", &Paint::glossy).get(paint), "false");
  EXPECT_EQ(PaintKey::count("paint.coats", "", &Paint::coats, {1, 3}).get(paint), "1");
  EXPECT_EQ(PaintKey::bytes("paint.volume", "", &Paint::volume, {1, kMega}).get(paint), "\"2KB\"");
  EXPECT_EQ(PaintKey::fraction("paint.cover", "", &Paint::cover, {0, 1}).get(paint), "0.5");
  EXPECT_EQ(PaintKey::duration("paint.dries", "", &Paint::dries).get(paint), "1.5");
  EXPECT_EQ(colour().get(paint), "\"red\"");
}

TEST(Key, StoresWhatIsInRange) {
  EXPECT_EQ(stored(PaintKey::text("paint.name", "", &Paint::name), "a\"b"), R"("a\"b")");
  EXPECT_EQ(stored(PaintKey::on_off("paint.glossy", "", &Paint::glossy), "on"), "true");
  EXPECT_EQ(stored(PaintKey::count("paint.coats", "", &Paint::coats, {1, 3}), "3"), "3");
  EXPECT_EQ(stored(PaintKey::bytes("paint.volume", "", &Paint::volume, {1, kMega}), "1025"),
            "1025");
  EXPECT_EQ(stored(PaintKey::fraction("paint.cover", "", &Paint::cover, {0, 1}), "1"), "1.0");
  EXPECT_EQ(stored(PaintKey::duration("paint.dries", "", &Paint::dries), "250ms"), "0.25");
  EXPECT_EQ(stored(colour(), "green"), "\"green\"");
}

TEST(Key, SaysWhatWouldBeInRange) {
  const auto count = PaintKey::count("paint.coats", "", &Paint::coats, {1, 3});
  EXPECT_EQ(stored(count, "4"), "expected a value from 1 to 3");
  EXPECT_THAT(stored(count, "many"), HasSubstr("whole number"));
  const auto bytes = PaintKey::bytes("paint.volume", "", &Paint::volume, {kKilo, kMega});
  EXPECT_EQ(stored(bytes, "2MB"), "expected a value from 1KB to 1MB");
  const auto fraction = PaintKey::fraction("paint.cover", "", &Paint::cover, {0.05, 1});
  EXPECT_EQ(stored(fraction, "0"), "expected a value from 0.05 to 1.0");
  const auto wait = PaintKey::duration("paint.dries", "", &Paint::dries);
  EXPECT_EQ(stored(wait, "0"), "expected a time above zero and at most 7 days");
  const auto age = PaintKey::duration("paint.dries", "", &Paint::dries, {milliseconds(0), kDay});
  EXPECT_EQ(stored(age, "25h"), "expected a time of at most 1 days");
  EXPECT_EQ(stored(colour(), "blue"), R"(expected one of "red", "green", not "blue")");
}

TEST(Key, ACheckRefusesOrRewrites) {
  const auto check = [](std::string& text) -> Result<> {
    if (text.empty()) return bad_value("a name is missing");
    text += "!";
    return {};
  };
  const auto name = PaintKey::text("paint.name", "", &Paint::name, check);
  EXPECT_EQ(stored(name, "a"), "\"a!\"");
  EXPECT_EQ(stored(name, ""), "a name is missing");
}

TEST(Key, StoresNothingOnAnError) {
  Paint paint;
  EXPECT_FALSE(PaintKey::count("paint.coats", "", &Paint::coats, {1, 3}).set(paint, "9"));
  EXPECT_EQ(paint.coats, 1U);
}

}  // namespace
}  // namespace keep::config
