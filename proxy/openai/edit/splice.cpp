#include "openai/edit/splice.hpp"

#include "openai/json_text.hpp"

#include <algorithm>

namespace keep::openai {

namespace {

using json::Member;
using json::Value;

// An object with one member passed through `change`, which writes it or leaves it out.
template <class Change>
std::string changed(const Value& object, std::string_view key, Change change) {
  json::Writer out;
  out.begin_object();
  for (const Member member : object.members()) {
    if (member.key_is(key)) {
      change(member.value, out);
    } else {
      copy_member(member, out);
    }
  }
  return out.end_object().take();
}

// The list with the delta of every choice passed through `change(choice, delta)`.
template <class Change>
std::string with_deltas(const Value& choices, Change change) {
  json::Writer out;
  out.begin_array();
  for (const Value choice : choices.elements()) {
    out.raw(changed(choice, "delta", [&](const Value& delta, json::Writer& to) {
      to.member_raw("delta", change(choice, delta));
    }));
  }
  return out.end_array().take();
}

std::string without_role(const Value&, const Value& delta) {
  return changed(delta, "role", [](const Value&, json::Writer&) {});
}

// What was cached cannot be more than the prompt.
std::string details_within(const Value& details, std::int64_t prompt) {
  return changed(details, "cached_tokens", [&](const Value& cached, json::Writer& out) {
    out.member("cached_tokens", std::min(cached.integer().value_or(0), prompt));
  });
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
      out.member_raw("choices", with_deltas(member.value, without_role));
    } else if (member.key_is("usage") && info.usage) {
      out.member_raw("usage", moved_usage(member.value, *info.usage, tokens));
    } else {
      copy_member(member, out);
    }
  }
  if (!info.finish_reason.empty() && !summary.empty()) out.member_raw("x_keep", summary);
  return out.end_object().take();
}

std::string with_content(const EventInfo& info, std::string_view content) {
  const auto replaced = [&](const Value& choice, const Value& delta) {
    if (choice.find("index").integer().value_or(0) != 0) return std::string(delta.raw());
    return changed(delta, "content",
                   [&](const Value&, json::Writer& out) { out.member("content", content); });
  };
  return changed(info.root, "choices", [&](const Value& choices, json::Writer& out) {
    out.member_raw("choices", with_deltas(choices, replaced));
  });
}

}  // namespace keep::openai
