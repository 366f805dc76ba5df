// OpenCalls: calls of tools that have no result yet. Results of Ollama's clients name the tool,
// most of all, and say nothing of the call.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace keep::openai::ollama {

class OpenCalls {
 public:
  void clear() noexcept;
  void add(std::string id, std::string name);
  // The call that a result belongs to, by its id; it is open no longer. The first of that id where
  // there is an id; else the first of that name, or of all.
  std::optional<std::string> take(std::string_view id, std::string_view name);

 private:
  struct Call {
    std::string id, name;
  };
  using Places = std::set<std::pair<std::string_view, std::size_t>>;
  using Calls = std::map<std::size_t, Call>;
  Calls::iterator first_of(const Places& places, std::string_view key);

  Calls calls_;  // by their places
  Places by_id_, by_name_;
  std::size_t added_ = 0;
};

}  // namespace keep::openai::ollama
