#include "plugins/hedge/detector.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace keep::hedge {
namespace {

using testing::IsEmpty;

std::shared_ptr<const Phrases> compiled(const std::vector<std::string>& phrases) {
  return compile(phrases).value();
}

Detector detector(const std::vector<std::string>& phrases) { return Detector(compiled(phrases)); }

// Every hit in the text, going on behind each.
std::vector<std::string> hits(Detector detector, const std::string& text) {
  std::vector<std::string> found;
  for (std::size_t at = 0; at < text.size();) {
    const auto hit = detector.feed(std::string_view(text).substr(at));
    if (!hit) break;
    found.push_back(text.substr(hit->begin, hit->end - hit->begin));
    at = hit->end;
  }
  return found;
}
std::vector<std::string> hits(const std::string& text) {
  return hits(detector({"if I recall", "I'm not sure, but"}), text);
}
using Texts = std::vector<std::string>;

TEST(Detector, FindsAPhraseWhereverWordsBegin) {
  EXPECT_EQ(hits("if I recall, no"), Texts{"if I recall"});
  EXPECT_EQ(hits("Well, if I recall"), Texts{"if I recall"});
  EXPECT_EQ(hits("(if I recall)"), Texts{"if I recall"});
  EXPECT_THAT(hits("Sheriff if Irecall"), IsEmpty());
  EXPECT_THAT(hits("gif I recall"), IsEmpty());
  EXPECT_THAT(hits("9if I recall \u00E9if I recall n'if I recall"), IsEmpty());
  EXPECT_EQ(hits("if if I recalled it"), Texts{"if I recall"});
}

TEST(Detector, TellsWhereAndWhich) {
  Detector found = detector({"not it", "if I recall"});
  const auto hit = found.feed("Hm. IF I Recall that");
  ASSERT_TRUE(hit);
  EXPECT_EQ(hit->begin, 4u);
  EXPECT_EQ(hit->end, 15u);
  EXPECT_EQ(hit->phrase, 1u);
}

TEST(Detector, TakesTheLongestOfThoseThatEndTogether) {
  Detector found = detector({"I recall", "if I recall", "recall"});
  const auto hit = found.feed("if I recall");
  ASSERT_TRUE(hit);
  EXPECT_EQ(hit->phrase, 1u);
  EXPECT_EQ(hit->begin, 0u);
}

TEST(Detector, TellsTheBeginOfAPhraseInsideALongerOne) {
  Detector found = detector({"if I recall that", "I recall"});
  const auto hit = found.feed("So if I recall");
  ASSERT_TRUE(hit);
  EXPECT_EQ(hit->phrase, 1u);
  EXPECT_EQ(hit->begin, 6u);
}

TEST(Detector, IgnoresCaseApostrophesAndWhatIsBetweenWords) {
  for (const std::string text :
       {"i'm not sure but", "I\u2019M NOT SURE, BUT", "I\u2018m not sure\u2014but",
        "Im not sure but", "I'm** not _sure_\u2026 but", "I'm\nnot sure,\r\n\r\n  but",
        "I'm not ~~sure~~ but"}) {
    EXPECT_EQ(hits(text), Texts{text}) << text;
  }
  EXPECT_THAT(hits("I''m not sure but"), IsEmpty());
  EXPECT_EQ(hits("'I'm not sure, but'"), Texts{"I'm not sure, but"});
}

TEST(Detector, AllowsEightBlanksBetweenWords) {
  const std::string eight(8, ' '), dashes = "\u2014\u2014\u2014\u2014 \u2014\u2014\u2014";
  EXPECT_EQ(hits("if" + eight + "I recall"), Texts{"if" + eight + "I recall"});
  EXPECT_EQ(hits("if" + dashes + "I recall"), Texts{"if" + dashes + "I recall"});
  EXPECT_THAT(hits("if" + eight + " I recall"), IsEmpty());
  EXPECT_EQ(hits("if" + eight + " if I recall"), Texts{"if I recall"});
}

TEST(Detector, LooksNotIntoCode) {
  EXPECT_THAT(hits("```\nif I recall\n```"), IsEmpty());
  EXPECT_EQ(hits("```\nno\n```\nif I recall"), Texts{"if I recall"});
  EXPECT_EQ(hits("~~~ text\n```\nif I recall\n~~~~ \nif I recall"), Texts{"if I recall"});
  EXPECT_THAT(hits("  ````\n```\nif I recall"), IsEmpty());
  EXPECT_THAT(hits("```\n``` no\nif I recall"), IsEmpty());
  EXPECT_THAT(hits("```\n no ```\nif I recall"), IsEmpty());
  EXPECT_THAT(hits("- so: ```python\nif I recall\n```"), IsEmpty());
  EXPECT_EQ(hits("```code``` if I recall"), Texts{"if I recall"});
  EXPECT_THAT(hits("`if I recall` ``if ` I recall``"), IsEmpty());
  EXPECT_EQ(hits("`if` if I recall"), Texts{"if I recall"});
  EXPECT_EQ(hits("`if\nif I recall"), Texts{"if I recall"});
  EXPECT_THAT(hits("if `x` I recall if `I recall"), IsEmpty());
  EXPECT_EQ(hits("a ~~~ if I recall"), Texts{"if I recall"});
}

TEST(Detector, LooksNotIntoQuotedText) {
  EXPECT_THAT(hits("He said: \"if I recall\" twice"), IsEmpty());
  EXPECT_THAT(hits("He said: \u201Cif \"I\" if I recall\u201D"), IsEmpty());
  EXPECT_EQ(hits("\"so\" if I recall"), Texts{"if I recall"});
  EXPECT_EQ(hits("\u201Cso\u201D if I recall"), Texts{"if I recall"});
  EXPECT_EQ(hits("\"so\nif I recall"), Texts{"if I recall"});
  EXPECT_EQ(hits("27\" wide, if I recall"), Texts{"if I recall"});
  EXPECT_THAT(hits("> if I recall\n  > if I recall"), IsEmpty());
  EXPECT_EQ(hits("> so\nif I recall"), Texts{"if I recall"});
  EXPECT_EQ(hits("5 > 4 if I recall"), Texts{"if I recall"});
  EXPECT_THAT(hits("if I\n> recall"), IsEmpty());
}

TEST(Detector, GoesOnBehindAHit) {
  EXPECT_EQ(hits("if I recall, if I recall if I recalled"),
            (Texts{"if I recall", "if I recall", "if I recall"}));
  // What overlaps the hit has been read with it.
  EXPECT_EQ(hits(detector({"a b c", "c d"}), "a b c d, c d"), (Texts{"a b c", "c d"}));
  Detector found = detector({"if I recall"});
  ASSERT_TRUE(found.feed("if I recall"));
  EXPECT_EQ(found.pending_from(), Detector::kNone);
}

TEST(Detector, HoldsBackOnlyWhatMayBecomeAPhrase) {
  Detector found = detector({"if I recall", "recall that", "\u2122 sign"});
  const std::vector<std::pair<std::string, std::size_t>> steps = {
      {"So", Detector::kNone},
      {" ", Detector::kNone},
      {"i", 3},
      {"f", 3},
      {", ", 3},
      {"I", 3},
      {"\xE2", 3},
      {"\x80", 3},
      {"\x99", 3},
      {" rec", 3},
      {"ent", Detector::kNone},
      {" recall", 19},
      {" i", 26},
      {"`", Detector::kNone},
      {"` `if", Detector::kNone},
      {"\n", Detector::kNone},
      {"\xE2", 34},
      {"\x84\xA2", 34},
      {" x", Detector::kNone},
  };
  std::string text;
  for (const auto& [piece, pending] : steps) {
    EXPECT_FALSE(found.feed(piece));
    text += piece;
    EXPECT_EQ(found.pending_from(), pending) << text;
  }
}

TEST(Detector, HoldsBackABoundedText) {
  const std::string word(kMaxPhraseBytes - 2, 'a');
  Detector found = detector({word + "'b"});
  EXPECT_FALSE(found.feed("x " + word));
  EXPECT_EQ(found.pending_from(), 2u);
  EXPECT_FALSE(found.feed("'"));
  EXPECT_EQ(found.pending_from(), 2u);
  EXPECT_FALSE(found.feed("'"));
  EXPECT_EQ(found.pending_from(), Detector::kNone);
}

TEST(Detector, KnowsAPhraseOfManyShortWords) {
  std::string phrase = "a";
  while (phrase.size() + 2 <= kMaxPhraseBytes) phrase += " a";
  const std::string text = "b a " + phrase;
  EXPECT_EQ(hits(detector({phrase + "b"}), text + "b"), Texts{phrase + "b"});
}

TEST(Detector, RestartsBehindAText) {
  Detector found = detector({"if I recall"});
  const auto hit_after = [&](const std::string& before, const std::string& then) {
    found.feed("`if I");
    found.restart(before);
    EXPECT_EQ(found.pending_from(), Detector::kNone);
    const auto hit = found.feed(then);
    return hit ? hit->begin : Detector::kNone;
  };
  EXPECT_EQ(hit_after("", "if I recall"), 0u);
  EXPECT_EQ(hit_after("So ", "if I recall"), 3u);
  EXPECT_EQ(hit_after("g", "if I recall"), Detector::kNone);
  EXPECT_EQ(hit_after("g'", "if I recall"), Detector::kNone);
  EXPECT_EQ(hit_after("if I recall, ", "if I recall"), 13u);
  EXPECT_EQ(hit_after("if I", " recall"), Detector::kNone);
  EXPECT_EQ(hit_after("```\n", "if I recall"), Detector::kNone);
  EXPECT_EQ(hit_after("```\nx\n", "```\nif I recall"), 10u);
  EXPECT_EQ(hit_after("say \"", "if I recall"), Detector::kNone);
  EXPECT_EQ(hit_after("\n", "> if I recall"), Detector::kNone);
  EXPECT_EQ(hit_after("g\xE2\x80", "\x94if I recall"), 4u);
}

}  // namespace
}  // namespace keep::hedge
