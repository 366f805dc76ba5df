#include "openai/event/sse_parser.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <vector>

namespace keep::openai {
namespace {

struct Seen {
  std::string raw, name, data;
  bool operator==(const Seen&) const = default;
};

struct Parsed {
  std::vector<Seen> events;
  std::string rest;
  bool operator==(const Parsed&) const = default;

  std::string raw() const {
    std::string out;
    for (const Seen& event : events) out += event.raw;
    return out + rest;
  }
};

void take_all(SseParser& parser, Parsed& run) {
  SseEvent event;
  while (parser.next(event)) {
    run.events.push_back(
        {std::string(event.raw), std::string(event.name), std::string(event.data)});
  }
}

// Feeds the text in pieces that end at `cuts`.
Parsed parse(std::string_view text, const std::vector<std::size_t>& cuts = {}) {
  SseParser parser;
  Parsed run;
  std::size_t begin = 0;
  for (std::size_t i = 0; i <= cuts.size(); ++i) {
    const std::size_t end = i < cuts.size() ? cuts[i] : text.size();
    EXPECT_TRUE(parser.feed(text.substr(begin, end - begin)));
    take_all(parser, run);
    begin = end;
  }
  run.rest = parser.rest();
  return run;
}

std::vector<std::string> recordings() {
  std::vector<std::string> out;
  const auto folder = std::filesystem::path(KEEP_TESTS_DIR) / "fuzz/corpus/sse";
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    std::ifstream file(entry.path(), std::ios::binary);
    out.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return out;
}

TEST(SseParser, CutsEvents) {
  const Parsed run = parse("data: {\"a\":1}\n\nevent: end\ndata: x\n\n");
  ASSERT_EQ(run.events.size(), 2U);
  EXPECT_EQ(run.events[0], (Seen{"data: {\"a\":1}\n\n", "", "{\"a\":1}"}));
  EXPECT_EQ(run.events[1], (Seen{"event: end\ndata: x\n\n", "end", "x"}));
  EXPECT_EQ(run.rest, "");
}

TEST(SseParser, TakesEveryLineEnd) {
  for (const std::string end : {"\n", "\r\n", "\r"}) {
    const std::string one = "event: e" + end + "data: x" + end + end;
    const Parsed run = parse(one + one + ":");
    ASSERT_EQ(run.events.size(), 2U);
    EXPECT_EQ(run.events[0], (Seen{one, "e", "x"}));
    EXPECT_EQ(run.events[1], (Seen{one, "e", "x"}));
    EXPECT_EQ(run.rest, ":");
  }
}

TEST(SseParser, WaitsForTheLineFeedAfterACarriageReturn) {
  SseParser parser;
  SseEvent event;
  ASSERT_TRUE(parser.feed("data: x\r\n\r"));
  EXPECT_FALSE(parser.next(event));
  ASSERT_TRUE(parser.feed("\n"));
  ASSERT_TRUE(parser.next(event));
  EXPECT_EQ(event.raw, "data: x\r\n\r\n");
}

TEST(SseParser, RemovesOneSpaceAfterTheColon) {
  EXPECT_EQ(parse("data:x\n\n").events[0].data, "x");
  EXPECT_EQ(parse("data:  x \n\n").events[0].data, " x ");
  EXPECT_EQ(parse("data\n\n").events[0].data, "");
  EXPECT_EQ(parse("data: a:b\n\n").events[0].data, "a:b");
}

TEST(SseParser, JoinsDataLines) {
  EXPECT_EQ(parse("data: a\ndata: b\nid: 3\ndata:\n\n").events[0].data, "a\nb\n");
  EXPECT_EQ(parse("data:\ndata:\n\n").events[0].data, "\n");
}

TEST(SseParser, HandsOutCommentsAndStrayLines) {
  const Parsed run = parse("\n: ping\n\ndatax: 1\nDATA: 2\n\ndata: x\n\n");
  ASSERT_EQ(run.events.size(), 4U);
  EXPECT_EQ(run.events[0], (Seen{"\n", "", ""}));
  EXPECT_EQ(run.events[1], (Seen{": ping\n\n", "", ""}));
  EXPECT_EQ(run.events[2], (Seen{"datax: 1\nDATA: 2\n\n", "", ""}));
  EXPECT_EQ(run.events[3].data, "x");
}

TEST(SseParser, SkipsAByteOrderMarkAtTheStartOnly) {
  const Parsed run = parse(
      "\xEF\xBB\xBF"
      "data: x\n\n\xEF\xBB\xBF"
      "data: y\n\n");
  ASSERT_EQ(run.events.size(), 2U);
  EXPECT_EQ(run.events[0].data, "x");
  EXPECT_EQ(run.events[0].raw.size(), 12U);
  EXPECT_EQ(run.events[1].data, "");
}

TEST(SseParser, KeepsWhatWasNotClosed) {
  EXPECT_EQ(parse("data: x\n\ndata: y\n").rest, "data: y\n");
  EXPECT_EQ(parse("").rest, "");
}

TEST(SseParser, SplitsAtEveryByte) {
  std::vector<std::string> texts = recordings();
  ASSERT_FALSE(texts.empty());
  texts.push_back(
      "\xEF\xBB\xBF"
      "data: \u00e9\r\n\r\n: c\r\rdata: a\ndata: b\n\n\r\n\rdata:z");
  for (const std::string& text : texts) {
    const Parsed whole = parse(text);
    EXPECT_EQ(whole.raw(), text);
    std::vector<std::size_t> all;
    for (std::size_t i = 0; i <= text.size(); ++i) {
      all.push_back(i);
      ASSERT_EQ(parse(text, {i}), whole) << "cut at " << i;
    }
    EXPECT_EQ(parse(text, all), whole);
  }
}

TEST(SseParser, LosesNoByteOfRandomText) {
  std::mt19937 random(7);
  const std::vector<std::string> words = {"data", "event", ":", " ", "\n", "\r", "\r\n", "x"};
  for (int round = 0; round < 3000; ++round) {
    std::string text;
    for (auto n = random() % 40; n > 0; --n) text += words[random() % words.size()];
    const Parsed whole = parse(text);
    ASSERT_EQ(whole.raw(), text);
    const std::size_t cut = random() % (text.size() + 1);
    ASSERT_EQ(parse(text, {cut}), whole) << cut;
  }
}

TEST(SseParser, RefusesAnEventOverTheLimit) {
  SseParser parser(32);
  ASSERT_TRUE(parser.feed("data: 0123456789"));
  const auto refused = parser.feed("0123456789012345678901234567890");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault, Fault::kProtocol);
  EXPECT_EQ(refused.error().side, Side::kUpstream);
  SseEvent event;
  EXPECT_FALSE(parser.next(event));
  EXPECT_FALSE(parser.feed("\n\n"));
}

TEST(SseParser, CountsTheLimitPerEvent) {
  SseParser parser(16);
  Parsed run;
  std::string text;
  for (int i = 0; i < 100; ++i) text += "data: 1\n\n";
  ASSERT_TRUE(parser.feed(text));
  take_all(parser, run);
  EXPECT_EQ(run.events.size(), 100U);
}

TEST(SseParser, TakesLongLinesInSmallPiecesInLinearTime) {
  SseParser parser;
  const std::string piece(1000, 'x');
  for (int i = 0; i < 8000; ++i) ASSERT_TRUE(parser.feed(piece));
  ASSERT_TRUE(parser.feed("\n\n"));
  SseEvent event;
  ASSERT_TRUE(parser.next(event));
  EXPECT_EQ(event.raw.size(), 8000002U);
}

TEST(SseParser, TakesManyLinesInLinearTime) {
  for (const char end : {'\n', '\r'}) {
    SseParser parser;
    const std::string lines(256 << 10, end);
    ASSERT_TRUE(parser.feed(lines));
    Parsed run;
    take_all(parser, run);
    EXPECT_EQ(run.raw().size() + parser.rest().size(), lines.size());
  }
}

}  // namespace
}  // namespace keep::openai
