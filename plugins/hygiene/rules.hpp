// Rules: what is removed from the text of a message, or frozen, because it changes with every
// request and so breaks the prefix cache. Pure. The only door to RE2.
//
// The built-in rule: a system text that begins with `x-anthropic-billing-header:` loses its first
// line; a part that is nothing else goes. Configured rules: every match of the pattern inside a
// text part is dropped, or frozen (replaced by what the caller gives for it). Time is linear in the
// text: the expressions have no backtracking, and after kMaxMatches in one text the rest is left.
#pragma once

#include "base/json/json.hpp"
#include "base/result.hpp"
#include "plugins/hygiene/hygiene_settings.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace keep::hygiene {

struct Cleaned {
  std::string content;            // JSON; empty: nothing is left, the message can go
  std::vector<std::size_t> hits;  // rules, each once, in their order
  bool frozen = false;            // a rule that freezes is among them
};

class RuleSet {
 public:
  static constexpr std::size_t kMaxMatches = 256;
  static constexpr std::string_view kBillingHeader = "billing_header";

  // Fault::kBadRequest naming the rule and what is wrong with it.
  static Result<RuleSet> make(const HygieneSettings& settings);

  // What stands in for a match of a rule that freezes.
  using Freeze = std::function<std::string(std::size_t rule, std::string_view match)>;

  // Nothing when no rule fires. `content` is a message's: a string or a list of parts, of which
  // those without text stay as they are. Messages of the system are the only ones that may end up
  // without content; others keep an empty text.
  std::optional<Cleaned> apply(std::string_view role, const json::Value& content,
                               const Freeze& freeze) const;

  // False: apply() does nothing, and sees that at once.
  bool may_change(std::string_view role, const json::Value& content) const;

  std::size_t size() const noexcept;
  const std::string& name(std::size_t rule) const noexcept;
  bool empty() const noexcept { return size() == 0; }

 private:
  struct Rules;
  explicit RuleSet(std::shared_ptr<const Rules> rules) : rules_(std::move(rules)) {}
  std::shared_ptr<const Rules> rules_;
};

}  // namespace keep::hygiene
