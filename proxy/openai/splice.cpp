#include "openai/splice.hpp"

#include "openai/json_text.hpp"

#include <algorithm>

namespace keep::openai {

namespace {

using json::Member;
using json::Value;

std::string without_role(const Value& delta) {
  json::Writer out;
  out.begin_object();
  for (const Member member : delta.members()) {
    if (!member.key_is("role")) copy_member(member, out);
  }
  return out.end_object().take();
}

std::string without_roles(const Value& choices) {
  json::Writer out;
  out.begin_array();
  for (const Value choice : choices.elements()) {
    out.begin_object();
    for (const Member member : choice.members()) {
      if (member.key_is("delta")) {
        out.member_raw("delta", without_role(member.value));
      } else {
        copy_member(member, out);
      }
    }
    out.end_object();
  }
  return out.end_array().take();
}

// What was cached cannot be more than the prompt.
std::string details_within(const Value& details, std::int64_t prompt) {
  json::Writer out;
  out.begin_object();
  for (const Member member : details.members()) {
    if (member.key_is("cached_tokens")) {
      out.member("cached_tokens", std::min(member.value.integer().value_or(0), prompt));
    } else {
      copy_member(member, out);
    }
  }
  return out.end_object().take();
}

std::string moved_usage(const Value& usage, const Usage& read, std::int64_t tokens) {
  const std::int64_t prompt = std::max<std::int64_t>(0, read.prompt_tokens - tokens);
  const std::int64_t completion = read.completion_tokens + tokens;
  json::Writer out;
  out.begin_object();
  for (const Member member : usage.members()) {
    if (member.key_is("prompt_tokens")) {
      out.member("prompt_tokens", prompt);
    } else if (member.key_is("completion_tokens")) {
      out.member("completion_tokens", completion);
    } else if (member.key_is("total_tokens")) {
      out.member("total_tokens", prompt + completion);
    } else if (member.key_is("prompt_tokens_details")) {
      out.member_raw("prompt_tokens_details", details_within(member.value, prompt));
    } else {
      copy_member(member, out);
    }
  }
  return out.end_object().take();
}

}  // namespace

void AnswerHead::read(const EventInfo& info) {
  if (!id.empty() || info.root.missing()) return;
  id = info.root.find("id").raw();
  created = info.root.find("created").raw();
}

std::optional<std::string> spliced(const EventInfo& info, const AnswerHead& head,
                                   std::int64_t tokens, std::string_view summary) {
  const bool silent = !info.has_output && info.finish_reason.empty();
  const bool opening = info.kind == EventInfo::Kind::kProgress || info.first_role;
  if (silent && opening) return std::nullopt;
  json::Writer out;
  out.begin_object();
  for (const Member member : info.root.members()) {
    if (member.key_is("id") && !head.id.empty()) {
      out.member_raw("id", head.id);
    } else if (member.key_is("created") && !head.created.empty()) {
      out.member_raw("created", head.created);
    } else if (member.key_is("choices")) {
      out.member_raw("choices", without_roles(member.value));
    } else if (member.key_is("usage") && info.usage) {
      out.member_raw("usage", moved_usage(member.value, *info.usage, tokens));
    } else {
      copy_member(member, out);
    }
  }
  if (!info.finish_reason.empty() && !summary.empty()) out.member_raw("x_keep", summary);
  return out.end_object().take();
}

}  // namespace keep::openai
