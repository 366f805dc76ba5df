// Embeddings: vectors of texts, lent by the core where a server for them is configured.
#pragma once

#include "base/result.hpp"

#include <string>
#include <vector>

namespace keep {

// What a server makes of texts: vectors that point the same way when the texts mean the same.
struct Embedded {
  std::string model;                        // which model it was; other models' are of no use
  std::vector<std::vector<float>> vectors;  // in the order of the texts; each finite and of one
                                            // length, or empty for a text that was refused as too
                                            // long however it was cut
};

// Texts as vectors, by a server that was started for that. Loop thread only.
class Embeddings {
 public:
  virtual ~Embeddings() = default;
  // A question is wanted at once or not at all; a passage has time.
  enum class Kind { kQuestion, kPassage };
  // No text is blank. An Error for all of them when one is missing.
  virtual Task<Embedded> embed(Kind kind, std::vector<std::string> texts) = 0;
  // false: the server has failed of late, and embed() would fail without asking it.
  virtual bool available(Kind kind) const noexcept = 0;
};

}  // namespace keep
