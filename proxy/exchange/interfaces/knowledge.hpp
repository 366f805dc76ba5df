// Knowledge: facts that somebody stored on purpose, lent by the knowledge plugin to those who use
// them. Of one tenant each; no tenant sees another's.
#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace keep {

struct Fact {
  std::int64_t id = 0;  // the same for all versions
  std::string topic, key, value;
  std::string source;         // who says so; may be empty
  std::uint32_t version = 0;  // 1 for the first value of a key
  std::int64_t updated = 0;   // seconds since 1970, UTC
  bool damaged = false;       // on disk; then there is no value
};

struct FoundFact {
  Fact fact;
  float relevance = 0;  // as of recalled passages: 0 has nothing to do with the question
};

// Loop thread only.
class Knowledge {
 public:
  virtual ~Knowledge() = default;
  // From memory: a tenant that knows nothing costs nothing.
  virtual bool knows_anything(std::string_view tenant) const = 0;
  // The most relevant facts, best first; none that is damaged.
  virtual Task<std::vector<FoundFact>> search(std::string tenant, std::string question,
                                              std::size_t limit) = 0;
};

// Says how relevant short texts are to a question; those who store facts borrow it from those who
// search conversations, so that both mean the same by relevance. Any thread.
class TextRanker {
 public:
  virtual ~TextRanker() = default;
  // One relevance for each text.
  virtual std::vector<float> rank(std::string_view question,
                                  std::span<const std::string> texts) const = 0;
};

}  // namespace keep
