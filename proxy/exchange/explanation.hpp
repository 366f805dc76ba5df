// Explanation: what was decided about an exchange, and why, as data. Each thing is said once, by
// the stage that decided it (Stage::explain), and shown wherever somebody asks: as response
// headers, as fields of the line in the log.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace keep {

class Explanation {
 public:
  enum class Name : std::uint8_t {
    kConversation,  // safe in a header, as are all texts here
    kIdentity,      // what named the conversation
    kDivergence,    // where the prompt stopped being the one before it
    kRecord,        // what became of the turn, if it is not on disk
    kWindow,        // tokens sent, left out, and how many fit
    kRecall,        // how much was recalled
    kQueue,         // position in the queue when it came
    kUpstream,      // host and port of the llama-server
    kCache,         // hit, restored, prefill, bypass
    kSlot,
    kCachedTokens,
    kOverheadUs,  // microseconds that were spent here
  };
  struct Line {
    Name name;
    std::string value;
    bool is_number = false;
  };

  // In place of what was said of the same before.
  void say(Name name, std::string value);
  void say(Name name, std::int64_t value);

  std::optional<std::string_view> find(Name name) const noexcept;
  const std::vector<Line>& lines() const noexcept { return lines_; }  // as first said

 private:
  void put(Line line);

  std::vector<Line> lines_;
};

std::string_view header_of(Explanation::Name name) noexcept;  // "X-Keep-Cached-Tokens"
std::string_view field_of(Explanation::Name name) noexcept;   // "cached_tokens"

}  // namespace keep
