#include "plugins/slots/table/prompt_trail.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace keep::slots {
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
    const auto chat = openai::parse_chat_request(body, openai::Surface::kChat);
    EXPECT_TRUE(chat);
    trail = PromptTrail(tenant, *chat, ClearZone());
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

}  // namespace
}  // namespace keep::slots
