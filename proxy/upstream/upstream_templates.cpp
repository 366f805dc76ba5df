#include "upstream/upstream_templates.hpp"

#include "base/json/json.hpp"

#include <array>
#include <string_view>
#include <utility>

namespace keep {

namespace {

using openai::RoleOrders;

// What is asked with one letter per message: System, User, Assistant, Call, Tool's result.
struct Question {
  bool RoleOrders::*answer;
  std::string_view conversation;
  std::string_view control = "U";  // what cannot even do this says nothing about the rest
};
constexpr std::string_view kPlain = "SUAU";
constexpr std::array kQuestions{
    Question{&RoleOrders::several_systems, "SSU"},
    Question{&RoleOrders::late_system, "SUASU"},
    Question{&RoleOrders::assistant_first, "SAU"},
    Question{&RoleOrders::assistant_first, "S"},
    Question{&RoleOrders::repeated_user, "UUAU"},
    Question{&RoleOrders::repeated_assistant, "UAAU"},
    Question{&RoleOrders::user_after_tool, "UCTU", "UCT"},
};

std::string marker(std::size_t index) { return "keep-probe-" + std::to_string(index); }

std::string_view role_of(char letter) {
  switch (letter) {
    case 'S': return "system";
    case 'U': return "user";
    case 'T': return "tool";
    default: return "assistant";
  }
}

void write_message(char letter, std::size_t index, json::Writer& out) {
  // Some templates want ids of nine letters and digits.
  constexpr std::string_view kCalls =
      R"([{"id":"keepprobe","type":"function","function":{"name":"probe","arguments":"{}"}}])";
  out.begin_object().member("role", role_of(letter));
  if (letter == 'C') {
    out.member("content", "").member_raw("tool_calls", kCalls);
  } else {
    out.member("content", marker(index));
  }
  if (letter == 'T') out.member("tool_call_id", "keepprobe");
  out.end_object();
}

bool in_order(std::string_view prompt, std::string_view conversation) {
  std::size_t at = 0;
  for (std::size_t i = 0; i < conversation.size(); ++i) {
    if (conversation[i] == 'C') continue;
    at = prompt.find(marker(i), at);
    if (at == std::string_view::npos) return false;
  }
  return true;
}

}  // namespace

Task<bool> UpstreamTemplates::renders(std::size_t upstream, std::string conversation) {
  json::Writer body;
  body.begin_object().key("messages").begin_array();
  for (std::size_t i = 0; i < conversation.size(); ++i) write_message(conversation[i], i, body);
  body.end_array().end_object();
  const auto reply = co_await queries_.post(upstream, "/apply-template", body.take());
  if (!reply && reply.error().fault != Fault::kProtocol) co_return reply.error();
  if (!reply) co_return false;
  const auto root = json::validate(*reply);
  co_return root&& in_order(root->find("prompt").string().value_or(""), conversation);
}

Task<std::optional<RoleOrders>> UpstreamTemplates::learn(std::size_t upstream) {
  std::string plain(kPlain);
  const auto answers = co_await renders(upstream, std::move(plain));
  if (!answers) co_return answers.error();
  if (!*answers) co_return std::nullopt;
  RoleOrders orders;
  for (const Question& question : kQuestions) {
    std::string asked(question.conversation), control(question.control);
    const auto rendered = co_await renders(upstream, std::move(asked));
    if (!rendered) co_return rendered.error();
    if (*rendered) continue;
    const auto able = co_await renders(upstream, std::move(control));
    if (!able) co_return able.error();
    if (*able) orders.*question.answer = false;
  }
  co_return orders;
}

asio::awaitable<std::optional<RoleOrders>> UpstreamTemplates::orders(std::size_t upstream) {
  const std::string now = upstreams_.at(upstream).props().chat_template;
  if (const auto at = known_.find(upstream);
      at != known_.end() && at->second.chat_template == now) {
    co_return at->second.orders;
  }
  auto learned = co_await learn(upstream);
  if (!learned) co_return std::nullopt;  // not now
  known_[upstream] = {now, *learned};
  co_return *learned;
}

}  // namespace keep
