#include "plugins/recall/prompt/quoted_frame.hpp"

#include "plugins/recall/prompt/compose.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace keep::recall {
namespace {

using Verdict = QuotedFrame::Verdict;

Quote quote() {
  Quote made;
  made.turn = 12;
  made.distance = 3481;
  made.role = "user";
  made.day = "2026-03-01";
  made.text = "The code is 7341.";
  return made;
}

// The verdict of every beginning of `answer`, then of all of it.
void expect_frame(const std::string& answer, const std::string& rest) {
  const std::size_t size = answer.size() - rest.size();
  for (std::size_t i = 0; i <= answer.size(); ++i) {
    const QuotedFrame frame = find_quoted_frame(std::string_view(answer).substr(0, i));
    if (i <= size) {
      EXPECT_EQ(frame.verdict, Verdict::kMaybe) << answer.substr(0, i);
    } else {
      EXPECT_EQ(frame.verdict, Verdict::kWhole) << answer.substr(0, i);
      EXPECT_EQ(frame.size, size) << answer.substr(0, i);
    }
  }
}

TEST(QuotedFrame, IsFoundHoweverItComes) {
  const std::vector<Quote> quotes{quote()};
  const std::vector<Note> notes{Note{"pets", "dog", "The code is 7341."}};
  const std::string text = "The code is 7341.";
  expect_frame(compose_block(quotes), text);
  expect_frame(compose_block({}, notes), text);
  const std::string block = compose_block(quotes);
  expect_frame(block.substr(block.find('[')), text);
  expect_frame("\n [Recalled from turn 3, 20 tokens ago] assistant:  " + text, text);
  expect_frame("[Known: pets/dog] " + text, text);
}

TEST(QuotedFrame, OtherAnswersAreNotHeld) {
  for (const char* const answer :
       {"The code is 7341.", "[Recalled tomatoes are bad", "[Recalled from turn 3\nand", "[1] is",
        "The following was said", "[Known unknowns]", "[Recalled from turn 3] user\n: x"}) {
    EXPECT_EQ(find_quoted_frame(answer).verdict, Verdict::kNone) << answer;
  }
}

TEST(QuotedFrame, NothingIsHeldForEver) {
  const std::string endless = "[Recalled from turn " + std::string(kMaxFrameBytes, '1');
  EXPECT_EQ(find_quoted_frame(endless).verdict, Verdict::kNone);
}

}  // namespace
}  // namespace keep::recall
