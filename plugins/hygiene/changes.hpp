// What rules make of the messages of a request. Looks at nothing but the request and the rules, so
// that of a large one is found in the pool.
#pragma once

#include "openai/edit/body_edit.hpp"
#include "openai/request/chat_request.hpp"
#include "plugins/hygiene/rules.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace keep::hygiene {

// A message that a rule changes.
struct Change {
  std::size_t index = 0;
  Cleaned cleaned;
  std::string json;        // as it is to go on; empty: not at all
  std::uint64_t hash = 0;  // of that
  std::size_t text_bytes = 0;
};

// What rules freeze is marked by a text that stands for all values.
std::vector<Change> changes_by(const RuleSet& rules, const openai::ChatRequest& chat);

// Of the messages that it has to read, and perhaps to write anew.
std::size_t bytes_to_clean(const RuleSet& rules, const openai::ChatRequest& chat);

// What stands for the matches of each rule; a rule without a value leaves its matches alone.
using RuleValues = std::vector<std::optional<std::string>>;

struct Frozen {
  RuleValues values;
  openai::BodyEdits edits;
};

// Puts `values` in place of the matches in those messages. With `take_first` the first match of a
// rule without a value becomes its value, unless it is too long to be kept.
Frozen freeze_messages(const RuleSet& rules, const openai::ChatRequest& chat,
                       const std::vector<std::size_t>& messages, RuleValues values,
                       bool take_first);

}  // namespace keep::hygiene
