#include "plugins/hedge/phrases.hpp"

#include "plugins/hedge/detector.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iostream>
#include <string>
#include <vector>

namespace keep::hedge {
namespace {

using testing::HasSubstr;

std::string fault_of(const std::string& phrase) {
  const auto result = compile({"I recall", phrase});
  if (result) return "";
  EXPECT_EQ(result.error().fault, Fault::kBadRequest);
  return result.error().detail;
}

TEST(Phrases, AreRefusedWithAReason) {
  EXPECT_THAT(fault_of(""), HasSubstr("is empty"));
  EXPECT_THAT(fault_of("42, 43 ..."), HasSubstr("'42, 43 ...' has no letter"));
  EXPECT_THAT(fault_of("\u2019\u2014"), HasSubstr("has no letter"));
  EXPECT_THAT(fault_of("caf\xE9 is"), HasSubstr("is not UTF-8"));
  EXPECT_THAT(fault_of("so \xE2"), HasSubstr("is not UTF-8"));
  EXPECT_THAT(fault_of(std::string(kMaxPhraseBytes + 1, 'a')), HasSubstr("longer than 100 bytes"));
  EXPECT_EQ(fault_of(std::string(kMaxPhraseBytes, 'a')), "");
  EXPECT_EQ(fault_of("\u6211\u8bb0\u5f97"), "");
}

TEST(Phrases, AreAtMostAThousand) {
  std::vector<std::string> many;
  for (std::size_t i = 0; i < kMaxPhrases; ++i) many.push_back("phrase " + std::to_string(i));
  EXPECT_TRUE(compile(many));
  many.emplace_back("one more");
  ASSERT_FALSE(compile(many));
  EXPECT_THAT(compile(many).error().detail, HasSubstr("more than 1000"));
}

TEST(Phrases, MayBeNone) {
  Detector detector(compile({}).value());
  EXPECT_FALSE(detector.feed("if I recall"));
  EXPECT_EQ(detector.pending_from(), Detector::kNone);
}

TEST(Phrases, OfEqualOnesTheFirstCounts) {
  Detector detector(compile({"so", "I'm -- not", "Im not!"}).value());
  const auto hit = detector.feed("i\u2019m not");
  ASSERT_TRUE(hit);
  EXPECT_EQ(hit->phrase, 1u);
}

// None is shadowed by a shorter one inside it.
TEST(DefaultPhrases, AreEachFound) {
  const auto phrases = compile(default_phrases()).value();
  for (std::size_t i = 0; i < default_phrases().size(); ++i) {
    Detector detector(phrases);
    const auto hit = detector.feed(default_phrases()[i]);
    ASSERT_TRUE(hit) << default_phrases()[i];
    EXPECT_EQ(hit->phrase, i) << default_phrases()[i];
    EXPECT_EQ(hit->end, default_phrases()[i].size()) << default_phrases()[i];
  }
}

TEST(DefaultPhrases, AreFoundHoweverTheyAreCut) {
  const auto phrases = compile(default_phrases()).value();
  for (const std::string& phrase : default_phrases()) {
    const std::string text = "So\u2014" + phrase + ".";
    Detector whole(phrases);
    const auto want = whole.feed(text);
    ASSERT_TRUE(want);
    ASSERT_EQ(want->begin, 5u);
    for (std::size_t first = 0; first <= text.size(); ++first) {
      for (std::size_t second = first; second <= text.size(); ++second) {
        Detector detector(phrases);
        auto hit = detector.feed(text.substr(0, first));
        if (!hit) hit = detector.feed(text.substr(first, second - first));
        if (!hit) hit = detector.feed(text.substr(second));
        ASSERT_TRUE(hit) << text << ' ' << first << ' ' << second;
        ASSERT_TRUE(hit->begin == want->begin && hit->end == want->end &&
                    hit->phrase == want->phrase)
            << text << ' ' << first << ' ' << second;
      }
    }
  }
}

TEST(DefaultPhrases, HaveWhatTheDemoModelSays) {
  const auto phrases = compile(default_phrases()).value();
  for (const char* text :
       {"If I recall correctly, ", "Let me see if I can remember ", "I am not sure, but ",
        "I am not sure about ", "If I remember correctly, "}) {
    EXPECT_TRUE(Detector(phrases).feed(text)) << text;
  }
}

struct Line {
  bool hedges = false;
  std::string text;
};

std::vector<Line> golden_lines() {
  std::ifstream file(std::string(KEEP_TESTS_DIR) + "/golden/hedging.txt");
  std::vector<Line> lines;
  for (std::string raw; std::getline(file, raw);) {
    if (raw.size() < 3 || raw[0] == '#') continue;
    Line line{raw[0] == '+', raw.substr(2)};
    for (auto at = line.text.find("\\n"); at != line.text.npos; at = line.text.find("\\n", at)) {
      line.text.replace(at, 2, "\n");
    }
    lines.push_back(line);
  }
  return lines;
}

TEST(DefaultPhrases, FindHedgesAndLittleElse) {
  const auto phrases = compile(default_phrases()).value();
  double hedges = 0, found = 0, others = 0, false_alarms = 0;
  for (const Line& line : golden_lines()) {
    const bool hit = Detector(phrases).feed(line.text).has_value();
    (line.hedges ? hedges : others) += 1;
    if (hit) (line.hedges ? found : false_alarms) += 1;
    if (hit != line.hedges) std::cout << (hit ? "false alarm: " : "missed: ") << line.text << '\n';
  }
  std::cout << "found " << found << " of " << hedges << ", false alarms " << false_alarms << " of "
            << others << '\n';
  ASSERT_GE(hedges, 120);
  ASSERT_GE(others, 120);
  EXPECT_GE(found / hedges, 0.95);
  EXPECT_LE(false_alarms / others, 0.03);
}

}  // namespace
}  // namespace keep::hedge
