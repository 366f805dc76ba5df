#include "plugins/history/reconcile.hpp"

#include "base/json/json.hpp"
#include "base/text/contains.hpp"
#include "openai/request/message.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace keep::history {

namespace {

// Follows the record as far as it agrees, from `parent` on. -> the first message that is new.
std::size_t follow(const ConversationLog& log, std::span<const Incoming> messages, Position parent,
                   std::vector<Position>& positions) {
  std::size_t i = 0;
  for (; i < messages.size(); ++i) {
    if (messages[i].hash == 0) continue;
    const auto child = log.child(parent, messages[i].hash);
    if (!child) break;
    positions[i] = parent = *child;
  }
  return i;
}

// A beginning that the client has cut off: the first message is somewhere on record, and what
// follows it here follows it there. One message alone proves nothing.
std::size_t follow_cut(const ConversationLog& log, std::span<const Incoming> messages,
                       std::vector<Position>& positions) {
  std::size_t first = 0;
  while (first < messages.size() && messages[first].hash == 0) ++first;
  if (first == messages.size()) return 0;
  const auto begin = log.last_with(messages[first].hash);
  if (!begin) return 0;
  std::vector<Position> found(messages.size(), kNoPosition);
  found[first] = *begin;
  std::vector<Position> rest(messages.size() - first - 1, kNoPosition);
  const std::size_t more = follow(log, messages.subspan(first + 1), *begin, rest);
  if (more == 0) return 0;
  std::copy(rest.begin(), rest.end(), found.begin() + static_cast<std::ptrdiff_t>(first) + 1);
  positions = std::move(found);
  return first + 1 + more;
}

constexpr std::size_t kMaxOpening = 16;  // messages of a conversation's first turn

std::string text_of(std::string_view json) {
  return openai::content_text(json::Value(json).find("content"));
}

// All that was said before that answer, if it is the first one; else nothing.
std::string opening_before(const ConversationLog& log, const MessageInfo& answer) {
  std::vector<Position> opening;  // newest first
  for (Position at = answer.parent; at != kNoPosition;) {
    const MessageInfo info = log.info(at);
    if (opening.size() == kMaxOpening || info.role == Role::kAssistant) return {};
    opening.push_back(at);
    at = info.parent;
  }
  std::string text;
  for (auto at = opening.rbegin(); at != opening.rend(); ++at) {
    const auto json = log.json(*at);
    if (!json) return {};
    text += text_of(*json) + "\n";
  }
  return text;
}

// What the client says before the first answer.
std::vector<std::string> opening_of(std::span<const Incoming> messages) {
  std::vector<std::string> texts;
  for (const Incoming& in : messages) {
    if (in.hash != 0 && in.role != Role::kSystem) texts.push_back(text_of(in.json));
  }
  return texts;
}

// Whether the request tells the opening on record in other words: the answer to it is the same, and
// what the client says now stood in what was asked then.
bool tells_opening_anew(const ConversationLog& log, std::span<const Incoming> messages) {
  const auto answer = std::ranges::find(messages, Role::kAssistant, &Incoming::role);
  if (answer == messages.end() || answer->hash == 0) return false;
  const auto said = opening_of({messages.begin(), answer});
  if (said.empty() || said.size() > kMaxOpening) return false;
  for (Position at = 0; at < log.size(); ++at) {
    const MessageInfo info = log.info(at);
    if (info.hash != answer->hash || info.role != Role::kAssistant) continue;
    const std::string opening = opening_before(log, info);
    const auto stands = [&opening](const std::string& text) {
      return !text.empty() && contains(opening, text);
    };
    if (std::ranges::all_of(said, stands)) return true;
  }
  return false;
}

Position last_known(const std::vector<Position>& positions, std::size_t end) {
  for (; end > 0; --end) {
    if (positions[end - 1] != kNoPosition) return positions[end - 1];
  }
  return kNoPosition;
}

// The newest message that belongs to the conversation itself.
Position newest(const ConversationLog& log) {
  for (auto at = static_cast<Position>(log.size()); at-- > 0;) {
    if (!is_instruction(log.info(at))) return at;
  }
  return kNoPosition;
}

std::uint64_t tokens_to(const ConversationLog& log, Position tip) {
  if (tip == kNoPosition) return 0;
  const MessageInfo last = log.info(tip);
  return last.token_position + last.tokens;
}

std::uint64_t tokens_of(std::span<const Incoming> messages) {
  std::uint64_t tokens = 0;
  for (const Incoming& in : messages) tokens += in.hash == 0 ? 0 : in.tokens;
  return tokens;
}

void add_instructions(const ConversationLog& log, std::span<const Incoming> lead, std::int64_t now,
                      std::vector<NewMessage>& fresh) {
  for (const Incoming& in : lead) {
    if (in.hash == 0 || log.child(kNoPosition, in.hash)) continue;
    fresh.push_back(
        NewMessage{in.role, kNoPosition, in.hash, in.tokens, now, std::string(in.json)});
  }
}

void add_messages(std::span<const Incoming> messages, Position parent, Position next,
                  std::int64_t now, std::vector<NewMessage>& fresh,
                  std::vector<Position>& positions) {
  for (std::size_t i = 0; i < messages.size(); ++i) {
    const Incoming& in = messages[i];
    if (in.hash == 0) continue;
    fresh.push_back(NewMessage{in.role, parent, in.hash, in.tokens, now, std::string(in.json)});
    positions[i] = parent = next++;
  }
}

// The way to `parent`, and on to the new messages from `first` to `last`.
Path longer_path(const ConversationLog& log, Position parent, Position first, Position last) {
  Path path = log.path_to(parent);
  if (path.empty() || parent != first - 1) {
    Stretch stretch;
    stretch.first = first;
    path.push_back(stretch);
  }
  path.back().last = last;
  return path;
}

}  // namespace

