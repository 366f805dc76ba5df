// Ollama's `options` -> members of a body for llama-server.
#pragma once

#include "base/json/json.hpp"
#include "base/result.hpp"

#include <array>
#include <cstddef>
#include <string_view>

namespace keep::openai::ollama {

class Options {
 public:
  // Those that are about loading a model and unknown ones are passed over, as Ollama does.
  // Fault::kBadRequest for one of a wrong type.
  static Result<Options> read(const json::Value& options);

  // Under llama-server's names.
  void write(json::Writer& out) const;
  // Whether write() writes that member.
  bool has(const json::Member& member) const noexcept;

 private:
  static constexpr std::size_t kCount = 16;
  std::array<json::Value, kCount> values_;
};

}  // namespace keep::openai::ollama
