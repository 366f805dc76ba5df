// to_chat_body(): the top level of an Anthropic request.
#include "openai/anthropic/anthropic.hpp"
#include "openai/anthropic/anthropic_content.hpp"
#include "openai/anthropic/anthropic_tools.hpp"
#include "openai/anthropic/anthropic_turns.hpp"
#include "openai/json_text.hpp"
#include "openai/request/known_members.hpp"
#include "openai/request/request_limits.hpp"

#include <iterator>
#include <string_view>
#include <vector>

namespace keep::openai::anthropic {

namespace {

using json::Member;
using json::Value;

// Members that are translated. All others are kept, save those below.
enum Known : std::size_t {
  kSystem,
  kMessages,
  kTools,
  kToolChoice,
  kStopSequences,
  kThinking,
  kOutputConfig,
  kOutputFormat,
  kKnownCount,
};
constexpr std::string_view kKnownNames[] = {
    "system",         "messages", "tools",         "tool_choice",
    "stop_sequences", "thinking", "output_config", "output_format",
};
static_assert(std::size(kKnownNames) == kKnownCount);

// Anthropic's own, without a meaning for llama-server; and what would change the detailed report,
// which is for us to read.
constexpr std::string_view kDropped[] = {
    "anthropic_beta",     "anthropic_version", "betas",         "cache_control",   "container",
    "context_management", "diagnostics",       "inference_geo", "mcp_servers",     "speed",
    "user_profile_id",    "workspace_id",      "verbose",       "response_fields",
};

using Fields = std::vector<Value>;  // by Known

bool is_dropped(const Member& member, bool has_stop_sequences) noexcept {
  return is_in(kDropped, member) || (has_stop_sequences && member.key_is("stop"));
}

Result<Fields> read_fields(const Value& root) {
  auto fields = read_known(root, kKnownNames, bad_request);
  if (!fields) return fields;
  if (holds_more((*fields)[kTools], RequestLimits::kTools)) {
    return too_many("tools", RequestLimits::kTools);
  }
  if (holds_more((*fields)[kMessages], RequestLimits::kMessages)) {
    return too_many("messages", RequestLimits::kMessages);
  }
  return fields;
}

// llama-server tells a stop word from the end of the turn only in its detailed report, which
// otherwise repeats the prompt.
void write_stop(const Fields& fields, json::Writer& out) {
  if (inner_of_array(fields[kStopSequences]).empty()) return;
  out.member_raw("stop", fields[kStopSequences].raw());
  out.member("verbose", true).member_raw("response_fields", R"(["stop_type","stopping_word"])");
}

void write_thinking(const Value& thinking, json::Writer& out) {
  const auto budget = thinking.find("budget_tokens").integer();
  if (budget && *budget > 0) out.member("thinking_budget_tokens", *budget);
}

void write_format(const Fields& fields, json::Writer& out) {
  Value format = fields[kOutputConfig].find("format");
  if (!format.is_object()) format = fields[kOutputFormat];
  const Value schema = format.find("schema");
  if (!schema.is_object()) return;
  out.key("response_format").begin_object().member("type", "json_schema");
  out.key("json_schema").begin_object().member("name", "output");
  out.member_raw("schema", schema.raw()).end_object().end_object();
}

}  // namespace

Result<std::string> to_chat_body(const std::string& body) {
  const auto root = json::validate(body);
  if (!root) return root.error();
  const auto fields = read_fields(*root);
  if (!fields) return fields.error();

  json::Writer out;
  out.begin_object();
  const bool stops = !inner_of_array((*fields)[kStopSequences]).empty();
  for (const Member member : root->members()) {
    if (!is_in(kKnownNames, member) && !is_dropped(member, stops)) copy_member(member, out);
  }
  write_stop(*fields, out);
  write_thinking((*fields)[kThinking], out);
  write_format(*fields, out);
  auto done = write_tools((*fields)[kTools], (*fields)[kToolChoice], out);
  if (!done) return done.error();
  done = write_messages((*fields)[kSystem], (*fields)[kMessages], out.key("messages"));
  if (!done) return done.error();
  out.end_object();
  return take_body(out);
}

}  // namespace keep::openai::anthropic
