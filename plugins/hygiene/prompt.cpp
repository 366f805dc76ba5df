#include "plugins/hygiene/prompt.hpp"

#include "base/hash.hpp"

#include <algorithm>
#include <limits>
#include <utility>
#include <variant>

namespace keep::hygiene {

namespace {

using Kind = PromptPart::Kind;

std::uint32_t clamp32(std::size_t value) noexcept {
  return static_cast<std::uint32_t>(
      std::min<std::size_t>(value, std::numeric_limits<std::uint32_t>::max()));
}

Kind kind_of(std::string_view role) noexcept {
  if (role == "system" || role == "developer") return Kind::kSystem;
  return role == "assistant" ? Kind::kAssistant : Kind::kOther;
}

void append_line(std::string& out, std::string_view text) {
  if (!out.empty()) out += '\n';
  out += text;
}

void append_content(std::string& out, const json::Value& content) {
  if (content.is_string()) {
    append_line(out, content.string().value_or(std::string()));
    return;
  }
  for (const json::Value part : content.elements()) {
    if (const auto text = part.find("text").string()) {
      append_line(out, *text);
    } else {
      append_line(out, to_hex(hash64(part.raw())));
    }
  }
}

void append_calls(std::string& out, const json::Value& calls) {
  for (const json::Value call : calls.elements()) {
    const json::Value function = call.find("function");
    append_line(out, function.find("name").string().value_or(std::string()));
    append_line(out, function.find("arguments").string().value_or(std::string()));
  }
}

// JSON of each message as it goes upstream; empty: removed.
std::vector<std::string_view> effective_messages(const openai::ChatRequest& request,
                                                 const openai::BodyEdits& edits) {
  std::vector<std::string_view> messages;
  messages.reserve(request.messages.size());
  for (const openai::Message& message : request.messages) messages.push_back(message.raw.raw());
  for (const openai::BodyEdit& edit : edits) {
    if (const auto* const replace = std::get_if<openai::ReplaceMessage>(&edit)) {
      if (replace->index < messages.size()) messages[replace->index] = replace->json;
    } else if (const auto* const remove = std::get_if<openai::RemoveMessage>(&edit)) {
      if (remove->index < messages.size()) messages[remove->index] = {};
    }
  }
  return messages;
}

// Of a message that goes upstream as `json`.
std::uint64_t raw_hash_of(const openai::Message& message, std::string_view json) {
  const bool edited = json.data() != message.raw.raw().data();
  return edited ? openai::bytes_hash(json) : message.raw_hash;
}

// Which leading messages are what they were in `before`. Asked about all in their order.
class Sameness {
 public:
  explicit Sameness(const Prompt* before) : before_(before), same_(before != nullptr) {}
  // The part it is the same as, nullptr from the first one that differs on.
  const PromptPart* part(std::uint64_t raw_hash) noexcept {
    same_ = same_ && at_ < before_->parts.size() && before_->parts[at_].raw_hash == raw_hash;
    return same_ ? &before_->parts[at_++] : nullptr;
  }

 private:
  const Prompt* before_;
  bool same_;
  std::size_t at_ = 0;
};

}  // namespace

const PromptPart* Prompt::opening() const noexcept {
  const auto at =
      std::ranges::find_if(parts, [](const PromptPart& p) { return p.kind != Kind::kSystem; });
  return at == parts.end() ? nullptr : &*at;
}

std::string answer_text(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(kSpace);
  if (begin == text.npos) return {};
  return std::string(text.substr(begin, text.find_last_not_of(kSpace) - begin + 1));
}

std::string prompt_text(const json::Value& message, Kind kind) {
  std::string out;
  if (message.is_string()) append_content(out, message);  // a bare prompt
  for (const json::Member member : message.members()) {
    if (member.key_is("content") || member.key_is("output")) append_content(out, member.value);
    if (member.key_is("tool_calls")) append_calls(out, member.value);
    if (member.key_is("name") || member.key_is("arguments")) {
      append_line(out, member.value.string().value_or(std::string()));
    }
  }
  return kind == Kind::kAssistant ? answer_text(out) : out;
}

Prompt make_prompt(const openai::ChatRequest& request, const openai::BodyEdits& edits,
                   const Prompt* before, Texts& texts) {
  Prompt prompt;
  prompt.tools = request.tools.missing() ? 0 : hash64(request.tools.raw());
  const auto messages = effective_messages(request, edits);
  Sameness sameness(before);
  for (std::size_t i = 0; i < messages.size(); ++i) {
    if (messages[i].empty()) continue;
    PromptPart part;
    const openai::Message& message = request.messages[i];
    part.raw_hash = raw_hash_of(message, messages[i]);
    texts.emplace_back();
    if (const PromptPart* const same = sameness.part(part.raw_hash)) {
      part = *same;
    } else {
      part.kind = kind_of(message.role);
      texts.back() = prompt_text(json::Value(messages[i]), part.kind);
      part.text_hash = hash64(texts.back(), hash64(message.role));
      part.answer_hash = message.hash;
      part.bytes = clamp32(texts.back().size());
    }
    part.index = clamp32(i);
    prompt.parts.push_back(part);
  }
  return prompt;
}

std::size_t bytes_to_read(const openai::ChatRequest& request, const openai::BodyEdits& edits,
                          const Prompt* before) {
  const auto messages = effective_messages(request, edits);
  Sameness sameness(before);
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < messages.size(); ++i) {
    if (messages[i].empty()) continue;
    const std::string_view raw = request.messages[i].raw.raw();
    const std::uint64_t raw_hash = raw_hash_of(request.messages[i], messages[i]);
    const bool known = sameness.part(raw_hash) != nullptr && messages[i].data() == raw.data();
    if (!known) bytes += messages[i].size();
  }
  return bytes;
}

PromptPart make_answer_part(std::string_view text, std::uint32_t index) {
  PromptPart part;
  const std::string seen = answer_text(text);
  part.text_hash = hash64(seen, hash64("assistant"));
  part.answer_hash = openai::answer_hash(text);
  part.index = index;
  part.bytes = clamp32(seen.size());
  part.kind = Kind::kAssistant;
  return part;
}

}  // namespace keep::hygiene
