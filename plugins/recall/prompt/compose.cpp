#include "plugins/recall/prompt/compose.hpp"

#include "base/json/json.hpp"
#include "plugins/recall/prompt/quoted_text.hpp"

#include <variant>

namespace keep::recall {

namespace {

// The content with the block in front: text stays text, parts get one more.
std::string with_block(const json::Value& content, std::string_view block) {
  if (!content.is_array()) {
    const std::string text = content.string().value_or("");
    return json::quoted(std::string(block) + "\n\n" + text);
  }
  json::Writer parts;
  parts.begin_array();
  parts.begin_object().member("type", "text").member("text", block).end_object();
  for (const json::Value part : content.elements()) parts.raw(part.raw());
  return parts.end_array().take();
}

}  // namespace

std::string compose_block(std::span<const Quote> quotes, std::span<const Note> notes) {
  std::string block(notes.empty() ? kQuotesHead : quotes.empty() ? kNotesHead : kBothHead);
  for (const Note& note : notes) {
    block += '\n';
    block += kNoteFrame;
    block += quoted_label(note.topic) + "/" + quoted_label(note.key) + "] ";
    block += quoted_text(note.value);
  }
  for (const Quote& quote : quotes) {
    block += '\n';
    block += kFrame;
    block += std::to_string(quote.turn);
    block += ", " + std::to_string(quote.distance) + " tokens ago";
    if (!quote.day.empty()) block += ", " + quote.day;
    block += "] " + quote.role + ": " + quoted_text(quote.text);
  }
  return block;
}

void add_replacements(const openai::BodyEdits& edits, Replacements& out) {
  for (const openai::BodyEdit& edit : edits) {
    const auto* const replaced = std::get_if<openai::ReplaceMessage>(&edit);
    if (replaced != nullptr) out[replaced->index] = replaced->json;
  }
}

openai::BodyEdit place_block(const openai::ChatRequest& request, const Replacements& replaced,
                             std::size_t index, std::string_view block, Placement placement) {
  if (placement == Placement::kSystem) {
    json::Writer message;
    message.begin_object().member("role", "system").member("content", block).end_object();
    return openai::InsertMessage{index, message.take()};
  }
  const auto other = replaced.find(index);
  const std::string_view json =
      other == replaced.end() ? request.messages[index].raw.raw() : other->second;
  json::Writer message;
  message.begin_object();
  for (const json::Member member : json::Value(json).members()) {
    const bool content = member.key_is("content");
    std::string key = "\"";
    key.append(member.raw_key).append("\"");
    message.member_raw(json::Value(key).string().value_or(""),
                       content ? with_block(member.value, block) : std::string(member.value.raw()));
  }
  return openai::ReplaceMessage{index, message.end_object().take()};
}

}  // namespace keep::recall
