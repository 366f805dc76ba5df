#include "openai/request/prompt_trail.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace keep::openai {
namespace {

struct Prompt {
  explicit Prompt(const std::vector<std::string>& texts, const std::string& tenant = "t",
                  const std::string& more = "") {
    body = R"({"messages":[)";
    for (std::size_t i = 0; i < texts.size(); ++i) {
      body += i == 0 ? "" : ",";
      body += R"({"role":")" + std::string(i % 2 == 0 ? "user" : "assistant") + R"(","content":")" +
              texts[i] + R"("})";
    }
    body += "]" + more + "}";
    const auto chat = parse_chat_request(body, Surface::kChat);
    EXPECT_TRUE(chat);
    trail = PromptTrail(tenant, *chat, [](std::size_t) { return true; });
  }
  std::string body;
  PromptTrail trail;
};

TEST(PromptTrail, SharesWhatBothBeginWith) {
  const Prompt one({"hello", "hi", "more"}), other({"hello", "hi", "else", "yes"});
  EXPECT_EQ(one.trail.shared_with(other.trail).messages, 2U);
  EXPECT_EQ(one.trail.shared_with(other.trail).bytes, 7U);
  EXPECT_EQ(other.trail.shared_with(one.trail).bytes, 7U);
  EXPECT_EQ(one.trail.shared_with(one.trail).messages, 3U);
}

TEST(PromptTrail, TenantsAndToolsKeepPromptsApart) {
  const Prompt one({"hello"}), foreign({"hello"}, "another"),
      tools({"hello"}, "t", R"(,"tools":[{"type":"function","function":{"name":"f"}}])");
  EXPECT_EQ(one.trail.shared_with(foreign.trail).messages, 0U);
  EXPECT_EQ(one.trail.shared_with(tools.trail).messages, 0U);
}

TEST(PromptTrail, NothingIsSharedWithTheUnknown) {
  EXPECT_EQ(Prompt({"hello"}).trail.shared_with(PromptTrail()).bytes, 0U);
  EXPECT_EQ(PromptTrail().messages(), 0U);
}

TEST(PromptTrail, IsBounded) {
  const std::vector<std::string> many(PromptTrail::kMaxMarks + 10, "x");
  EXPECT_EQ(Prompt(many).trail.messages(), PromptTrail::kMaxMarks);
}

TEST(PromptTrail, IsLookedUpByItsBeginnings) {
  const Prompt one({"a", "b", "c", "d", "e", "f"}), other({"a", "b", "c", "d", "x"});
  const auto landmarks = one.trail.landmarks(), others = other.trail.landmarks();
  ASSERT_EQ(landmarks.size(), 4U);  // of 1, 2, 4 and 6
  ASSERT_EQ(others.size(), 4U);
  EXPECT_TRUE(std::equal(landmarks.begin(), landmarks.begin() + 3, others.begin()));
  EXPECT_NE(landmarks[3], others[3]);
  EXPECT_EQ(Prompt({"a", "b"}).trail.landmarks().size(), 2U);
  EXPECT_TRUE(PromptTrail().landmarks().empty());
}

}  // namespace
}  // namespace keep::openai
