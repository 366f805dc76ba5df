#include "openai/responses/response_object.hpp"

#include "openai/json_text.hpp"

namespace keep::openai::responses {

namespace {

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

void write_response(const ResponseState& state, const RequestEcho& echo, json::Writer& out) {
  constexpr std::size_t kOwnMembers = 4096;
  out.reserve(out.str().size() + kOwnMembers + echo.bytes() + state.output.size());
  out.begin_object().member("id", state.id).member("object", "response");
  out.member("created_at", state.created_at).member("status", state.status);
  write_end(state, out);
  out.member("model", state.model).member_raw("output", state.output);
  for (std::size_t i = 0; i < kSettings.size(); ++i) {
    const json::Value& given = echo.settings[i];
    const bool absent = given.missing() || is_null(given);
    out.member_raw(kSettings[i].key, absent ? kSettings[i].otherwise : given.raw());
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
