#include "plugins/hedge/watchable.hpp"

#include "exchange/interfaces/conversations.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace keep::hedge {

namespace {

using json::Value;

bool says_nothing(const Value& value) {
  return value.type() == json::Type::kNull || value.raw() == "[]" || value.raw() == "{}" ||
         value.raw() == R"("")";
}

bool constrains(const json::Member& field) {
  constexpr std::array<std::string_view, 5> kConstraints{"grammar", "json_schema", "logit_bias",
                                                         "functions", "tools"};
  if (field.key_is("response_format")) {
    return !says_nothing(field.value) && field.value.find("type").plain_string() != "text";
  }
  if (field.key_is("x_keep")) return field.value.find("hedge").boolean() == false;
  const auto named = [&](std::string_view key) { return field.key_is(key); };
  return std::ranges::any_of(kConstraints, named) && !says_nothing(field.value);
}

}  // namespace

bool is_chat(const Exchange& exchange) noexcept {
  return exchange.surface == openai::Surface::kChat;
}

bool watchable(const Exchange& exchange) {
  const openai::ChatRequest& chat = exchange.chat;
  if (!exchange.upstream_streams()) return false;
  if (!is_chat(exchange) || !exchange.zone.planned || !exchange.zone.stored || chat.choices != 1)
    return false;
  if (chat.messages.empty() || exchange.identity.auxiliary) return false;
  if (role_of(chat.messages.back().role) == Role::kAssistant) return false;
  return std::ranges::none_of(chat.fields, constrains);
}

}  // namespace keep::hedge
