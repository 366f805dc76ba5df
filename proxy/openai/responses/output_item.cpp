#include "openai/responses/output_item.hpp"

namespace keep::openai::responses {

namespace {

using json::Member;
using Kind = OutputItem::Kind;

std::string_view type_of(Kind kind) noexcept {
  switch (kind) {
    case Kind::kReasoning: return "reasoning";
    case Kind::kMessage: return "message";
    case Kind::kFunctionCall: return "function_call";
    case Kind::kCustomCall: return "custom_tool_call";
    case Kind::kShellCall: return "local_shell_call";
    case Kind::kNone: break;
  }
  return "";
}

void write_text(const OutputItem& item, bool whole, json::Writer& out) {
  if (whole) {
    item.text.write(out);
  } else {
    out.string("");
  }
}

void write_content(const OutputItem& item, bool whole, json::Writer& out) {
  out.key("content").begin_array();
  if (whole) write_part(item, true, out);
  out.end_array();
}

void write_action(const OutputItem& item, bool whole, json::Writer& out) {
  out.key("action").begin_object().member("type", "exec");
  const std::string arguments = whole ? item.text.decoded() : "{}";
  const auto read = json::validate(arguments);
  bool command = false, env = false;
  if (read) {
    for (const Member member : read->members()) {
      command |= member.key_is("command");
      env |= member.key_is("env");
      if (!member.key_is("type")) copy_member(member, out);
    }
  }
  if (!command) out.member_raw("command", "[]");
  if (!env) out.member_raw("env", "{}");
  out.end_object();
}

}  // namespace

std::string custom_input(const OutputItem& item) {
  std::string arguments = item.text.decoded();
  const auto read = json::validate(arguments);
  auto input = read ? read->find("input").string() : std::nullopt;
  return input ? *std::move(input) : arguments;
}

std::string_view event_name(Kind kind) noexcept {
  switch (kind) {
    case Kind::kReasoning: return "reasoning_text";
    case Kind::kMessage: return "output_text";
    case Kind::kCustomCall: return "custom_tool_call_input";
    default: return "function_call_arguments";
  }
}

void write_part(const OutputItem& item, bool whole, json::Writer& out) {
  const bool reasoning = item.kind == Kind::kReasoning;
  out.begin_object().member("type", reasoning ? "reasoning_text" : "output_text");
  write_text(item, whole, out.key("text"));
  if (!reasoning) out.member_raw("annotations", "[]").member_raw("logprobs", "[]");
  out.end_object();
}

void write_item(const OutputItem& item, std::string_view status, json::Writer& out) {
  const bool whole = status != "in_progress";
  out.begin_object().member("id", item.id).member("type", type_of(item.kind));
  out.member("status", status);
  switch (item.kind) {
    case Kind::kReasoning:
      out.member_raw("summary", "[]");
      write_content(item, whole, out);
      break;
    case Kind::kMessage:
      out.member("role", "assistant");
      write_content(item, whole, out);
      break;
    case Kind::kFunctionCall:
    case Kind::kCustomCall:
      out.member_raw("call_id", item.call_id).member("name", item.name);
      if (!item.space.empty()) out.member("namespace", item.space);
      if (item.kind == Kind::kFunctionCall) {
        write_text(item, whole, out.key("arguments"));
      } else {
        out.member("input", whole ? custom_input(item) : std::string());
      }
      break;
    case Kind::kShellCall:
      out.member_raw("call_id", item.call_id);
      write_action(item, whole, out);
      break;
    case Kind::kNone: break;
  }
  out.end_object();
}

}  // namespace keep::openai::responses
