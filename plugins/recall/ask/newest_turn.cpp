#include "plugins/recall/ask/newest_turn.hpp"

#include "base/text/utf8.hpp"
#include "openai/request/message.hpp"
#include "plugins/recall/ask/question.hpp"

#include <string_view>
#include <utility>

namespace keep::recall {

namespace {

bool is_user(const openai::Message& message) { return role_of(message.role) == Role::kUser; }
bool answers(const openai::Message& message) {
  const Role role = role_of(message.role);
  return role == Role::kAssistant || role == Role::kTool;
}

// What the user says in messages `begin` to `end`.
std::string user_text(const Exchange& exchange, std::size_t begin, std::size_t end) {
  std::string text;
  for (std::size_t i = begin; i < end; ++i) {
    const openai::Message& message = exchange.chat.messages[i];
    if (!is_user(message)) continue;
    if (!text.empty()) text += '\n';
    text += openai::content_text(message.content);
  }
  return text;
}

}  // namespace

std::optional<Turn> newest_turn(const Exchange& exchange) {
  const auto& messages = exchange.chat.messages;
  std::size_t begin = messages.size();
  bool user = false;
  while (begin > exchange.zone.lead && !answers(messages[begin - 1])) {
    --begin;
    user = user || is_user(messages[begin]);
  }
  if (!user) return std::nullopt;
  return Turn{begin, exchange.zone.position_of(begin)};
}

Query query_of(const Exchange& exchange, const Turn& turn) {
  Query query;
  query.text = ends_of(user_text(exchange, turn.index, exchange.chat.messages.size()));
  query.questions = questions_of(query.text, ends_of(text_before(exchange, turn)));
  query.is_question = asks(query.text);
  return query;
}

std::string text_before(const Exchange& exchange, const Turn& turn) {
  const auto& messages = exchange.chat.messages;
  std::size_t end = turn.index;
  while (end > exchange.zone.lead && answers(messages[end - 1])) --end;
  std::size_t begin = end;
  while (begin > exchange.zone.lead && !answers(messages[begin - 1])) --begin;
  return user_text(exchange, begin, end);
}

std::string ends_of(std::string text) {
  if (text.size() <= kMaxAsked) return text;
  const std::size_t head = utf8::boundary_from(text, kMaxAsked / 2);
  const std::size_t tail = utf8::boundary_from(text, text.size() - kMaxAsked / 2);
  return text.substr(0, head) + '\n' + text.substr(tail);
}

Position first_sent(const Exchange& exchange) {
  const auto& zone = exchange.zone;
  for (std::size_t i = zone.first; i < exchange.chat.messages.size(); ++i) {
    if (zone.position_of(i) != kNoPosition) return zone.position_of(i);
  }
  return kNoPosition;
}

}  // namespace keep::recall
