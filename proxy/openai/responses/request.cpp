// to_chat_body(): the top level of a Responses request.
#include "openai/json_text.hpp"
#include "openai/request/known_members.hpp"
#include "openai/request/request_limits.hpp"
#include "openai/responses/content.hpp"
#include "openai/responses/items.hpp"
#include "openai/responses/responses.hpp"
#include "openai/responses/tools.hpp"

#include <iterator>
#include <string_view>
#include <vector>

namespace keep::openai::responses {

namespace {

using json::Member;
using json::Value;

// Members that are translated. All others are kept, save those below.
enum Known : std::size_t {
  kInput,
  kInstructions,
  kTools,
  kToolChoice,
  kMaxOutputTokens,
  kText,
  kReasoning,
  kPreviousResponse,
  kKnownCount,
};
constexpr std::string_view kKnownNames[] = {
    "input",     "instructions",         "tools", "tool_choice", "max_output_tokens", "text",
    "reasoning", "previous_response_id",
};
static_assert(std::size(kKnownNames) == kKnownCount);

// Without a meaning for llama-server, or with another one there.
constexpr std::string_view kDropped[] = {
    "background",           "include",      "max_tool_calls", "messages",     "prompt",
    "prompt_cache_options", "service_tier", "stream_options", "top_logprobs", "truncation",
};

using Fields = std::vector<Value>;  // by Known

bool is_dropped(const Member& member, bool has_limit) noexcept {
  return (has_limit && member.key_is("max_tokens")) || is_in(kDropped, member);
}

Result<Fields> read_fields(const Value& root) {
  auto fields = read_known(root, kKnownNames, bad_request);
  if (fields && holds_more((*fields)[kTools], RequestLimits::kTools)) {
    return too_many("tools", RequestLimits::kTools);
  }
  return fields;
}

void write_format(const Value& format, json::Writer& out) {
  const std::string type = format.find("type").string().value_or("text");
  if (type == "json_object") out.member_raw("response_format", R"({"type":"json_object"})");
  if (type != "json_schema") return;
  out.key("response_format").begin_object().member("type", "json_schema");
  out.key("json_schema").begin_object();
  for (const Member member : format.members()) {
    if (!member.key_is("type") && !is_null(member.value)) copy_member(member, out);
  }
  out.end_object().end_object();
}

}  // namespace

Result<std::string> to_chat_body(const std::string& body) {
  const auto root = json::validate(body);
  if (!root) return root.error();
  const auto fields = read_fields(*root);
  if (!fields) return fields.error();
  if (!(*fields)[kPreviousResponse].missing() && !is_null((*fields)[kPreviousResponse])) {
    return bad_request("previous_response_id",
                       "is not supported: send the whole conversation as 'input'");
  }
  const bool has_limit = (*fields)[kMaxOutputTokens].integer().has_value();
  json::Writer out;
  out.begin_object();
  for (const Member member : root->members()) {
    if (!is_in(kKnownNames, member) && !is_dropped(member, has_limit)) copy_member(member, out);
  }
  if (has_limit) {
    out.member_raw("max_tokens", (*fields)[kMaxOutputTokens].raw());
  }
  const Value effort = (*fields)[kReasoning].find("effort");
  if (effort.is_string()) out.member_raw("reasoning_effort", effort.raw());
  write_format((*fields)[kText].find("format"), out);
  write_tools((*fields)[kTools], (*fields)[kToolChoice], out);
  const auto done =
      write_messages((*fields)[kInstructions], (*fields)[kInput], out.key("messages"));
  if (!done) return done.error();
  out.end_object();
  return take_body(out);
}

}  // namespace keep::openai::responses
