#include "plugins/hedge/continued_request.hpp"

#include "base/json/json.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

namespace keep::hedge {

namespace {

std::string without_thinking(const json::Value& kwargs) {
  json::Writer out;
  out.begin_object();
  for (const json::Member member : kwargs.members()) {
    if (member.key_is("enable_thinking")) continue;
    std::string key = "\"";
    key.append(member.raw_key).append("\"");
    out.member_raw(json::Value(key).string().value_or(""), member.value.raw());
  }
  return out.member("enable_thinking", false).end_object().take();
}

bool limits_tokens(const json::Member& field) {
  constexpr std::array<const char*, 3> kNames{"max_tokens", "max_completion_tokens", "n_predict"};
  return std::ranges::any_of(kNames, [&](const char* name) { return field.key_is(name); });
}

}  // namespace

openai::BodyEdits continue_edits(const openai::ChatRequest& chat, const Continuation& continuation,
                                 Prefill prefill) {
  openai::BodyEdits edits;
  json::Value kwargs;
  for (const json::Member& field : chat.fields) {
    if (field.key_is("chat_template_kwargs")) kwargs = field.value;
    const std::int64_t limit = limits_tokens(field) ? field.value.integer().value_or(-1) : -1;
    if (limit < 0) continue;
    const std::int64_t left = std::max<std::int64_t>(1, limit - continuation.tokens);
    const std::string key = json::Value('"' + std::string(field.raw_key) + '"').string().value();
    edits.emplace_back(openai::SetField{key, std::to_string(left)});
  }
  if (prefill == Prefill::kCompletion || continuation.text.empty()) return edits;
  json::Writer message;
  message.begin_object().member("role", "assistant").member("content", continuation.text);
  const std::size_t end = chat.messages.size();
  edits.emplace_back(openai::InsertMessage{end, message.end_object().take()});
  if (prefill == Prefill::kChatWithoutThinking) {
    edits.emplace_back(openai::SetField{"chat_template_kwargs", without_thinking(kwargs)});
  }
  return edits;
}

openai::BodyEdits completion_edits(const Continuation& continuation, std::string rendered) {
  openai::BodyEdits edits;
  rendered += continuation.text;
  edits.emplace_back(openai::SetField{"prompt", json::quoted(rendered)});
  edits.emplace_back(openai::RemoveField{"response_fields"});  // the end of it has to be seen
  return edits;
}

}  // namespace keep::hedge
