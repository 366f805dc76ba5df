// The detector against the naive one, on random texts of what matters to it.
#include "plugins/hedge/detector.hpp"
#include "tests/unit/plugins/hedge/naive_detector.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace keep::hedge {
namespace {

struct Scene {
  std::vector<std::string> phrases;
  std::vector<std::string> pieces;
};

const std::vector<Scene>& scenes() {
  static const std::vector<Scene> all = {
      {{"a b", "b a a", "aa b", "b ab ba"}, {"a", "b", "a", "b", " ", ",", "'", "\u2019", "\n"}},
      {{"if it is", "is it", "it is it so"},
       {"if", "it", "is", "so", "If it", " ", " ", " ", " ", ". ", "    ", "\u2014", "'",
        "it is "}},
      {{"a b", "b a", "\u2122 a", "a\u2122"},
       {"a",      "b",      " ",      "a b",     "`",       "``",  "```",    "~",
        "~~~",    "\n",     "\n",     "\n```\n", "\n~~~\n", "\"",  "\u201C", "\u201D",
        "\u201E", "\u2019", "\u204A", "\u2122",  ">",       "\n>", "\r\n",   "\t"}},
      {{"a b", "b"},
       {"a", " ", "b a", "\xE2", "\x80", "\x81", "\x84", "\x99", "\xC3\xA9", "\xFF", "\n", "a "}},
  };
  return all;
}

std::string random_text(const Scene& scene, std::mt19937& random) {
  std::string text;
  const std::size_t count = 1 + random() % 24;
  for (std::size_t i = 0; i < count; ++i) text += scene.pieces[random() % scene.pieces.size()];
  return text;
}

std::vector<std::string> folded(const std::vector<std::string>& phrases) {
  std::vector<std::string> all;
  for (const std::string& phrase : phrases) all.push_back(naive::fold(phrase).text);
  return all;
}

// In pieces of at most `most` bytes, going on behind each hit. `read`: bytes read before.
std::vector<naive::Hit> hits(Detector detector, std::string_view text, std::size_t most,
                             std::mt19937& random, std::size_t read = 0) {
  std::vector<naive::Hit> found;
  for (std::size_t at = 0; at < text.size();) {
    const std::string_view piece = text.substr(at, 1 + random() % most);
    at += piece.size();
    const auto hit = detector.feed(piece);
    if (!hit) continue;
    found.push_back({hit->begin, hit->phrase});
    at = hit->end - read;
  }
  return found;
}

std::string shown(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = c >= ' ' && c <= '~';
    out += plain ? std::string(1, c) : "<" + std::to_string(static_cast<unsigned char>(c)) + ">";
  }
  return out;
}

constexpr unsigned kRounds = 3000;

TEST(DetectorRandom, FindsWhatTheNaiveOneFinds) {
  std::mt19937 random(7);
  for (const Scene& scene : scenes()) {
    const Detector fresh(compile(scene.phrases).value());
    const std::vector<std::string> phrases = folded(scene.phrases);
    for (unsigned round = 0; round < kRounds; ++round) {
      const std::string text = random_text(scene, random);
      const auto want = naive::find(text, phrases).hits;
      ASSERT_EQ(hits(fresh, text, 1, random), want) << shown(text);
      ASSERT_EQ(hits(fresh, text, 5, random), want) << shown(text);
      ASSERT_EQ(hits(fresh, text, 1000, random), want) << shown(text);
    }
  }
}

TEST(DetectorRandom, HoldsBackWhatTheNaiveOneHoldsBack) {
  std::mt19937 random(8);
  for (const Scene& scene : scenes()) {
    const Detector fresh(compile(scene.phrases).value());
    const std::vector<std::string> phrases = folded(scene.phrases);
    for (unsigned round = 0; round < kRounds; ++round) {
      const std::string text = random_text(scene, random);
      Detector detector = fresh;
      for (std::size_t size = 1; size <= text.size(); ++size) {
        const std::string_view seen = std::string_view(text).substr(0, size);
        detector.feed(seen.substr(size - 1));
        ASSERT_EQ(detector.pending_from(), naive::pending_from(seen, phrases)) << shown(seen);
      }
    }
  }
}

// A restart forgets what was begun, and nothing else.
TEST(DetectorRandom, RestartsAsIfNothingHadBeenBegun) {
  std::mt19937 random(9);
  for (const Scene& scene : scenes()) {
    const Detector fresh(compile(scene.phrases).value());
    for (unsigned round = 0; round < kRounds; ++round) {
      const std::string before = random_text(scene, random), after = random_text(scene, random);
      Detector read = fresh;
      for (const char c : before) read.feed({&c, 1});
      if (read.pending_from() != Detector::kNone) continue;
      Detector restarted = fresh;
      restarted.feed(after);
      restarted.restart(before);
      ASSERT_EQ(hits(restarted, after, 3, random, before.size()),
                hits(read, after, 3, random, before.size()))
          << shown(before) << " | " << shown(after);
    }
  }
}

}  // namespace
}  // namespace keep::hedge
