// Orders of roles that a chat template refuses, against servers with strict templates.
#include "base/json/json.hpp"
#include "tests/support/fake_template.hpp"
#include "tests/support/scripted_upstream.hpp"
#include "tests/support/test_client.hpp"
#include "tests/support/test_proxy.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace keep::test {
namespace {

class RolesTest : public testing::TestWithParam<FakeTemplate> {
 protected:
  std::vector<Step> play(const Received& request) const {
    if (request.target == "/apply-template") return {Send{rendered(GetParam(), request.body)}};
    const std::string why = refusal(GetParam(), request.body);
    if (why.empty()) return chat_stream("fine");
    return {Send{reply(400, R"({"error":{"code":400,"message":)" + json::quoted(why) + "}}")}};
  }
  std::vector<Received> answered() const {
    std::vector<Received> requests = upstream_.received();
    std::erase_if(requests, [](const Received& r) { return r.target == "/apply-template"; });
    return requests;
  }

  ScriptedUpstream upstream_{[this](const Received& request) { return play(request); }};
  TestProxy proxy_{test_config(upstream_.url())};
  TestClient client_{proxy_.port()};
};
INSTANTIATE_TEST_SUITE_P(Templates, RolesTest,
                         testing::Values(FakeTemplate::kQwen, FakeTemplate::kMistral));

std::string turn(const char* role, const char* content) {
  return std::string(R"({"role":")") + role + R"(","content":")" + content + R"("})";
}
std::string list(const std::vector<std::string>& items) {
  std::string text;
  for (const std::string& item : items) text += (text.empty() ? "" : ",") + item;
  return '[' + text + ']';
}
const std::string kCall =
    R"({"role":"assistant","content":"","tool_calls":[{"id":"c","type":"function",)"
    R"("function":{"name":"f","arguments":"{}"}}]})";
const std::string kResult = R"({"role":"tool","tool_call_id":"c","content":"r"})";

bool both_are_well(const TestProxy& proxy) {
  const std::string health = TestClient(proxy.port()).get("/health").body;
  std::size_t well = 0;
  for (const json::Value one : json::Value(health).find("upstreams").elements()) {
    if (one.find("status").plain_string() == "ok") ++well;
  }
  return well == 2;
}

TEST_P(RolesTest, ChatsOfEveryOrderAreAnswered) {
  const std::string system = turn("system", "be brief"), user = turn("user", "ask");
  const std::string developer = turn("developer", "mind"), answer = turn("assistant", "said");
  const std::vector<std::vector<std::string>> orders{
      {system, user, answer, system, user},
      {system, developer, user},
      {user, answer, user, system},
      {system, user, kCall, system, kResult},
      {system},
      {user, developer},
      {user, user},
      {user, answer, answer, user},
      {system, answer, user},
      {user, kCall, kResult, user},
  };
  for (const auto& order : orders) {
    const Response response =
        client_.post("/v1/chat/completions", R"({"messages":)" + list(order) + "}");
    EXPECT_EQ(response.status, 200) << list(order) << response.body;
  }
}

TEST_P(RolesTest, MessagesWithSystemTurnsAreAnswered) {
  const std::string body = R"({"max_tokens":9,"system":"be brief","messages":)" +
                           list({turn("user", "ask"), turn("assistant", "said"),
                                 turn("user", "more"), turn("system", "mind")}) +
                           "}";
  const Response response = client_.post("/v1/messages", body);
  EXPECT_EQ(response.status, 200) << response.body;
  EXPECT_NE(answered().back().body.find(R"(more\n\nmind)"), std::string::npos);
}

TEST_P(RolesTest, TheSameMessageIsFoldedTheSameWay) {
  std::vector<std::string> messages{turn("system", "one"), turn("user", "two"),
                                    turn("system", "three")};
  const std::string tail = R"(,"stream":true})";
  client_.post("/v1/chat/completions", R"({"messages":)" + list(messages) + tail);
  for (const char* role : {"assistant", "system", "user"}) messages.push_back(turn(role, "more"));
  client_.post("/v1/chat/completions", R"({"messages":)" + list(messages) + tail);
  const auto requests = answered();
  ASSERT_EQ(requests.size(), 2U);
  const std::string first = requests[0].body, second = requests[1].body;
  const std::size_t end = first.find(']');
  EXPECT_EQ(second.substr(0, end), first.substr(0, end));
  EXPECT_NE(first.find(R"(two\n\nthree)"), std::string::npos);
}

TEST_P(RolesTest, OrdinaryChatsAskNothing) {
  client_.post("/v1/chat/completions", chat_body("x", false));
  EXPECT_EQ(upstream_.received().size(), 1U);
}

TEST_P(RolesTest, ATemplateIsAskedOnce) {
  const std::string body = R"({"messages":)" + list({turn("user", "a"), turn("user", "b")}) + "}";
  client_.post("/v1/chat/completions", body);
  const std::size_t asked = upstream_.received().size();
  client_.post("/v1/chat/completions", body);
  EXPECT_EQ(upstream_.received().size(), asked + 1);
}

// The first of two fails to count; the other one's template is strict.
TEST(RolesCountTest, AnotherServerIsAskedInTheOrderOfItsOwnTemplate) {
  const auto server = [](FakeTemplate kind, bool fails) {
    return [kind, fails](const Received& request) -> std::vector<Step> {
      if (request.target == "/apply-template") return {Send{rendered(kind, request.body)}};
      if (fails) return {Close{}};
      const std::string why = refusal(kind, request.body);
      return {Send{why.empty() ? reply(200, R"({"input_tokens":7})")
                               : reply(400, R"({"error":{"message":)" + json::quoted(why) + "}}")}};
    };
  };
  ScriptedUpstream lax(server(FakeTemplate::kLax, true)),
      strict(server(FakeTemplate::kMistral, false));
  Config config = test_config(lax.url());
  config.upstreams.push_back(UpstreamSettings{strict.url(), "", 0});
  TestProxy proxy(config);
  ASSERT_TRUE(eventually([&] { return both_are_well(proxy); }));
  const std::string messages = list({turn("user", "a"), turn("user", "b")});
  const Response counted =
      TestClient(proxy.port())
          .post("/v1/chat/completions/input_tokens", R"({"messages":)" + messages + "}");
  EXPECT_EQ(counted.status, 200) << counted.body;
  const std::string in_vain = lax.received().back().body;
  EXPECT_NE(in_vain.find(messages), std::string::npos) << in_vain;
}

// Without the plugin, and in front of a server that renders nothing on request.
TEST(RolesUnknownTest, MessagesGoInTheOrderTheyCame) {
  for (const bool enabled : {false, true}) {
    ScriptedUpstream upstream([](const Received& request) -> std::vector<Step> {
      if (request.target == "/apply-template") return {Send{reply(404, "{}")}};
      return chat_stream("fine");
    });
    Config config = test_config(upstream.url());
    config.roles.enabled = enabled;
    TestProxy proxy(config);
    TestClient client(proxy.port());
    const std::string messages = list({turn("user", "a"), turn("system", "b"), turn("user", "c")});
    client.post("/v1/chat/completions", R"({"messages":)" + messages + "}");
    EXPECT_NE(upstream.received().back().body.find(messages), std::string::npos);
    const auto received = upstream.received();
    EXPECT_EQ(std::count_if(received.begin(), received.end(),
                            [](const Received& r) { return r.target == "/apply-template"; }),
              enabled ? 1 : 0);
  }
}

}  // namespace
}  // namespace keep::test
