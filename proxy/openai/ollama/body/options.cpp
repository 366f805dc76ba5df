#include "openai/ollama/body/options.hpp"

#include "openai/ollama/body/fault.hpp"

#include <algorithm>
#include <string>

namespace keep::openai::ollama {

namespace {

using json::Member;
using json::Value;

enum class Kind { kNumber, kInteger, kSpan, kLimit, kTexts };
struct Option {
  std::string_view name, member;
  Kind kind;
};
constexpr Option kOptions[] = {
    {"temperature", "temperature", Kind::kNumber},
    {"top_p", "top_p", Kind::kNumber},
    {"min_p", "min_p", Kind::kNumber},
    {"typical_p", "typical_p", Kind::kNumber},
    {"repeat_penalty", "repeat_penalty", Kind::kNumber},
    {"presence_penalty", "presence_penalty", Kind::kNumber},
    {"frequency_penalty", "frequency_penalty", Kind::kNumber},
    {"mirostat_tau", "mirostat_tau", Kind::kNumber},
    {"mirostat_eta", "mirostat_eta", Kind::kNumber},
    {"top_k", "top_k", Kind::kInteger},
    {"repeat_last_n", "repeat_last_n", Kind::kSpan},
    {"mirostat", "mirostat", Kind::kInteger},
    {"seed", "seed", Kind::kInteger},
    {"num_keep", "n_keep", Kind::kInteger},
    {"num_predict", "max_tokens", Kind::kLimit},
    {"stop", "stop", Kind::kTexts},
};

// What -1, the whole context, is of a span of tokens. llama-server refuses -1 since it checks
// members against a schema, and before that it took it for the same. Longer than most contexts; it
// sets four bytes aside for each token.
constexpr std::string_view kWholeContext = "131072";

bool are_texts(const Value& value) noexcept {
  if (value.is_string()) return true;
  if (!value.is_array()) return false;
  for (const Value element : value.elements()) {
    if (!element.is_string()) return false;
  }
  return true;
}

std::string_view wanted(Kind kind) noexcept {
  if (kind == Kind::kNumber) return "must be a number";
  return kind == Kind::kTexts ? "must be a string or an array of strings" : "must be an integer";
}

bool is_of(Kind kind, const Value& value) noexcept {
  if (kind == Kind::kNumber) return value.number().has_value();
  return kind == Kind::kTexts ? are_texts(value) : value.integer().has_value();
}

// A limit of 0 or less is none.
bool has_effect(Kind kind, const Value& value) noexcept {
  return kind != Kind::kLimit || value.integer().value_or(0) > 0;
}

}  // namespace

Result<Options> Options::read(const Value& options) {
  static_assert(std::size(kOptions) == kCount);
  Options read;
  if (!is_said(options)) return read;
  if (!options.is_object()) return bad_request("options", "must be an object");
  for (const Member member : options.members()) {
    const auto same = [&](const Option& option) { return member.key_is(option.name); };
    const auto* const option = std::ranges::find_if(kOptions, same);
    if (option == std::end(kOptions) || !is_said(member.value)) continue;
    const std::string where = "options." + std::string(option->name);
    if (!is_of(option->kind, member.value)) return bad_request(where, wanted(option->kind));
    Value& value = read.values_[static_cast<std::size_t>(option - std::begin(kOptions))];
    if (!value.missing()) return bad_request(where, "appears twice");
    value = member.value;
  }
  return read;
}

void Options::write(json::Writer& out) const {
  for (std::size_t i = 0; i < kCount; ++i) {
    if (values_[i].missing() || !has_effect(kOptions[i].kind, values_[i])) continue;
    const bool whole = kOptions[i].kind == Kind::kSpan && values_[i].integer() == -1;
    out.member_raw(kOptions[i].member, whole ? kWholeContext : values_[i].raw());
  }
}

bool Options::has(const Member& member) const noexcept {
  for (std::size_t i = 0; i < kCount; ++i) {
    if (member.key_is(kOptions[i].member)) {
      return !values_[i].missing() && has_effect(kOptions[i].kind, values_[i]);
    }
  }
  return false;
}

}  // namespace keep::openai::ollama
