// RequestEcho: what a response repeats of the request it answers, and the tools its calls are named
// after. Read once, before the answer: each event that holds the response holds all of it. Pure.
#pragma once

#include "base/json/json.hpp"
#include "openai/responses/tools.hpp"

#include <array>
#include <cstddef>
#include <string_view>
#include <vector>

namespace keep::openai::responses {

// A setting with what stands for one that was not given.
struct Setting {
  std::string_view key, otherwise;
};
inline constexpr std::array kSettings = {
    Setting{"background", "false"},
    Setting{"instructions", "null"},
    Setting{"max_output_tokens", "null"},
    Setting{"max_tool_calls", "null"},
    Setting{"metadata", "{}"},
    Setting{"parallel_tool_calls", "true"},
    Setting{"previous_response_id", "null"},
    Setting{"prompt_cache_key", "null"},
    Setting{"reasoning", R"({"effort":null,"summary":null})"},
    Setting{"safety_identifier", "null"},
    Setting{"store", "true"},
    Setting{"temperature", "null"},
    Setting{"text", R"({"format":{"type":"text"}})"},
    Setting{"tool_choice", R"("auto")"},
    Setting{"tools", "[]"},
    Setting{"top_logprobs", "0"},
    Setting{"top_p", "null"},
    Setting{"truncation", R"("disabled")"},
    Setting{"user", "null"},
};

struct RequestEcho {
  // Of all settings together: three events of a stream hold them, each in one piece, written on the
  // loop. Agents send some hundreds of kilobytes.
  static constexpr std::size_t kMaxBytes = 1 << 20;

  std::array<json::Value, kSettings.size()> settings;  // in that order; missing: not given
  std::vector<Tool> tools;

  std::size_t bytes() const noexcept;  // of the settings
};

// Of a body that is JSON, as views into it. Passes over it once, and over its tools. A setting that
// has no room left is as one that was not given.
RequestEcho read_echo(const json::Value& request);

}  // namespace keep::openai::responses