bool is_instruction(const MessageInfo& info) noexcept {
  return info.role == Role::kSystem && info.parent == kNoPosition;
}

bool begins_on_record(const ConversationLog& log, std::span<const Incoming> messages) {
  const auto stays = [](const Incoming& in) { return in.hash != 0; };
  const auto first = std::ranges::find_if(messages, stays);
  return log.size() == 0 || first == messages.end() || log.child(kNoPosition, first->hash);
}

Match match(const ConversationLog& log, std::span<const Incoming> lead,
            std::span<const Incoming> messages, bool store, std::int64_t now,
            std::uint64_t max_tokens) {
  Match found;
  OnRecord& on_record = found.on_record;
  on_record.positions.assign(messages.size(), kNoPosition);
  std::size_t known = follow(log, messages, kNoPosition, on_record.positions);
  Position parent = last_known(on_record.positions, known);
  if (parent == kNoPosition && log.size() > 0) {
    known = follow_cut(log, messages, on_record.positions);
    if (known > 0) {
      parent = last_known(on_record.positions, known);
    } else if (!tells_opening_anew(log, messages)) {
      parent = newest(log);
    }
  }
  const auto rest = messages.subspan(known);
  const std::uint64_t length = tokens_to(log, parent) + tokens_of(rest);
  if (store && length > max_tokens) {
    on_record.path_tokens = length;
    return found;
  }
  if (store) add_instructions(log, lead, now, found.fresh);
  const auto first = static_cast<Position>(log.size() + found.fresh.size());
  if (store) {
    std::vector<Position> positions(rest.size(), kNoPosition);
    add_messages(rest, parent, first, now, found.fresh, positions);
    std::ranges::copy(positions, on_record.positions.begin() + static_cast<std::ptrdiff_t>(known));
  }
  on_record.added = log.size() + found.fresh.size() - first;
  if (on_record.added > 0) {
    const auto last = static_cast<Position>(first + on_record.added - 1);
    on_record.path = longer_path(log, parent, first, last);
    on_record.path_tokens = length;
  } else if (parent != kNoPosition) {
    on_record.path = log.path_to(parent);
    on_record.path_tokens = tokens_to(log, parent);
  }
  return found;
}

Result<OnRecord> reconcile(ConversationLog& log, std::span<const Incoming> lead,
                           std::span<const Incoming> messages, bool store, std::int64_t now,
                           std::uint64_t max_tokens) {
  Match found = match(log, lead, messages, store, now, max_tokens);
  if (const auto appended = log.append(found.fresh, Write::kLater); !appended)
    return appended.error();
  return std::move(found.on_record);
}

}  // namespace keep::history
