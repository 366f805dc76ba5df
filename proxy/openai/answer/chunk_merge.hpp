// Putting the chunks of chat and text completions back together: what both have in common.
#pragma once

#include "openai/answer/assembler.hpp"
#include "openai/json_text.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace keep::openai {

// The members around `choices`. With several choices upstream reports usage and timings once per
// choice; the reply carries those of choice 0, as llama-server's own does.
class ChunkEnvelope {
 public:
  // `choice`: the first index in the chunk, -1 in one without choices, which speaks of the choice
  // that ended last.
  void add(const EventInfo& info, std::int64_t choice, bool choice_ended);
  // Everything but `choices`; unknown members as they came last.
  void write(std::string_view object, json::Writer& out) const;

 private:
  void write_usage(json::Writer& out) const;

  NewestMembers head_;    // created, model, system_fingerprint, id
  NewestMembers others_;  // of nobody we know
  std::string usage_, timings_;
  std::optional<ServerTimings> read_timings_;
  std::int64_t last_ended_ = 0;
};

// The `logprobs` of one choice.
class MergedLogprobs {
 public:
  void add(const json::Value& logprobs);
  bool seen() const noexcept { return seen_; }
  void write(json::Writer& out) const;  // null when none was seen

 private:
  bool seen_ = false;
  std::vector<std::pair<std::string, std::string>> lists_;  // name, elements
};

// Appends the elements of `array` to elements without brackets.
void append_elements(std::string& elements, const json::Value& array);

}  // namespace keep::openai
