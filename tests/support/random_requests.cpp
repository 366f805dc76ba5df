#include "tests/support/random_requests.hpp"

#include "base/json/json.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace keep::test {

namespace {

constexpr std::size_t kConversations = 12;

constexpr std::array kTexts{
    "Please remember: the vault code of the museum is 7341.",
    "What is the vault code of the museum?",
    "My dog is named Bruno, and he was born in May 2019.",
    "What did I say about my dog last week?",
    "If I recall correctly, there was something.",
    "The train to the garden leaves at 7:15 on Monday, 21 November 2025.",
    "Write a title for this conversation.",
    "<think>what now</think>I see.",
    "I see.",
    "x",
    "",
    " \n\t ",
    "\xD0\x9F\xD1\x80\xD0\xB8\xD0\xB2\xD0\xB5\xD1\x82 \xE2\x80\x99\xE2\x80\x9C \xF0\x9F\x98\x80",
};

// Contents that are no plain text. The ones in the end make the whole request a bad one.
constexpr std::array kContents{
    R"("content":"")",
    R"("content":null)",
    R"("content":[])",
    R"("content":[{"type":"text","text":"one"},{"type":"text","text":""}])",
    R"("content":[{"type":"input_text","text":"one"},{"type":"text"},{}])",
    R"("content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,AA=="}}])",
    R"("content":"a\u0000b\ud800c\\\"d")",
    R"("content":"text","tool_calls":[])",
    R"("content":null,"tool_calls":null)",
    R"("content":"text","tool_calls":[{"function":{"name":"look"}},{"id":7},null])",
    R"("content":"text","reasoning_content":"why","name":"bo","extra":{"a":[1,{"b":null}]})",
    R"("output":"no content")",
    R"("content":17)",
    R"("content":{"type":"text","text":"an object"})",
    R"("content":[1,"two",null,[]])",
};
constexpr std::size_t kNoRole = kContents.size() + 1;  // oddities behind the contents
constexpr std::size_t kNullRole = kNoRole + 1, kNoObject = kNoRole + 2, kOddities = kNoRole + 3;

std::string_view role_of(char kind) {
  switch (kind) {
    case 's': return "system";
    case 'd': return "developer";
    case 'a':
    case 'c': return "assistant";
    case 't': return "tool";
    case 'x': return "critic";
    default: return "user";
  }
}

std::string call_of(Surface surface) {
  switch (surface) {
    case Surface::kMessages:
      return R"({"role":"assistant","content":[{"type":"tool_use","id":"call","name":"look",)"
             R"("input":{"at":"museum"}}]})";
    case Surface::kResponses:
      return R"({"type":"function_call","call_id":"call","name":"look","arguments":"{}"})";
    case Surface::kChat: break;
  }
  return R"({"role":"assistant","content":null,"tool_calls":[{"id":"call","type":"function",)"
         R"("function":{"name":"look","arguments":"{}"}}]})";
}

std::string result_of(const std::string& text, Surface surface) {
  const std::string quoted = json::quoted(text);
  switch (surface) {
    case Surface::kMessages:
      return R"({"role":"user","content":[{"type":"tool_result","tool_use_id":"call","content":)" +
             quoted + "}]}";
    case Surface::kResponses:
      return R"({"type":"function_call_output","call_id":"call","output":)" + quoted + "}";
    case Surface::kChat: break;
  }
  return R"({"role":"tool","tool_call_id":"call","content":)" + quoted + "}";
}

}  // namespace

RandomClients::RandomClients(std::uint64_t seed, std::size_t max_messages)
    : random_(seed), max_messages_(max_messages) {
  for (std::size_t i = 0; i < kConversations; ++i) conversations_.push_back(make_conversation());
}

RandomRequest RandomClients::next() {
  Conversation& conversation = conversations_[below(kConversations)];
  if (once_in(30)) conversation = make_conversation();
  if (!once_in(10)) change(conversation.messages);
  RandomRequest request;
  request.headers = conversation.headers;
  if (once_in(100)) {
    request.target = "/v1/conversations/end";
    request.body = R"({"conversation_id":"one"})";
    return request;
  }
  constexpr std::array kTargets{"/v1/chat/completions", "/v1/messages", "/v1/responses"};
  request.target = kTargets[static_cast<std::size_t>(conversation.surface)];
  request.may_fail = once_in(40);
  request.body = to_body(conversation, request.may_fail);
  return request;
}

