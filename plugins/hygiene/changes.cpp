#include "plugins/hygiene/changes.hpp"

#include "openai/request/message.hpp"
#include "plugins/hygiene/frozen_values.hpp"

#include <string_view>
#include <utility>

namespace keep::hygiene {

namespace {

// The message's JSON with other content.
std::string with_content(const openai::Message& message, std::string_view content) {
  const std::string_view raw = message.raw.raw();
  const std::string_view old = message.content.raw();
  const auto begin = static_cast<std::size_t>(old.data() - raw.data());
  std::string out(raw.substr(0, begin));
  out += content;
  out += raw.substr(begin + old.size());
  return out;
}

Change change_of(const openai::ChatRequest& chat, std::size_t index, Cleaned cleaned) {
  Change change;
  change.index = index;
  change.cleaned = std::move(cleaned);
  if (change.cleaned.content.empty()) return change;
  const openai::Message& message = chat.messages[index];
  change.json = with_content(message, change.cleaned.content);
  change.hash = message.hash;
  change.text_bytes = message.text_bytes;
  const auto read = openai::read_chat_message(json::Value(change.json), "messages");
  if (!read) return change;
  change.hash = read->hash;
  change.text_bytes = read->text_bytes;
  return change;
}

}  // namespace

std::vector<Change> changes_by(const RuleSet& rules, const openai::ChatRequest& chat) {
  std::vector<Change> changes;
  if (rules.empty() || !chat.messages_raw.is_array()) return changes;
  const auto stand_in = [&rules](std::size_t rule, std::string_view) {
    return "\x01" + rules.name(rule);
  };
  for (std::size_t i = 0; i < chat.messages.size(); ++i) {
    const openai::Message& message = chat.messages[i];
    auto cleaned = rules.apply(message.role, message.content, stand_in);
    if (cleaned) changes.push_back(change_of(chat, i, *std::move(cleaned)));
  }
  return changes;
}

std::size_t bytes_to_clean(const RuleSet& rules, const openai::ChatRequest& chat) {
  std::size_t bytes = 0;
  if (rules.empty() || !chat.messages_raw.is_array()) return bytes;
  for (const openai::Message& message : chat.messages) {
    if (rules.may_change(message.role, message.content)) bytes += message.raw.raw().size();
  }
  return bytes;
}

Frozen freeze_messages(const RuleSet& rules, const openai::ChatRequest& chat,
                       const std::vector<std::size_t>& messages, RuleValues values,
                       bool take_first) {
  Frozen frozen;
  frozen.values = std::move(values);
  const auto value_of = [&](std::size_t rule, std::string_view match) {
    std::optional<std::string>& value = frozen.values[rule];
    if (!value && take_first && match.size() <= FrozenValues::kMaxValueBytes) value = match;
    return value ? *value : std::string(match);
  };
  for (const std::size_t i : messages) {
    const openai::Message& message = chat.messages[i];
    const auto cleaned = rules.apply(message.role, message.content, value_of);
    if (!cleaned || cleaned->content.empty()) continue;
    frozen.edits.emplace_back(openai::ReplaceMessage{i, with_content(message, cleaned->content)});
  }
  return frozen;
}

}  // namespace keep::hygiene
