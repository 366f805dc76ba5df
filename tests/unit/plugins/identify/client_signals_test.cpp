#include "plugins/identify/client_signals.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

namespace keep::identify {
namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

struct Client {
  std::string name;
  Fields headers;
  std::string body;
  std::string id, source;
};

// What each client really sends, other headers included.
const std::vector<Client>& clients() {
  static const std::vector<Client> kClients = {
      {"Claude Code",
       {{"Host", "127.0.0.1:8200"},
        {"User-Agent", "claude-cli/2.1.90 (external, cli)"},
        {"anthropic-version", "2023-06-01"},
        {"X-Claude-Code-Session-Id", "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"}},
       R"({"metadata":{"user_id":"user_0a_account__session_ffff"}})",
       "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0",
       "header:x-claude-code-session-id"},
      {"Claude Code, old user_id",
       {{"User-Agent", "claude-cli/1.0.80"}},
       R"({"metadata":{"user_id":"user_9a8b_account_77_session_1b4e28ba-2fa1-11d2-883f-0016d3cca427"}})",
       "1b4e28ba-2fa1-11d2-883f-0016d3cca427",
       "body:metadata.user_id"},
      {"Claude Code, new user_id",
       {},
       R"({"metadata":{"user_id":"{\"device_id\":\"d\",\"account_uuid\":\"a\",\"session_id\":\"s-77\"}"}})",
       "s-77",
       "body:metadata.user_id"},
      {"Codex",
       {{"originator", "codex_cli_rs"},
        {"session-id", "0199-a"},
        {"thread-id", "0199-b"},
        {"x-client-request-id", "r1"},
        {"x-codex-window-id", "0199-a:0"}},
       R"({"prompt_cache_key":"0199-a"})",
       "0199-a",
       "header:session-id"},
      {"Codex, older",
       {{"conversation_id", "conv-1"}, {"session_id", "conv-1"}},
       "{}",
       "conv-1",
       "header:conversation_id"},
      {"Codex, body only", {}, R"({"prompt_cache_key":"k1"})", "k1", "body:prompt_cache_key"},
      {"OpenCode",
       {{"x-session-affinity", "ses_1"}, {"X-Session-Id", "ses_1"}},
       "{}",
       "ses_1",
       "header:x-session-id"},
      {"OpenCode, its own provider",
       {{"x-opencode-session", "ses_2"},
        {"x-opencode-request", "msg_9"},
        {"x-opencode-client", "cli"}},
       "{}",
       "ses_2",
       "header:x-opencode-session"},
      {"Crush",
       {{"x-session-affinity", "9f86d081"}},
       "{}",
       "9f86d081",
       "header:x-session-affinity"},
      {"pi",
       {{"session_id", "pi-1"}, {"x-client-request-id", "pi-1"}},
       "{}",
       "pi-1",
       "header:session_id"},
      {"Cline", {{"X-Task-ID", "1730000000000"}}, "{}", "1730000000000", "header:x-task-id"},
      {"Cline over LiteLLM",
       {},
       R"({"litellm_session_id":"cline-1730000000000"})",
       "cline-1730000000000",
       "body:litellm_session_id"},
      {"Zoo Code", {{"X-Zoo-Session-ID", "z1"}}, "{}", "z1", "header:x-zoo-session-id"},
      {"Zoo Code's gateway", {{"X-Zoo-Task-ID", "z2"}}, "{}", "z2", "header:x-zoo-task-id"},
      {"Kilo",
       {{"x-kilocode-taskid", "k1"}, {"x-kilo-session", "k2"}},
       "{}",
       "k1",
       "header:x-kilocode-taskid"},
      {"Kilo, fallback", {{"x-kilo-session", "k2"}}, "{}", "k2", "header:x-kilo-session"},
      {"Goose",
       {{"agent-session-id", "20260101_1"}},
       "{}",
       "20260101_1",
       "header:agent-session-id"},
      {"Amp", {{"X-Amp-Thread-Id", "T-1"}}, "{}", "T-1", "header:x-amp-thread-id"},
      {"Pochi", {{"x-pochi-session-id", "p1"}}, "{}", "p1", "header:x-pochi-session-id"},
      {"Open WebUI",
       {{"X-OpenWebUI-User-Name", "Ann"},
        {"X-OpenWebUI-User-Id", "u1"},
        {"X-OpenWebUI-User-Email", "a@b.c"},
        {"X-OpenWebUI-User-Role", "user"},
        {"X-OpenWebUI-Chat-Id", "chat-1"}},
       "{}",
       "chat-1",
       "header:x-openwebui-chat-id"},
      {"LibreChat", {{"X-Conversation-ID", "lc-1"}}, "{}", "lc-1", "header:x-conversation-id"},
      {"LiteLLM", {{"x-litellm-session-id", "ll-1"}}, "{}", "ll-1", "header:x-litellm-session-id"},
      {"LiteLLM, body",
       {},
       R"({"metadata":{"session_id":"ll-2"}})",
       "ll-2",
       "body:metadata.session_id"},
      {"supermemory", {{"x-sm-conversation-id", "sm"}}, "{}", "sm", "header:x-sm-conversation-id"},
      {"Responses API", {}, R"({"conversation":"conv_1"})", "conv_1", "body:conversation"},
      {"Responses API, object",
       {},
       R"({"conversation":{"id":"conv_2"}})",
       "conv_2",
       "body:conversation.id"},
      {"ours, body", {}, R"({"conversation_id":"own"})", "own", "body:conversation_id"},
      {"a number", {}, R"({"chat_id":42})", "42", "body:chat_id"},
      {"x-thread-id", {{"X-Thread-Id", "th"}}, "{}", "th", "header:x-thread-id"},
      {"sessionId", {}, R"({"sessionId":"s"})", "s", "body:sessionId"},
      {"session_id", {}, R"({"session_id":"s"})", "s", "body:session_id"},
      {"metadata.conversation_id",
       {},
       R"({"metadata":{"conversation_id":"mc"}})",
       "mc",
       "body:metadata.conversation_id"},
      {"metadata.chat_id", {}, R"({"metadata":{"chat_id":"m"}})", "m", "body:metadata.chat_id"},
  };
  return kClients;
}

