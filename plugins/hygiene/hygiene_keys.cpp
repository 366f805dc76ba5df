#include "plugins/hygiene/hygiene_keys.hpp"

#include <string>

namespace keep::hygiene {

namespace {

using config::bad_value;
using config::kGiga;
using config::one_of;

Result<> check_pattern(std::string& text) {
  if (text.empty()) return bad_value("an empty pattern matches everything");
  return {};
}

Result<> check_rule_name(std::string& text) {  // it becomes a metric label
  const bool plain =
      text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") ==
      std::string::npos;
  if (text.empty() || text.size() > 64 || !plain) {
    return bad_value("expected 1 to 64 letters, digits, - or _");
  }
  return {};
}

config::List<HygieneSettings> rules() {
  using Key = config::Key<RuleSettings>;
  using R = RuleSettings;
  auto list = config::list_of(
      &HygieneSettings::rules,
      std::vector<Key>{
          Key::text("hygiene.rule.name", "Label of the rule in logs and metrics.", &R::name,
                    check_rule_name)
              .as_required(),
          Key::text("hygiene.rule.role",
                    "\"system\", \"user\", \"assistant\", \"tool\"; \"\": any.", &R::role,
                    one_of({"", "system", "user", "assistant", "tool"})),
          Key::text("hygiene.rule.pattern", "RE2 expression, matched inside each text part.",
                    &R::pattern, check_pattern)
              .as_required(),
          Key::text("hygiene.rule.action",
                    "\"drop\" the match, or \"freeze\" it to the conversation's first.", &R::action,
                    one_of({"drop", "freeze"}))
              .as_required()});
  list.invitation = "A rule of your own; as many as you like:";
  list.examples = {"\"clock\"", "\"system\"", "'It is \\d\\d:\\d\\d o.clock\\.'", "\"freeze\""};
  return list;
}

}  // namespace

std::vector<config::Section<HygieneSettings>> sections() {
  using Key = config::Key<HygieneSettings>;
  using S = HygieneSettings;
  return {
      {"hygiene",
       "Removing what changes in every request and would spoil the prefix cache.",
       {Key::on_off("hygiene.enabled", "Off: request bodies are left as they are.", &S::enabled),
        Key::on_off("hygiene.billing_header",
                    "Drop the rotating x-anthropic-billing-header system block.",
                    &S::billing_header),
        Key::bytes("hygiene.explain_bytes",
                   "Memory for earlier prompts, to name the first byte in which a prompt differs.",
                   &S::explain_bytes, {0, 64 * kGiga})},
       rules()}};
}

}  // namespace keep::hygiene
