#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace keep::hygiene {

struct RuleSettings {
  std::string name;     // metric label
  std::string role;     // system, user, assistant, tool; empty: any
  std::string pattern;  // RE2 syntax, matched inside each text part
  std::string action;   // "drop": remove the match; "freeze": replace by the conversation's first
};

struct HygieneSettings {
  bool enabled = true;
  bool billing_header = true;  // the built-in rule against x-anthropic-billing-header blocks
  std::vector<RuleSettings> rules;
  std::size_t explain_bytes = 64 << 20;  // earlier prompts kept to name the first differing byte
};

}  // namespace keep::hygiene
