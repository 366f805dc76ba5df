#include "plugins/recall/speakers.hpp"

#include <gtest/gtest.h>

#include <string>

namespace keep::recall {
namespace {

class SpeakersTest : public testing::Test {
 protected:
  SpeakerId asked(std::string_view question) {
    return speakers_.asked_about(plain_words(question));
  }
  Speakers speakers_;
};

TEST_F(SpeakersTest, FindsTheOnePersonNamed) {
  const SpeakerId caroline = speakers_.add("Caroline");
  const SpeakerId melanie = speakers_.add("Melanie Smith");
  const SpeakerId theresa = speakers_.add("Theresa");
  EXPECT_EQ(speakers_.add("Caroline"), caroline);
  EXPECT_EQ(asked("What did Caroline buy?"), caroline);
  EXPECT_EQ(asked("Mel's car?"), melanie);
  EXPECT_EQ(asked("Did Melanie meet Caroline?"), kNoSpeaker);
  EXPECT_EQ(asked("The car of caroline"), kNoSpeaker);
  EXPECT_EQ(asked("Who is Theresa?"), theresa);
}

TEST_F(SpeakersTest, KnowsWhoIAndYouAre) {
  const SpeakerId user = speakers_.add("user");
  const SpeakerId assistant = speakers_.add("assistant");
  EXPECT_EQ(asked("What did I say about the boat?"), user);
  EXPECT_EQ(asked("what is my sister's name?"), user);
  EXPECT_EQ(asked("Which library did you recommend?"), assistant);
  EXPECT_EQ(asked("you suggested a book, which one?"), assistant);
  EXPECT_EQ(asked("What did you say when I told you?"), kNoSpeaker);
  EXPECT_EQ(asked("I need a sort function"), kNoSpeaker);
  EXPECT_EQ(asked("can you fix my code"), kNoSpeaker);
}

TEST_F(SpeakersTest, NobodyIsNoSpeaker) {
  EXPECT_EQ(speakers_.add(""), kNoSpeaker);
  for (int i = 0; i < 255; ++i) EXPECT_EQ(speakers_.add("P" + std::to_string(i)), i);
  EXPECT_EQ(speakers_.add("one more"), kNoSpeaker);
}

}  // namespace
}  // namespace keep::recall
