#include "openai/event/untold_cache.hpp"

#include "openai/json_text.hpp"

#include <string_view>

namespace keep::openai {

namespace {

using json::Member;
using json::Value;

// The time it took stays, and what is reckoned from it fits the tokens that are told.
std::string untold_timings(const Value& timings) {
  const auto count = [&](std::string_view key) { return timings.find(key).integer().value_or(0); };
  const std::int64_t tokens = count("cache_n") + count("prompt_n");
  const double ms = timings.find("prompt_ms").number().value_or(0);
  json::Writer out;
  out.begin_object();
  for (const Member member : timings.members()) {
    if (member.key_is("cache_n")) {
      out.member("cache_n", 0);
    } else if (member.key_is("prompt_n")) {
      out.member("prompt_n", tokens);
    } else if (member.key_is("prompt_per_token_ms")) {
      out.member("prompt_per_token_ms", tokens > 0 ? ms / static_cast<double>(tokens) : 0);
    } else if (member.key_is("prompt_per_second")) {
      out.member("prompt_per_second", ms > 0 ? 1000 / ms * static_cast<double>(tokens) : 0);
    } else {
      copy_member(member, out);
    }
  }
  return out.end_object().take();
}

std::string untold_progress(const Value& progress) {
  const auto total = progress.find("total").integer();
  const bool done = total && progress.find("processed").integer() == total;
  json::Writer out;
  out.begin_object();
  for (const Member member : progress.members()) {
    if (member.key_is("cache") || (member.key_is("processed") && !done)) {
      out.key(member.raw_key).integer(0);
    } else {
      copy_member(member, out);
    }
  }
  return out.end_object().take();
}

std::string untold_details(const Value& details) {
  json::Writer out;
  out.begin_object();
  for (const Member member : details.members()) {
    if (member.key_is("cached_tokens")) {
      out.member("cached_tokens", 0);
    } else {
      copy_member(member, out);
    }
  }
  return out.end_object().take();
}

// An event, its usage, or what is in its __verbose.
std::string untold_object(const Value& object) {
  // While a prompt is being read its timings tell no more than where it began.
  const bool reading = object.find("prompt_progress").is_object();
  json::Writer out;
  out.begin_object();
  for (const Member member : object.members()) {
    if (!member.value.is_object()) {
      copy_member(member, out);
    } else if (member.key_is("timings")) {
      if (!reading) out.member_raw("timings", untold_timings(member.value));
    } else if (member.key_is("prompt_progress")) {
      out.member_raw("prompt_progress", untold_progress(member.value));
    } else if (member.key_is("prompt_tokens_details")) {
      out.member_raw("prompt_tokens_details", untold_details(member.value));
    } else if (member.key_is("usage") || member.key_is("__verbose")) {
      out.member_raw(member.raw_key, untold_object(member.value));
    } else {
      copy_member(member, out);
    }
  }
  return out.end_object().take();
}

}  // namespace

std::string untold(const EventInfo& info) {
  const bool tells = info.progress || info.timings || info.usage;
  const bool verbose = info.root.find("__verbose").is_object();
  return tells || verbose ? untold_object(info.root) : std::string();
}

std::string untold_reply(std::string_view reply) {
  const Value root(reply);
  if (root.is_object()) return untold_object(root);
  if (!root.is_array()) return std::string(reply);
  json::Writer out;
  out.begin_array();
  for (const Value answer : root.elements()) out.raw(untold_object(answer));
  return out.end_array().take();
}

void UntoldEvent::apply(SseEvent& event, EventInfo& info) {
  data_ = untold(info);
  if (data_.empty()) return;
  raw_ = "data: " + data_ + "\n\n";
  event = SseEvent{raw_, event.name, data_};
  info = read_event(event);
}

bool is_midway(const EventInfo& info) noexcept {
  return info.kind == EventInfo::Kind::kProgress &&
         info.progress->processed > info.progress->cache &&
         info.progress->processed < info.progress->total;
}

}  // namespace keep::openai
