// The response object: what /v1/responses answers, and what its events carry.
#pragma once

#include "base/json/json.hpp"
#include "openai/responses/request_echo.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace keep::openai::responses {

struct ResponseUsage {
  std::int64_t input_tokens = 0, cached_tokens = 0, output_tokens = 0, reasoning_tokens = 0;
};

struct ResponseState {
  std::string id;  // resp_...
  std::string model;
  std::int64_t created_at = 0, completed_at = 0;  // seconds since 1970; 0: unknown, not yet
  std::string_view status = "in_progress";        // completed, incomplete, failed
  std::string_view incomplete_reason;             // max_output_tokens, content_filter
  std::string_view error_code, error_message;     // of a failed one
  std::string_view output = "[]";                 // raw JSON: the items
  std::optional<ResponseUsage> usage;
  std::string x_keep{};  // raw JSON, what we have to say about the answer; empty: nothing
};

void write_response(const ResponseState& state, const RequestEcho& echo, json::Writer& out);

}  // namespace keep::openai::responses
