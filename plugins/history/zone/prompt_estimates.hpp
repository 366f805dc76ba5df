// PromptEstimates: how long a prompt will be, told from its bytes and from how long the last prompt
// of the same conversation and agent really was. Loop thread only.
//
// An estimate decides nothing but whether it is worth a question to llama-server's tokenizer. Each
// conversation has its own, and each measurement takes the place of the one before: what one text
// was like is forgotten with it, and says nothing about anybody else's. Bounded: the least recently
// used are forgotten.
#pragma once

#include "base/lru_map.hpp"
#include "plugins/history/zone/zone_planner.hpp"

#include <cstddef>
#include <cstdint>

namespace keep::history {

class PromptEstimates {
 public:
  static constexpr std::size_t kMaxRemembered = 16384;

  struct Estimate {
    Tokens likely = 0;
    Tokens at_most = 0;     // as good as never more, by ordinary text
    bool measured = false;  // there was a prompt before it
  };

  // `guessed`: by the bytes alone. What was measured is certain; what came since may be denser than
  // it looks.
  Estimate of(std::uint64_t prompt, Tokens guessed) const;
  // A prompt that was guessed so long was measured.
  void measured(std::uint64_t prompt, Tokens guessed, Tokens tokens);

  // Tokens per byte of the conversation's own texts; 0: not known.
  double tokens_per_byte(std::uint64_t prompt) const;
  void counted(std::uint64_t prompt, double tokens_per_byte);

 private:
  struct Known {
    Tokens guessed = 0, tokens = 0;
    double tokens_per_byte = 0;
  };
  Known& get(std::uint64_t prompt);

  LruMap<std::uint64_t, Known> known_;
};

}  // namespace keep::history
