#include "openai/answer/completion_chunk.hpp"

#include "base/json/json.hpp"
#include "openai/event/event_info.hpp"

#include <cstdint>

namespace keep::openai {

namespace {

json::Writer begun_chunk(const CompletionChunkOptions& options) {
  json::Writer chunk;
  chunk.begin_object().member("object", "chat.completion.chunk").member("model", options.model);
  // Placeholders: the continued answer has its own.
  chunk.member("id", "").member("created", 0);
  return chunk;
}

void append_data(json::Writer& chunk, std::string& out) {
  out += "data: " + chunk.end_object().take() + "\n\n";
}

void append_usage(const EventInfo& info, const CompletionChunkOptions& options, std::string& out) {
  const ServerTimings timings = info.timings.value_or(ServerTimings());
  const std::int64_t prompt = timings.cache_n + timings.prompt_n;
  json::Writer chunk = begun_chunk(options);
  chunk.member_raw("choices", "[]").key("usage").begin_object();
  chunk.member("completion_tokens", timings.predicted_n).member("prompt_tokens", prompt);
  chunk.member("total_tokens", prompt + timings.predicted_n);
  chunk.key("prompt_tokens_details").begin_object();
  chunk.member("cached_tokens", timings.cache_n).end_object().end_object();
  append_data(chunk, out);
}

}  // namespace

void append_chat_chunks(const SseEvent& event, const CompletionChunkOptions& options,
                        std::string& out) {
  const EventInfo info = read_event(event);
  const json::Value content = info.root.find("content");
  if (!content.is_string()) {
    out += event.raw;
    return;
  }
  json::Writer chunk = begun_chunk(options);
  chunk.key("choices").begin_array().begin_object().key("finish_reason");
  if (info.finish_reason.empty()) {
    chunk.null();
  } else {
    chunk.string(info.finish_reason);
  }
  chunk.member("index", 0).key("delta").begin_object();
  if (info.has_output) chunk.member_raw("content", content.raw());
  chunk.end_object().end_object().end_array();
  for (const char* const key : {"prompt_progress", "timings"}) {
    const json::Value value = info.root.find(key);
    if (value.is_object()) chunk.member_raw(key, value.raw());
  }
  append_data(chunk, out);
  if (info.finish_reason.empty()) return;
  if (options.usage) append_usage(info, options, out);
  out += "data: [DONE]\n\n";
}

}  // namespace keep::openai
