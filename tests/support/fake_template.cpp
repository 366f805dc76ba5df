#include "tests/support/fake_template.hpp"

#include "base/json/json.hpp"
#include "openai/request/message.hpp"
#include "tests/support/scripted_upstream.hpp"

#include <utility>

namespace keep::test {

std::string refusal(FakeTemplate kind, const std::string& body) {
  if (kind == FakeTemplate::kLax) return {};
  bool first = true, users_turn = true;
  for (const json::Value message : json::Value(body).find("messages").elements()) {
    const std::string role = message.find("role").string().value_or("");
    const bool leading = std::exchange(first, false);
    if (role == "system" || role == "developer") {
      if (!leading) return "System message must be at the beginning.";
      continue;
    }
    const bool aside = role == "tool" || message.find("tool_calls").is_array();
    if (kind != FakeTemplate::kMistral || aside) continue;
    if ((role == "user") != users_turn) return "conversation roles must alternate";
    users_turn = !users_turn;
  }
  const bool silent = kind == FakeTemplate::kMistral && users_turn;
  return silent && body.find("\"tool\"") == std::string::npos &&
                 body.find("\"assistant\"") == std::string::npos
             ? "there must be a user's message"
             : "";
}

std::string rendered(FakeTemplate kind, const std::string& body) {
  const std::string why = refusal(kind, body);
  if (!why.empty()) {
    return reply(400, R"({"error":{"code":400,"message":)" + json::quoted(why) + "}}");
  }
  std::string prompt;
  for (const json::Value message : json::Value(body).find("messages").elements()) {
    prompt += openai::content_text(message.find("content")) + '\n';
  }
  return reply(200, "{\"prompt\":" + json::quoted(prompt) + "}");
}

}  // namespace keep::test
