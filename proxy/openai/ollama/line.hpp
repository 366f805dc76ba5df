// Line: one JSON of an answer, a piece of it or all. Pure.
#pragma once

#include "base/json/json.hpp"
#include "openai/ollama/ollama.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace keep::openai::ollama {

// What the answer says, or a piece of it. Escaped bytes and raw JSON.
struct Said {
  std::string_view text, thinking;
  std::string_view calls;  // the elements of tool_calls
};

// What is told at the end. Nanoseconds and tokens.
struct Summary {
  std::string_view reason;
  std::int64_t prompt_tokens = 0, prompt_time = 0, tokens = 0, time = 0;
  std::string_view x_keep;  // raw JSON, what we have to say about the answer; empty: nothing
};

class Line {
 public:
  Line(Call call, std::string_view model, std::string_view created_at);

  // Each appends a line.
  void piece(const Said& said, std::string& out) const;
  void last(const Said& said, const Summary& summary, std::string& out) const;

 private:
  void say(const Said& said, std::string& out) const;

  bool chat_;
  std::string begin_;
};

}  // namespace keep::openai::ollama
