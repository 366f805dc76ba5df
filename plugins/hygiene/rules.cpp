#include "plugins/hygiene/rules.hpp"

#include <re2/re2.h>

#include <algorithm>
#include <utility>

namespace keep::hygiene {

namespace {

constexpr std::string_view kBillingStart = "x-anthropic-billing-header:";

bool is_system(std::string_view role) noexcept { return role == "system" || role == "developer"; }

struct Rule {
  std::string name, role;
  bool freeze = false;
  std::unique_ptr<const re2::RE2> pattern;  // null: the built-in rule

  bool wants(std::string_view message_role) const noexcept {
    return role.empty() || role == message_role || (is_system(role) && is_system(message_role));
  }
};

// One text on its way through the rules.
struct Text {
  std::string text;
  bool changed = false;
};

// The first line goes, if it is the billing header.
bool drop_billing(Text& text) {
  if (!text.text.starts_with(kBillingStart)) return false;
  const std::size_t line = text.text.find('\n');
  text.text.erase(0, line == std::string::npos ? line : line + 1);
  // A part that was nothing else leaves no empty lines behind.
  if (text.text.find_first_not_of(" \t\r\n") == std::string::npos) text.text.clear();
  return text.changed = true;
}

bool apply_pattern(const Rule& rule, std::size_t index, const RuleSet::Freeze& freeze, Text& text) {
  const re2::StringPiece whole(text.text);
  std::string out;
  std::size_t copied = 0, at = 0, matches = 0;
  re2::StringPiece match;
  while (at < whole.size() && matches < RuleSet::kMaxMatches &&
         rule.pattern->Match(whole, at, whole.size(), re2::RE2::UNANCHORED, &match, 1)) {
    const auto begin = static_cast<std::size_t>(match.data() - whole.data());
    if (match.empty()) {  // nothing to drop here, but perhaps later
      at = begin + 1;
      ++matches;
      continue;
    }
    out.append(text.text, copied, begin - copied);
    if (rule.freeze) out += freeze(index, std::string_view(match.data(), match.size()));
    copied = at = begin + match.size();
    ++matches;
  }
  if (copied == 0) return false;
  out.append(text.text, copied);
  text.text = std::move(out);
  return text.changed = true;
}

Error bad_rule(const RuleSettings& rule, const std::string& what) {
  return Error(Fault::kBadRequest, Side::kInternal, "hygiene rule '" + rule.name + "': " + what);
}

// The bytes of `raw` with those of one value in it replaced.
std::string splice(std::string_view raw, std::string_view value, std::string_view by) {
  const auto begin = static_cast<std::size_t>(value.data() - raw.data());
  std::string out(raw.substr(0, begin));
  out += by;
  out += raw.substr(begin + value.size());
  return out;
}

json::Value text_of_part(const json::Value& part) {
  const json::Value text = part.find("text");
  return text.is_string() ? text : json::Value();
}

Result<Rule> make_rule(const RuleSettings& settings) {
  if (settings.name.empty()) return bad_rule(settings, "it needs a name");
  if (settings.action != "drop" && settings.action != "freeze") {
    return bad_rule(settings,
                    "the action is \"drop\" or \"freeze\", not \"" + settings.action + '"');
  }
  re2::RE2::Options options(re2::RE2::Quiet);
  options.set_max_mem(4 << 20);
  auto pattern = std::make_unique<const re2::RE2>(settings.pattern, options);
  if (!pattern->ok()) return bad_rule(settings, "bad pattern: " + pattern->error());
  if (settings.pattern.empty()) return bad_rule(settings, "it needs a pattern");
  return Rule{settings.name, settings.role, settings.action == "freeze", std::move(pattern)};
}

}  // namespace

struct RuleSet::Rules {
  std::vector<Rule> list;

  // Runs every rule that wants this role over one text.
  void run(std::string_view role, Text& text, const Freeze& freeze, Cleaned& cleaned) const {
    for (std::size_t i = 0; i < list.size(); ++i) {
      const Rule& rule = list[i];
      if (!rule.wants(role)) continue;
      const bool hit = rule.pattern ? apply_pattern(rule, i, freeze, text) : drop_billing(text);
      if (!hit) continue;
      cleaned.frozen |= rule.freeze;
      if (std::ranges::find(cleaned.hits, i) == cleaned.hits.end()) cleaned.hits.push_back(i);
    }
  }

  // Only texts that can be hit are worth decoding.
  bool may_hit(std::string_view role, const json::Value& text) const noexcept {
    return std::ranges::any_of(list, [&](const Rule& rule) {
      if (!rule.wants(role)) return false;
      return rule.pattern || text.raw().substr(1).starts_with(kBillingStart);
    });
  }
};

Result<RuleSet> RuleSet::make(const HygieneSettings& settings) {
  auto rules = std::make_shared<Rules>();
  if (settings.billing_header) {
    rules->list.push_back(Rule{std::string(kBillingHeader), "system", false, nullptr});
  }
  for (const RuleSettings& rule : settings.rules) {
    auto made = make_rule(rule);
    if (!made) return made.error();
    for (const Rule& other : rules->list) {
      if (other.name == made->name) return bad_rule(rule, "the name is taken");
    }
    rules->list.push_back(std::move(*made));
  }
  return RuleSet(std::move(rules));
}

bool RuleSet::may_change(std::string_view role, const json::Value& content) const {
  const auto wants = [role](const Rule& rule) { return rule.wants(role); };
  if (std::ranges::none_of(rules_->list, wants)) return false;
  return !content.is_string() || rules_->may_hit(role, content);
}

std::size_t RuleSet::size() const noexcept { return rules_->list.size(); }
const std::string& RuleSet::name(std::size_t rule) const noexcept {
  return rules_->list[rule].name;
}

std::optional<Cleaned> RuleSet::apply(std::string_view role, const json::Value& content,
                                      const Freeze& freeze) const {
  const auto wants = [role](const Rule& rule) { return rule.wants(role); };
  if (std::ranges::none_of(rules_->list, wants)) return std::nullopt;
  Cleaned cleaned;
  const auto clean = [&](const json::Value& value) {
    Text text;
    if (!rules_->may_hit(role, value)) return text;
    text.text = value.string().value_or(std::string());
    rules_->run(role, text, freeze, cleaned);
    return text;
  };
  const bool may_go = is_system(role);
  if (content.is_string()) {
    const Text text = clean(content);
    if (!text.changed) return std::nullopt;
    if (!text.text.empty() || !may_go) cleaned.content = json::quoted(text.text);
    return cleaned;
  }
  std::string parts;
  for (const json::Value part : content.elements()) {
    const json::Value value = text_of_part(part);
    const Text text = value.missing() ? Text() : clean(value);
    if (text.changed && text.text.empty()) continue;
    parts += parts.empty() ? "[" : ",";
    parts += text.changed ? splice(part.raw(), value.raw(), json::quoted(text.text))
                          : std::string(part.raw());
  }
  if (cleaned.hits.empty()) return std::nullopt;
  if (!parts.empty()) cleaned.content = parts + "]";
  if (parts.empty() && !may_go) cleaned.content = "\"\"";
  return cleaned;
}

}  // namespace keep::hygiene
