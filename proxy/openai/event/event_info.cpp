#include "openai/event/event_info.hpp"

#include "openai/count_of.hpp"

#include <algorithm>
#include <utility>

namespace keep::openai {

namespace {

using json::Member;
using json::Value;

enum class Choices { kNone, kEmpty, kSome };

// The members of the event that mean something, found in one pass.
struct Fields {
  Choices choices = Choices::kNone;
  Value error, usage, timings, progress;  // chat and completions
  Value index, content, stop, stop_type;  // /completion
};

Value* slot_of(Fields& fields, std::string_view key) noexcept {
  if (key == "error") return &fields.error;
  if (key == "usage") return &fields.usage;
  if (key == "timings") return &fields.timings;
  if (key == "prompt_progress") return &fields.progress;
  if (key == "index") return &fields.index;
  if (key == "content") return &fields.content;
  if (key == "stop") return &fields.stop;
  if (key == "stop_type") return &fields.stop_type;
  return nullptr;
}

bool has_text(const Value& value) noexcept { return value.is_string() && value.raw().size() > 2; }

// Text for comparing with words of the protocol, which have no escapes.
std::string_view word(const Value& value) noexcept {
  return value.plain_string().value_or(std::string_view());
}

std::int64_t index_of(const Value& value) noexcept { return value.integer().value_or(0); }

// A day at most: no answer takes longer.
double milliseconds_of(const Value& value) noexcept {
  constexpr double kMost = 24 * 3600 * 1000.0;
  const double number = value.number().value_or(0);
  return number > 0 && number <= kMost ? number : 0;
}

void append_text(std::string& out, const Value& value) {
  if (const auto plain = value.plain_string()) {
    out += *plain;
  } else if (const auto decoded = value.string()) {
    out += *decoded;
  }
}

std::optional<ServerTimings> read_timings(const Value& value) {
  if (!value.is_object()) return std::nullopt;
  ServerTimings timings;
  for (const Member member : value.members()) {
    const std::string_view key = member.raw_key;
    if (key == "cache_n") timings.cache_n = count_of(member.value);
    if (key == "prompt_n") timings.prompt_n = count_of(member.value);
    if (key == "prompt_ms") timings.prompt_ms = milliseconds_of(member.value);
    if (key == "predicted_n") timings.predicted_n = count_of(member.value);
    if (key == "predicted_ms") timings.predicted_ms = milliseconds_of(member.value);
  }
  return timings;
}

std::optional<PromptProgress> read_progress(const Value& value) {
  if (!value.is_object()) return std::nullopt;
  PromptProgress progress;
  for (const Member member : value.members()) {
    if (member.raw_key == "total") progress.total = count_of(member.value);
    if (member.raw_key == "cache") progress.cache = count_of(member.value);
    if (member.raw_key == "processed") progress.processed = count_of(member.value);
  }
  progress.cache = std::min(progress.cache, progress.total);
  return progress;
}

std::optional<Usage> read_usage(const Value& value) {
  if (!value.is_object()) return std::nullopt;
  Usage usage;
  for (const Member member : value.members()) {
    const std::string_view key = member.raw_key;
    if (key == "prompt_tokens") {
      usage.prompt_tokens = count_of(member.value);
    } else if (key == "completion_tokens") {
      usage.completion_tokens = count_of(member.value);
    } else if (key == "prompt_tokens_details") {
      usage.cached_tokens = count_of(member.value.find("cached_tokens"));
    }
  }
  usage.cached_tokens = std::min(usage.cached_tokens, usage.prompt_tokens);
  return usage;
}

// One entry of `choices`; the members of its delta that mean something.
struct Choice {
  Value index, text, finish_reason;
  Value content, reasoning, tool_calls;
  bool role = false;
};

void read_delta(json::Cursor& cursor, Choice& choice) {
  cursor.enter();
  for (std::string_view key; cursor.next_key(key);) {
    const Value value = cursor.take();
    if (key == "role") choice.role = true;
    if (key == "content") choice.content = value;
    if (key == "reasoning_content") choice.reasoning = value;
    if (key == "tool_calls") choice.tool_calls = value;
  }
}

Choice read_choice(json::Cursor& cursor) {
  Choice choice;
  cursor.enter();
  for (std::string_view key; cursor.next_key(key);) {
    if (key == "delta" && cursor.type() == json::Type::kObject) {
      read_delta(cursor, choice);
      continue;
    }
    const Value value = cursor.take();
    if (key == "index") choice.index = value;
    if (key == "text") choice.text = value;
    if (key == "finish_reason") choice.finish_reason = value;
  }
  return choice;
}

void add_choice(const Choice& choice, EventInfo& info) {
  const bool first = index_of(choice.index) == 0;
  const bool calls = choice.tool_calls.is_array() && choice.tool_calls.raw() != "[]";
  const bool output =
      has_text(choice.text) || has_text(choice.content) || has_text(choice.reasoning) || calls;
  if (first) {
    append_text(info.content, choice.text);
    append_text(info.content, choice.content);
    info.finish_reason = word(choice.finish_reason);
  }
  if (choice.finish_reason.is_string()) ++info.ended;
  info.has_output = info.has_output || output;
  info.first_role =
      info.first_role || (choice.role && !output && !choice.finish_reason.is_string());
}

void forget_choices(EventInfo& info) noexcept {
  info.content.clear();
  info.finish_reason.clear();
  info.has_output = info.first_role = false;
  info.ended = 0;
}

// The list that the cursor is at.
void read_choices(json::Cursor& cursor, Choices& choices, EventInfo& info) {
  choices = Choices::kEmpty;
  cursor.enter();
  while (cursor.next_element()) {
    choices = Choices::kSome;
    if (cursor.type() == json::Type::kObject) {
      add_choice(read_choice(cursor), info);
    } else {
      cursor.take();
    }
  }
  if (!cursor.broken()) return;
  choices = Choices::kNone;
  forget_choices(info);
}

EventInfo::Kind read_completion(const Fields& fields, EventInfo& info) {
  const bool ends = fields.stop.boolean().value_or(false);
  info.has_output = has_text(fields.content);
  info.ended = ends ? 1 : 0;
  if (index_of(fields.index) != 0) return EventInfo::Kind::kDelta;
  append_text(info.content, fields.content);
  if (ends) {
    info.finish_reason = word(fields.stop_type) == "limit" ? "length" : "stop";
  }
  return EventInfo::Kind::kDelta;
}

EventInfo::Kind read_kind(const Fields& fields, EventInfo& info) {
  const json::Type error = fields.error.type();
  if (error == json::Type::kObject || error == json::Type::kString) {
    forget_choices(info);
    return EventInfo::Kind::kError;
  }
  if (fields.choices == Choices::kSome) return EventInfo::Kind::kDelta;
  if (fields.choices == Choices::kEmpty) {
    return info.usage ? EventInfo::Kind::kUsage : EventInfo::Kind::kOther;
  }
  if (fields.content.is_string()) return read_completion(fields, info);
  return EventInfo::Kind::kOther;
}

}  // namespace

EventInfo read_event(const SseEvent& event) {
  EventInfo info;
  if (event.data == "[DONE]") info.kind = EventInfo::Kind::kDone;
  const Value root(event.data);
  if (!root.is_object()) return info;
  info.root = root;
  Fields fields;
  json::Cursor cursor(root.raw());
  cursor.enter();
  for (std::string_view key; cursor.next_key(key);) {
    if (key == "choices" && cursor.type() == json::Type::kArray) {
      read_choices(cursor, fields.choices, info);
      continue;
    }
    const Value value = cursor.take();
    if (Value* slot = slot_of(fields, key)) *slot = value;
  }
  info.progress = read_progress(fields.progress);
  info.timings = read_timings(fields.timings);
  info.usage = read_usage(fields.usage);
  info.kind = read_kind(fields, info);
  const bool silent = !info.has_output && info.finish_reason.empty();
  const bool failed = info.kind == EventInfo::Kind::kError;
  if (info.progress && silent && !failed) info.kind = EventInfo::Kind::kProgress;
  return info;
}

}  // namespace keep::openai