Headers to_headers(const Fields& fields) {
  Headers headers;
  for (const auto& [name, value] : fields) headers.add(name, value);
  return headers;
}

TEST(FindSignal, KnowsEveryClientOfTheTable) {
  std::set<std::string> seen;
  for (const Client& client : clients()) {
    const auto signal = find_signal(to_headers(client.headers), json::Value(client.body));
    ASSERT_TRUE(signal) << client.name;
    EXPECT_EQ(signal->id, client.id) << client.name;
    EXPECT_EQ(signal->source, client.source) << client.name;
    seen.insert(signal->source.substr(signal->source.find(':') + 1));
  }
  // thread-id is covered below: Codex sends session-id before it.
  seen.insert("thread-id");
  for (const SignalRow& row : signal_table()) {
    if (row.gives != SignalRow::Gives::kConversation) continue;
    EXPECT_TRUE(seen.contains(std::string(row.name))) << row.name << " has no example";
  }
}

TEST(FindSignal, TakesTheMostTrustedOfSeveral) {
  const auto headers = to_headers({{"x-session-id", "generic"},
                                   {"x-claude-code-session-id", "client"},
                                   {"X-Conversation-Id", "ours"}});
  EXPECT_EQ(find_signal(headers, json::Value(R"({"conversation_id":"b"})"))->id, "ours");
  const auto without = to_headers({{"x-claude-code-session-id", "client"}});
  EXPECT_EQ(find_signal(without, json::Value(R"({"conversation_id":"b"})"))->id, "b");
  EXPECT_EQ(find_signal(to_headers({{"thread-id", "t"}}), json::Value("{}"))->source,
            "header:thread-id");
}

TEST(FindSignal, IsNoPersonAndNoRequest) {
  const auto headers = to_headers({{"x-client-request-id", "r"},
                                   {"X-OpenWebUI-User-Id", "u"},
                                   {"x-parent-session-id", "parent"},
                                   {"X-Claude-Code-Agent-Id", "agent"},
                                   {"x-opencode-project", "project"},
                                   {"User-Agent", "OpenAI/Python 1.0"}});
  EXPECT_FALSE(find_signal(
      headers,
      json::Value(R"({"user":"u","safety_identifier":"s","metadata":{"user_id":"plain"}})")));
  EXPECT_EQ(find_hint(headers)->id, "r");
  EXPECT_FALSE(find_hint(Headers()));
  EXPECT_FALSE(find_signal(Headers(), json::Value()));
}

TEST(FindSignal, SkipsTemplatesThatWereNotFilledIn) {
  for (const char* value :
       {"", "  ", "null", "undefined", "None", "new", "{{LIBRECHAT_BODY_CONVERSATIONID}}"}) {
    const auto headers = to_headers({{"X-Conversation-ID", value}, {"x-session-id", "s"}});
    EXPECT_EQ(find_signal(headers, json::Value("{}"))->id, "s") << value;
  }
}

TEST(CleanId, KeepsIdsAsSentAndExact) {
  EXPECT_EQ(clean_id("session-1"), "session-1");
  EXPECT_NE(clean_id("session-1"), clean_id("session-12"));
  EXPECT_EQ(clean_id("Größe/1"), "Größe/1");
  EXPECT_EQ(clean_id(std::string(256, 'x')), std::string(256, 'x'));
}

TEST(CleanId, HashesWhatIsLongOrUnsafe) {
  const std::string a(257, 'x');
  const auto hashed = clean_id(a);
  ASSERT_TRUE(hashed);
  EXPECT_EQ(hashed->size(), 34U);
  EXPECT_TRUE(hashed->starts_with("h-"));
  EXPECT_NE(hashed, clean_id(a + "x"));
  EXPECT_TRUE(clean_id("a\r\nX-Evil: 1")->starts_with("h-"));
}

TEST(SessionOfUserId, IgnoresOtherTexts) {
  EXPECT_FALSE(session_of_user_id("alice"));
  EXPECT_FALSE(session_of_user_id("{broken"));
  EXPECT_FALSE(session_of_user_id("{\"device_id\":\"d\"}"));
  EXPECT_FALSE(session_of_user_id("team_session_of_monday"));
  EXPECT_EQ(session_of_user_id("user_a_account__session_"), "");
}

TEST(AgentSignal, TellsSubAgentsApart) {
  EXPECT_EQ(agent_signal(Headers()), 0U);
  const auto a = agent_signal(to_headers({{"X-Claude-Code-Agent-Id", "a1"}}));
  const auto b = agent_signal(to_headers({{"X-Claude-Code-Agent-Id", "a2"}}));
  const auto child = agent_signal(to_headers({{"x-parent-session-id", "a1"}}));
  EXPECT_NE(a, 0U);
  EXPECT_NE(a, b);
  EXPECT_NE(a, child);
}

TEST(PreviousResponse, ReadsTheField) {
  EXPECT_EQ(previous_response(json::Value(R"({"previous_response_id":"resp_1"})")), "resp_1");
  EXPECT_FALSE(previous_response(json::Value(R"({"previous_response_id":null})")));
}

}  // namespace
}  // namespace keep::identify
