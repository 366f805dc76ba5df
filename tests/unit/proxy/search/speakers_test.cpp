#include "search/speakers.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

namespace keep::search {
namespace {

class SpeakersTest : public testing::Test {
 protected:
  SpeakerId asked(std::string_view question) {
    return speakers_.asked_about(text::plain_words(question));
  }
  SpeakerId add(std::string_view name, std::uint32_t section = 0) {
    return speakers_.add(name, section);
  }
  std::vector<std::uint32_t> sections(std::string_view question) {
    return speakers_.sections_of_named(text::plain_words(question));
  }
  Speakers speakers_;
};

TEST_F(SpeakersTest, FindsTheOnePersonNamed) {
  const SpeakerId caroline = add("Caroline");
  const SpeakerId melanie = add("Melanie Smith");
  const SpeakerId theresa = add("Theresa");
  EXPECT_EQ(add("Caroline"), caroline);
  EXPECT_EQ(asked("What did Caroline buy?"), caroline);
  EXPECT_EQ(asked("Mel's car?"), melanie);
  EXPECT_EQ(asked("Did Melanie meet Caroline?"), kNoSpeaker);
  EXPECT_EQ(asked("The car of caroline"), kNoSpeaker);
  EXPECT_EQ(asked("Who is Theresa?"), theresa);
}

TEST_F(SpeakersTest, KnowsWhoIAndYouAre) {
  const SpeakerId user = add("user");
  const SpeakerId assistant = add("assistant");
  EXPECT_EQ(asked("What did I say about the boat?"), user);
  EXPECT_EQ(asked("what is my sister's name?"), user);
  EXPECT_EQ(asked("Which library did you recommend?"), assistant);
  EXPECT_EQ(asked("you suggested a book, which one?"), assistant);
  EXPECT_EQ(asked("What did you say when I told you?"), kNoSpeaker);
  EXPECT_EQ(asked("I need a sort function"), kNoSpeaker);
  EXPECT_EQ(asked("can you fix my code"), kNoSpeaker);
}

TEST_F(SpeakersTest, KnowsWhereThePersonsNamedSpeak) {
  const std::vector<std::string_view> names = {"Caroline", "Melanie", "Theresa", "user"};
  for (const std::string_view name : names) add(name, 0);
  for (const std::string_view name : {"Caroline", "Melanie", "Caroline"}) add(name, 2);
  add("Melanie", 3);
  using Sections = std::vector<std::uint32_t>;
  EXPECT_EQ(sections("What did Caroline buy?"), (Sections{0, 2}));
  EXPECT_EQ(sections("Mel's car?"), (Sections{0, 2, 3}));
  EXPECT_EQ(sections("Did Melanie meet Caroline?"), (Sections{0, 0, 2, 2, 3}));
  EXPECT_EQ(sections("What did I say about the user?"), Sections());
}

TEST_F(SpeakersTest, NobodyIsNoSpeaker) {
  EXPECT_EQ(add(""), kNoSpeaker);
  for (int i = 0; i < 255; ++i) EXPECT_EQ(add("P" + std::to_string(i)), i);
  EXPECT_EQ(add("one more"), kNoSpeaker);
}

}  // namespace
}  // namespace keep::search
