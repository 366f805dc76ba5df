#include "plugins/history/reconcile.hpp"

#include <algorithm>
#include <optional>
#include <utility>

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

Position last_known(const std::vector<Position>& positions, std::size_t end) {
  while (end > 0) {
    if (positions[--end] != kNoPosition) return positions[end];
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

Result<std::size_t> append(ConversationLog& log, std::span<const Incoming> messages,
                           std::size_t from, Position parent, std::int64_t now,
                           std::vector<NewMessage> fresh, std::vector<Position>& positions) {
  const std::size_t instructions = fresh.size();
  auto next = static_cast<Position>(log.size() + instructions);
  for (std::size_t i = from; i < messages.size(); ++i) {
    const Incoming& in = messages[i];
    if (in.hash == 0) continue;
    fresh.push_back(NewMessage{in.role, parent, in.hash, in.tokens, now, std::string(in.json)});
    positions[i] = parent = next++;
  }
  if (fresh.empty()) return 0;
  const auto appended = log.append(fresh);
  if (!appended) return appended.error();
  return fresh.size() - instructions;
}

}  // namespace

bool is_instruction(const MessageInfo& info) noexcept {
  return info.role == Role::kSystem && info.parent == kNoPosition;
}

std::optional<Standing> find_known(const ConversationLog& log, std::span<const Incoming> lead,
                                   std::span<const Incoming> messages, std::uint64_t max_tokens) {
  // The next turn of a conversation without branches, which is what most requests are, shows by the
  // number alone.
  const auto stays = [](const Incoming& in) { return in.hash != 0; };
  const auto count = std::ranges::count_if(lead, stays) + std::ranges::count_if(messages, stays);
  if (std::cmp_greater(count, log.size())) return std::nullopt;
  const auto is_new = [&](const Incoming& in) {
    return stays(in) && !log.child(kNoPosition, in.hash);
  };
  if (std::ranges::any_of(lead, is_new)) return std::nullopt;
  Standing standing;
  standing.positions.assign(messages.size(), kNoPosition);
  if (follow(log, messages, kNoPosition, standing.positions) < messages.size()) return std::nullopt;
  const Position tip = last_known(standing.positions, messages.size());
  standing.path_tokens = tokens_to(log, tip);
  if (tip == kNoPosition || standing.path_tokens > max_tokens) return std::nullopt;
  standing.path = log.path_to(tip);
  return standing;
}

Result<Standing> reconcile(ConversationLog& log, std::span<const Incoming> lead,
                           std::span<const Incoming> messages, bool store, std::int64_t now,
                           std::uint64_t max_tokens) {
  Standing standing;
  standing.positions.assign(messages.size(), kNoPosition);
  std::size_t known = follow(log, messages, kNoPosition, standing.positions);
  Position parent = last_known(standing.positions, known);
  if (parent == kNoPosition && log.size() > 0) {
    known = follow_cut(log, messages, standing.positions);
    parent = known > 0 ? last_known(standing.positions, known) : newest(log);
  }
  Position tip = parent;
  const std::uint64_t length = tokens_to(log, parent) + tokens_of(messages.subspan(known));
  if (store && length > max_tokens) {
    standing.path_tokens = length;
    return standing;
  }
  if (store) {
    std::vector<NewMessage> fresh;
    add_instructions(log, lead, now, fresh);
    const auto added =
        append(log, messages, known, parent, now, std::move(fresh), standing.positions);
    if (!added) return added.error();
    standing.added = *added;
    if (*added > 0) tip = last_known(standing.positions, messages.size());
  }
  if (tip == kNoPosition) return standing;
  standing.path = log.path_to(tip);
  standing.path_tokens = tokens_to(log, tip);
  return standing;
}

}  // namespace keep::history
