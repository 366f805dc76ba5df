#include "plugins/identify/auxiliary.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace keep::identify {

namespace {

using Where = AuxiliaryMarker::Where;

constexpr std::string_view kClassHeader = "x-claude-code-request-class";

// "### Task:" alone would not do: the prompt that Open WebUI wraps around a question with
// documents begins with it, too.
constexpr AuxiliaryMarker kMarkers[] = {
    {Where::kUser, "Open WebUI", "### Task:\nGenerate a concise"},
    {Where::kUser, "Open WebUI", "### Task:\nGenerate 1-3 broad tags"},
    {Where::kUser, "Open WebUI", "### Task:\nSuggest 3-5 relevant follow-up"},
    {Where::kUser, "Open WebUI",
     "### Task:\nAnalyze the chat history to determine the necessity of generating search queries"},
    {Where::kUser, "Open WebUI", "### Task:\nGenerate a detailed prompt for am image generation"},
    {Where::kUser, "Open WebUI", "### Task:\nYou are an autocompletion system"},
    {Where::kUser, "Open WebUI", "Your task is to reflect the speaker's likely facial expression"},
    {Where::kUser, "Open WebUI", "Create a concise, 3-5 word title with an emoji"},
    {Where::kUser, "LibreChat", "Provide a concise, 5-word-or-less title"},
    {Where::kUser, "LibreChat", "Please generate a concise, 5-word-or-less title"},
    {Where::kUser, "Claude Code", "Please write a 5-10 word title for the following conversation"},
    {Where::kUser, "OpenCode", "Generate a title for this conversation:"},
    {Where::kSystem, "Claude Code", "Summarize this coding conversation in under 50 characters"},
    {Where::kSystem, "Claude Code", "Analyze if this message indicates a new conversation topic"},
    {Where::kSystem, "Claude Code", "Generate a concise, sentence-case title"},
    {Where::kSystem, "OpenCode and others", "You are a title generator"},
    {Where::kSystem, "Crush and others", "You will generate a short title based on the first"},
};

constexpr std::size_t longest_marker() noexcept {
  std::size_t longest = 0;
  for (const AuxiliaryMarker& marker : kMarkers) longest = std::max(longest, marker.text.size());
  return longest;
}

// Long enough for the longest marker with every character escaped and some white space before it;
// prompts are long, and only their beginning counts.
constexpr std::size_t kHeadBytes = 6 * longest_marker() + 64;

// The beginning of a string value, decoded.
std::string head_of(const json::Value& value) {
  if (!value.is_string()) return {};
  std::string_view raw = value.raw();
  if (raw.size() <= kHeadBytes + 8) return value.string().value_or(std::string());
  std::size_t end = 1;  // after the quote; no escape may be torn
  for (std::size_t next = end; next <= kHeadBytes;) {
    end = next;
    next += raw[end] != '\\' ? 1 : raw[end + 1] == 'u' ? 6 : 2;
  }
  std::string head(raw.substr(0, end));
  head += '"';
  return json::Value(head).string().value_or(std::string());
}

std::string_view without_margin(std::string_view text) noexcept {
  text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n-"), text.size()));
  return text;
}

bool begins_with_marker(const json::Value& text, Where where) {
  const std::string head = head_of(text);
  const std::string_view begin = without_margin(head);
  return std::ranges::any_of(kMarkers, [&](const AuxiliaryMarker& marker) {
    return marker.where == where &&
           equal_ignoring_case(begin.substr(0, marker.text.size()), marker.text);
  });
}

// Of a list, every part may begin with one: Claude Code puts its name into a part before it.
bool content_begins_with_marker(const json::Value& content, Where where) {
  if (content.is_string()) return begins_with_marker(content, where);
  for (const json::Value part : content.elements()) {
    if (begins_with_marker(part.find("text"), where)) return true;
  }
  return false;
}

bool is_system(const openai::Message& message) noexcept {
  return message.role == "system" || message.role == "developer";
}

// Clients put the history into the text of such a request. One with answers in it is somebody who
// types the same words in a conversation.
bool asks_beside(const std::vector<openai::Message>& messages) {
  const auto is_answer = [](const openai::Message& m) { return m.role == "assistant"; };
  if (messages.back().role != "user" || std::ranges::any_of(messages, is_answer)) return false;
  return content_begins_with_marker(messages.back().content, Where::kUser);
}

}  // namespace

std::span<const AuxiliaryMarker> auxiliary_markers() noexcept { return kMarkers; }

bool is_auxiliary(const Headers& headers, const openai::ChatRequest& request) {
  // Claude Code says so itself: main, subagent, workflow, compaction or auxiliary.
  if (const auto kind = headers.find(kClassHeader)) return *kind == "auxiliary";
  if (request.tools_hash != 0 || request.messages.empty()) return false;
  if (asks_beside(request.messages)) return true;
  for (const openai::Message& message : request.messages) {
    if (!is_system(message)) break;
    if (content_begins_with_marker(message.content, Where::kSystem)) return true;
  }
  return false;
}

}  // namespace keep::identify
