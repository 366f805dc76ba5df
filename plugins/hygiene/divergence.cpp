#include "plugins/hygiene/divergence.hpp"

#include "base/text/contains.hpp"
#include "plugins/hygiene/text_difference.hpp"

#include <algorithm>
#include <string>

namespace keep::hygiene {

namespace {

using Kind = PromptPart::Kind;

constexpr std::string_view kToolsChanged = "tools_changed";
constexpr std::string_view kSystemChanged = "system_changed";
constexpr std::string_view kTimestamp = "timestamp";
constexpr std::string_view kReasoning = "reasoning_stripped";
constexpr std::string_view kWhiteSpace = "whitespace";
constexpr std::string_view kDecorated = "decorated_turn";
constexpr std::string_view kEdited = "edited";
constexpr std::string_view kTruncated = "truncated";
constexpr std::string_view kReordered = "reordered";
constexpr std::string_view kOther = "other";

constexpr std::string_view kCauses[] = {kToolsChanged, kSystemChanged, kTimestamp,  kReasoning,
                                        kWhiteSpace,   kDecorated,     kEdited,     kTruncated,
                                        kReordered,    kOther,         kWindowMoved};

// The two prompts and the first message in which they differ.
struct Case {
  const Prompt& before;
  const Texts* before_texts;
  const Prompt& now;
  const Texts& now_texts;
  std::size_t at;

  const PromptPart& old_part() const noexcept { return before.parts[at]; }
  const PromptPart& new_part() const noexcept { return now.parts[at]; }
  // Of the new prompt those are left out that stood in the one before; which may be another by now.
  bool has_texts() const noexcept {
    if (before_texts == nullptr || at >= before_texts->size()) return false;
    return !now_texts[at].empty() || now.parts[at].bytes == 0;
  }
  std::string_view old_text() const noexcept { return (*before_texts)[at]; }
  std::string_view new_text() const noexcept { return now_texts[at]; }
};

bool comes_later(const PromptPart& part, const Prompt& prompt, std::size_t after) noexcept {
  const auto begin = prompt.parts.begin() + static_cast<std::ptrdiff_t>(after) + 1;
  return std::any_of(begin, prompt.parts.end(),
                     [&](const PromptPart& other) { return part.same_text(other); });
}

// What two texts of the same speaker say; empty when they say nothing in particular.
std::string_view cause_by_text(const Case& c) {
  const PromptPart& was = c.old_part();
  const PromptPart& is = c.new_part();
  if (was.kind != is.kind) return {};
  if (was.kind == Kind::kAssistant && was.answer_hash == is.answer_hash) {
    constexpr std::string_view kMark = "</think>";
    const bool thought = c.has_texts() ? (c.old_text().find(kMark) != std::string_view::npos) !=
                                             (c.new_text().find(kMark) != std::string_view::npos)
                                       : is.bytes < was.bytes;
    return thought ? kReasoning : kWhiteSpace;
  }
  if (!c.has_texts()) return {};
  switch (classify_change(c.old_text(), c.new_text())) {
    case TextChange::kWhiteSpace: return kWhiteSpace;
    case TextChange::kTimestamp: return kTimestamp;
    case TextChange::kNone:
    case TextChange::kOther: break;
  }
  return {};
}

std::size_t next_answer(const Prompt& prompt, std::size_t from) noexcept {
  while (from < prompt.parts.size() && prompt.parts[from].kind != Kind::kAssistant) ++from;
  return from;
}

// The turn that was the newest one is told in other words, with the answer that was given to it: it
// had been decorated for that one request. Somebody who edits a turn sends it without its answer.
bool tells_turn_anew(const Case& c) noexcept {
  const PromptPart* const opening = c.before.opening();
  if (opening == nullptr || &c.old_part() < opening) return false;  // the instructions differ
  const std::size_t said = next_answer(c.before, c.at);
  const std::size_t told = next_answer(c.now, c.at);
  if (said == c.at || told == c.at || told == c.now.parts.size()) return false;
  if (said + 1 == c.before.parts.size()) {
    return c.before.parts[said].answer_hash == c.now.parts[told].answer_hash;
  }
  // A tool was called: what that looks like when it comes back was not known.
  if (said < c.before.parts.size() || !c.has_texts() || c.new_text().empty()) return false;
  return contains(c.old_text(), c.new_text());
}

std::string_view cause_by_place(const Case& c) {
  const PromptPart& was = c.old_part();
  const PromptPart& is = c.new_part();
  const bool is_moved = comes_later(is, c.before, c.at);
  const bool was_moved = comes_later(was, c.now, c.at);
  if (was.kind == Kind::kSystem || is.kind == Kind::kSystem) {
    return is_moved && was_moved ? kReordered : kSystemChanged;
  }
  if (is_moved) return was_moved ? kReordered : kTruncated;
  // Something was put in front of what was there, or in place of one message.
  const std::size_t next = c.at + 1;
  const bool goes_on = next < c.before.parts.size() && next < c.now.parts.size() &&
                       c.before.parts[next].same_text(c.now.parts[next]);
  if (was_moved || goes_on) return kEdited;
  // A summary stands for a history: much shorter, and not just the last turn changed.
  const std::size_t last = c.now.parts.size() - 1;
  const std::size_t dropped = c.before.parts.size() - c.at;
  if (c.now.parts.size() < c.before.parts.size() && (c.at < last || dropped > 4)) {
    return kTruncated;
  }
  return was.kind == is.kind ? kEdited : kOther;
}

std::uint64_t bytes_from(const Prompt& prompt, std::size_t part, std::size_t byte) noexcept {
  std::uint64_t bytes = 0;
  for (std::size_t i = part; i < prompt.parts.size(); ++i) bytes += prompt.parts[i].bytes;
  return bytes - std::min<std::uint64_t>(bytes, byte);
}

// What was in the cache and has to be read again: no more than there was, nor than there is now.
std::uint64_t lost_tokens(const Case& c, std::size_t byte) noexcept {
  const std::uint64_t bytes =
      std::min(bytes_from(c.before, c.at, byte), bytes_from(c.now, c.at, byte));
  return static_cast<std::uint64_t>(static_cast<double>(bytes) / c.before.bytes_per_token);
}

}  // namespace

std::span<const std::string_view> divergence_causes() noexcept { return kCauses; }

Divergence find_divergence(const Prompt& before, const Texts* before_texts, const Prompt& now,
                           const Texts& now_texts) {
  Case c{before, before_texts, now, now_texts, 0};
  Divergence divergence;
  if (before.tools != now.tools) {
    // Templates print the tools before everything else.
    divergence.found = divergence.byte_known = true;
    divergence.cause = kToolsChanged;
    divergence.lost_tokens = lost_tokens(c, 0);
    return divergence;
  }
  const std::size_t common = std::min(before.parts.size(), now.parts.size());
  while (c.at < common && c.old_part().same_text(c.new_part())) ++c.at;
  if (c.at == common) return divergence;
  divergence.found = true;
  divergence.message = c.new_part().index;
  divergence.byte_known = c.has_texts();
  if (c.has_texts()) divergence.byte = first_difference(c.old_text(), c.new_text());
  divergence.cause = cause_by_text(c);
  if (divergence.cause.empty() && tells_turn_anew(c)) divergence.cause = kDecorated;
  if (divergence.cause.empty()) divergence.cause = cause_by_place(c);
  divergence.lost_tokens = lost_tokens(c, divergence.byte);
  return divergence;
}

}  // namespace keep::hygiene