std::string RandomClients::make_text() {
  if (once_in(200)) return std::string(below(8000), 'y');
  std::string text = kTexts[below(kTexts.size())];
  if (!once_in(3)) text += " Number " + std::to_string(below(100)) + " of the garden.";
  return text;
}

RandomClients::Message RandomClients::make_message() {
  constexpr std::string_view kKinds = "uuuuuuuaaaaaasdctctx";
  Message message;
  message.kind = kKinds[below(kKinds.size())];
  message.text = make_text();
  if (once_in(60)) message.oddity = static_cast<int>(below(kOddities));
  return message;
}

RandomClients::Conversation RandomClients::make_conversation() {
  Conversation conversation;
  // Mostly the surface that refuses least, so that conversations get old.
  constexpr std::array kSurfaces{Surface::kChat, Surface::kChat, Surface::kMessages,
                                 Surface::kResponses};
  conversation.surface = kSurfaces[below(kSurfaces.size())];
  constexpr std::array kHeaders{"", "", "X-Conversation-Id: one\r\n", "X-Conversation-Id: two\r\n",
                                "X-Tenant-ID: other\r\n"};
  conversation.headers = kHeaders[below(kHeaders.size())];
  return conversation;
}

// As a client goes on: the answer it got, and what it says next.
void RandomClients::grow(std::vector<Message>& messages) {
  if (!messages.empty() && messages.back().kind == 'u') messages.push_back({'a', 0, "I see."});
  const std::size_t more = once_in(20) ? below(60) : 1;
  for (std::size_t i = 0; i < more; ++i) messages.push_back({'u', 0, make_text()});
}

void RandomClients::change(std::vector<Message>& messages) {
  const std::size_t size = messages.size();
  const auto place = [&] {
    return messages.begin() + static_cast<std::ptrdiff_t>(below(size + 1));
  };
  const std::size_t what = below(20);
  if (what < 9 || size == 0) {
    grow(messages);
  } else if (what < 13) {
    messages.push_back(make_message());
  } else if (what < 15) {
    messages.insert(place(), make_message());
  } else if (what == 15) {
    messages[below(size)] = make_message();
  } else if (what == 16) {
    messages.erase(place(), messages.end());
  } else if (what == 17) {
    messages.erase(messages.begin(), place());
  } else if (what == 18) {
    messages.erase(messages.begin() + static_cast<std::ptrdiff_t>(below(size)));
  } else {
    std::shuffle(place(), messages.end(), random_);
  }
  if (messages.size() > max_messages_) messages.resize(below(max_messages_));
}

std::string RandomClients::to_json(const Message& message, Surface surface) {
  const auto odd = static_cast<std::size_t>(message.oddity);
  const std::string text = R"("content":)" + json::quoted(message.text);
  if (odd == kNoRole) return "{" + text + "}";
  if (odd == kNullRole) return R"({"role":null,)" + text + "}";
  if (odd == kNoObject) return json::quoted(message.text);
  const std::string role = R"({"role":")" + std::string(role_of(message.kind)) + "\",";
  if (odd != 0) return role + kContents[odd - 1] + "}";
  if (message.kind == 'c') return call_of(surface);
  if (message.kind == 't') return result_of(message.text, surface);
  return role + text + "}";
}

std::string RandomClients::to_body(const Conversation& conversation, bool may_fail) {
  std::string list;
  for (const Message& message : conversation.messages) {
    // Anthropic would refuse them all.
    const bool unknown = message.kind == 'd' || message.kind == 'x';
    if (conversation.surface == Surface::kMessages && unknown) continue;
    list += (list.empty() ? "" : ",") + to_json(message, conversation.surface);
  }
  std::string body =
      conversation.surface == Surface::kResponses ? "{\"input\":[" : "{\"messages\":[";
  body += list + R"(],"max_tokens":20,"stream":)" + (once_in(2) ? "true" : "false");
  if (once_in(10)) body += R"(,"tools":[{"type":"function","function":{"name":"look"}}])";
  if (once_in(30)) body += R"(,"store":false)";
  if (once_in(30)) body += R"(,"id_slot":)" + std::to_string(below(6));
  if (once_in(30)) body += R"(,"system":"Be brief.","instructions":"Be brief.")";
  if (may_fail) body += std::string(",") + kFail;
  return body + "}";
}

}  // namespace keep::test
