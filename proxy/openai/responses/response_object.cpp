#include "openai/responses/response_object.hpp"

#include "openai/json_text.hpp"

namespace keep::openai::responses {

namespace {

using json::Value;

// Settings that a response repeats, with what stands for one that was not given.
struct Setting {
  std::string_view key, otherwise;
};
constexpr Setting kSettings[] = {
    {"background", "false"},
    {"instructions", "null"},
    {"max_output_tokens", "null"},
    {"max_tool_calls", "null"},
    {"metadata", "{}"},
    {"parallel_tool_calls", "true"},
    {"previous_response_id", "null"},
    {"prompt_cache_key", "null"},
    {"reasoning", R"({"effort":null,"summary":null})"},
    {"safety_identifier", "null"},
    {"store", "true"},
    {"temperature", "null"},
    {"text", R"({"format":{"type":"text"}})"},
    {"tool_choice", R"("auto")"},
    {"tools", "[]"},
    {"top_logprobs", "0"},
    {"top_p", "null"},
    {"truncation", R"("disabled")"},
    {"user", "null"},
};

void write_usage(const ResponseUsage& usage, json::Writer& out) {
  out.begin_object().member("input_tokens", usage.input_tokens);
  out.key("input_tokens_details").begin_object().member("cached_tokens", usage.cached_tokens);
  out.member("cache_write_tokens", 0).end_object();
  out.member("output_tokens", usage.output_tokens);
  out.key("output_tokens_details").begin_object();
  out.member("reasoning_tokens", usage.reasoning_tokens).end_object();
  out.member("total_tokens", usage.input_tokens + usage.output_tokens).end_object();
}

void write_end(const ResponseState& state, json::Writer& out) {
  out.key("completed_at");
  if (state.completed_at > 0) {
    out.integer(state.completed_at);
  } else {
    out.null();
  }
  out.key("error");
  if (state.error_message.empty()) {
    out.null();
  } else {
    out.begin_object().member("code", state.error_code);
    out.member("message", state.error_message).end_object();
  }
  out.key("incomplete_details");
  if (state.incomplete_reason.empty()) {
    out.null();
  } else {
    out.begin_object().member("reason", state.incomplete_reason).end_object();
  }
}

}  // namespace

void write_response(const ResponseState& state, const Value& request, json::Writer& out) {
  out.begin_object().member("id", state.id).member("object", "response");
  out.member("created_at", state.created_at).member("status", state.status);
  write_end(state, out);
  out.member("model", state.model).member_raw("output", state.output);
  for (const Setting& setting : kSettings) {
    const Value given = request.find(setting.key);
    const bool absent = given.missing() || is_null(given);
    out.member_raw(setting.key, absent ? setting.otherwise : given.raw());
  }
  out.key("usage");
  if (state.usage) {
    write_usage(*state.usage, out);
  } else {
    out.null();
  }
  if (!state.x_keep.empty()) out.member_raw("x_keep", state.x_keep);
  out.end_object();
}

}  // namespace keep::openai::responses
