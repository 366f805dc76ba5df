// to_chat_body(): the top level of an Anthropic request.
#include "openai/anthropic/anthropic.hpp"
#include "openai/anthropic/anthropic_content.hpp"
#include "openai/anthropic/anthropic_tools.hpp"
#include "openai/anthropic/anthropic_turns.hpp"
#include "openai/json_text.hpp"
#include "openai/request_limits.hpp"

#include <algorithm>
#include <iterator>
#include <string_view>

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

struct Fields {
  Value values[kKnownCount];
  const Value& operator[](Known known) const noexcept { return values[known]; }
};

bool is_dropped(const Member& member, bool has_stop_sequences) noexcept {
  const auto same = [&](std::string_view name) { return member.key_is(name); };
  return std::any_of(std::begin(kDropped), std::end(kDropped), same) ||
         (has_stop_sequences && member.key_is("stop"));
}

Value* find_known(Fields& fields, const Member& member) noexcept {
  for (std::size_t i = 0; i < kKnownCount; ++i) {
    if (member.key_is(kKnownNames[i])) return &fields.values[i];
  }
  return nullptr;
}

Result<Fields> read_fields(const Value& root) {
  Fields fields;
  std::size_t count = 0;
  for (const Member member : root.members()) {
    if (++count > RequestLimits::kFields) {
      return too_many("body", RequestLimits::kFields, "fields");
    }
    Value* const known = find_known(fields, member);
    if (known == nullptr) continue;
    if (!known->missing()) return bad_request(member.raw_key, "appears twice");
    *known = member.value;
  }
  if (holds_more(fields[kTools], RequestLimits::kTools)) {
    return too_many("tools", RequestLimits::kTools);
  }
  if (holds_more(fields[kMessages], RequestLimits::kMessages)) {
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
  if (!root->is_object()) return bad_request("body", "must be a JSON object");
  auto fields = read_fields(*root);
  if (!fields) return fields.error();

  json::Writer out;
  out.begin_object();
  const bool stops = !inner_of_array((*fields)[kStopSequences]).empty();
  for (const Member member : root->members()) {
    if (find_known(*fields, member) == nullptr && !is_dropped(member, stops)) {
      copy_member(member, out);
    }
  }
  write_stop(*fields, out);
  write_thinking((*fields)[kThinking], out);
  write_format(*fields, out);
  auto done = write_tools((*fields)[kTools], (*fields)[kToolChoice], out);
  if (!done) return done.error();
  done = write_messages((*fields)[kSystem], (*fields)[kMessages], out.key("messages"));
  if (!done) return done.error();
  out.end_object();
  // Room for the parser's padding: the body is parsed again.
  std::string text = out.take();
  text.reserve(text.size() + 64);
  return text;
}

}  // namespace keep::openai::anthropic
