#include "plugins/identify/conversation_table.hpp"

#include "base/hash.hpp"
#include "base/text/ids.hpp"

#include <algorithm>
#include <utility>

namespace keep::identify {

namespace {

// Chains of different meaning share one index; these keep them apart.
std::uint64_t asked_mark(std::uint64_t asked) noexcept { return hash_combine(asked, 1); }
std::uint64_t retold_index(std::uint64_t mark) noexcept { return hash_combine(mark, 3); }
std::uint64_t opening_mark(std::uint64_t chain, std::uint64_t agent) noexcept {
  return hash_combine(hash_combine(chain, agent), 2);
}

bool contains(const std::vector<std::uint64_t>& list, std::uint64_t value) noexcept {
  return std::ranges::find(list, value) != list.end();
}

// User and tool turns up to that link.
std::size_t turns_before(const Fingerprint& print, std::size_t link) noexcept {
  const auto begin = print.links.begin();
  return static_cast<std::size_t>(std::count_if(begin,
                                                begin + static_cast<std::ptrdiff_t>(link) + 1,
                                                [](const Link& l) { return !l.answer; }));
}

}  // namespace

ConversationTable::ConversationTable(std::size_t max_conversations)
    : max_(std::max<std::size_t>(max_conversations, 1)) {}

// --- finding ---

std::vector<ConversationTable::Key> ConversationTable::candidates(std::uint64_t mark,
                                                                  const Fingerprint& print) const {
  std::vector<Key> keys;
  const auto [begin, end] = index_.equal_range(mark);
  for (auto at = begin; at != end; ++at) {
    const Entry* const entry = entries_.peek(at->second);
    if (entry->tenant != print.tenant || contains(entry->running, print.whole())) continue;
    keys.push_back(at->second);
  }
  return keys;
}

void ConversationTable::prefer_agent(std::vector<Key>& keys, const Fingerprint& print) const {
  const auto other_agent = [&](Key key) { return entries_.peek(key)->agent != print.agent; };
  if (!std::ranges::all_of(keys, other_agent)) std::erase_if(keys, other_agent);
}

ConversationTable::Found ConversationTable::choose(std::vector<Key> keys, std::size_t link,
                                                   const Fingerprint& print) const {
  const std::uint64_t mark = print.links[link].chain;
  prefer_agent(keys, print);
  // Requests that run already may be going on from this very mark.
  const auto is_tip = [&](Key key) {
    const Entry& entry = *entries_.peek(key);
    return entry.tip == mark && entry.running.empty();
  };
  const auto tip = std::ranges::find_if(keys, is_tip);
  if (tip != keys.end()) return Found{*tip, false};
  const auto again = std::ranges::find_if(
      keys, [&](Key key) { return entries_.peek(key)->last_whole == print.whole(); });
  if (again != keys.end()) return Found{*again, false};
  if (keys.size() != 1) return Found{};
  // If its opening was answered more than once, one of the askers has gone on from here already,
  // and this is another.
  const Entry& only = *entries_.peek(keys.front());
  while (link > 0 && print.links[link].answer) --link;
  const std::uint64_t asked_with = opening_mark(print.links[link].chain, print.agent);
  return Found{keys.front(), only.openings > 1 && only.first == asked_with};
}

ConversationTable::Found ConversationTable::match_prefix(const Fingerprint& print,
                                                         std::size_t& link) const {
  for (link = print.links.size(); link > 0; --link) {
    const Link& at = print.links[link - 1];
    if (!at.answer) continue;
    auto keys = candidates(at.chain, print);
    if (!keys.empty()) return choose(std::move(keys), link - 1, print);
  }
  return Found{};
}

std::optional<ConversationTable::Key> ConversationTable::match_asked(const Fingerprint& print,
                                                                     std::size_t from) const {
  for (std::size_t i = print.links.size(); i-- > from + 1;) {
    if (!print.links[i].answer || print.links[i - 1].answer) continue;
    const std::uint64_t asked = print.links[i].asked;
    auto keys = candidates(asked_mark(asked), print);
    std::erase_if(keys, [&](Key key) { return entries_.peek(key)->agent != print.agent; });
    if (keys.empty()) continue;
    const auto is_last = [&](Key key) { return entries_.peek(key)->last_asked == asked; };
    if (keys.size() > 1) std::erase_if(keys, [&](Key key) { return !is_last(key); });
    if (keys.size() != 1) return std::nullopt;
    if (turns_before(print, i) < 2 && !is_last(keys.front())) return std::nullopt;
    return keys.front();
  }
  return std::nullopt;
}

std::optional<ConversationTable::Key> ConversationTable::match_opening(const Fingerprint& print,
                                                                       Instant now) const {
  const std::uint64_t mark = opening_mark(print.whole(), print.agent);
  for (const Key key : candidates(mark, print)) {
    const Entry& entry = *entries_.peek(key);
    if (!entry.running.empty()) continue;
    if (now - entry.last <= (entry.complete ? kRetryWindow : kRepairWindow)) return key;
  }
  return std::nullopt;
}

bool ConversationTable::is_shared_by_many(std::uint64_t mark) const {
  const auto [begin, end] = index_.equal_range(mark);
  auto at = begin;
  for (std::size_t i = 0; i < kMaxAlike && at != end; ++i) ++at;
  return at != end;
}

bool ConversationTable::is_tip(const Found& found, std::uint64_t chain) const {
  return found.key && entries_.peek(*found.key)->tip == chain;
}

bool ConversationTable::repeats_last(const Found& found, const Fingerprint& print) const {
  return found.key && entries_.peek(*found.key)->last_whole == print.whole();
}

std::optional<ConversationTable::Found> ConversationTable::match_retold(
    const Fingerprint& print) const {
  const auto retold = find_retold(print);
  if (!retold) return std::nullopt;
  const std::uint64_t mark = retold_index(retold->mark);
  if (!index_.contains(mark)) return std::nullopt;
  if (is_shared_by_many(mark)) return Found{};
  const auto told = sketch_each(print.before);
  auto keys = candidates(mark, print);
  const auto is_other = [&](Key key) {
    const Entry& entry = *entries_.peek(key);
    return !entry.running.empty() || !retells(told, entry.turn);
  };
  std::erase_if(keys, is_other);
  if (keys.empty()) return std::nullopt;
  prefer_agent(keys, print);
  if (keys.size() > 1) return Found{};
  return Found{keys.front(), false, true};
}

ConversationTable::Found ConversationTable::match(const Fingerprint& print) const {
  std::size_t link = 0;
  const Found exact = match_prefix(print, link);
  const auto newest =
      std::ranges::find(print.links.rbegin(), print.links.rend(), true, &Link::answer);
  if (newest != print.links.rend() && !is_tip(exact, newest->chain)) {
    const auto retold = match_retold(print);
    // Word for word the last request of a conversation is no riddle.
    if (retold) return !retold->key && repeats_last(exact, print) ? exact : *retold;
  }
  if (const auto key = match_asked(print, link)) return Found{key, false};
  return exact;
}

std::optional<ConversationTable::Key> ConversationTable::find(const Fingerprint& print) const {
  const Found found = match(print);
  return found.split ? std::nullopt : found.key;
}

// --- changing ---

ConversationTable::Assigned ConversationTable::assign(const Fingerprint& print, Instant now) {
  Found found = match(print);
  if (found.split) {
    --entries_.peek(*found.key)->openings;
    found.key.reset();
  } else if (found.retold) {
    note_retold(*found.key, print);
  } else if (!found.key) {
    found.key = match_opening(print, now);
  }
  Assigned assigned{found.key.value_or(0), !found.key};
  while (assigned.is_new && (assigned.key == 0 || entries_.peek(assigned.key) != nullptr)) {
    assigned.key = random64();
  }
  assign_to(assigned.key, print, now);
  return assigned;
}

void ConversationTable::assign_to(Key key, const Fingerprint& print, Instant now) {
  begin(add(key, print.tenant), key, print, now);
}

ConversationTable::Entry& ConversationTable::add(Key key, std::uint64_t tenant) {
  Entry& entry = entries_.get(key, tenant);
  entry.tenant = tenant;
  while (entries_.size() > max_) {
    const auto oldest = entries_.pop_oldest();
    if (oldest->second.has_id) --explicit_;
    unmark_all(oldest->second, oldest->first);
  }
  return entry;
}

void ConversationTable::begin(Entry& entry, Key key, const Fingerprint& print, Instant now) {
  entry.agent = print.agent;
  entry.last = now;
  entry.running.push_back(print.whole());
  if (entry.last_whole != print.whole()) forget_retold(entry, key);
  const std::uint64_t mark = opening_mark(print.whole(), print.agent);
  if (entry.first == 0) {
    entry.first = entry.opening = mark;
    index_.add(mark, key);
  } else if (entry.opening != 0 && entry.opening != mark) {
    index_.remove(std::exchange(entry.opening, 0), key);
  }
}

void ConversationTable::finish(Key key, const Fingerprint& print,
                               std::span<const std::uint64_t> answers, Instant now) {
  Entry* const entry = entries_.find(key);
  if (entry == nullptr) return;
  const auto running = std::ranges::find(entry->running, print.whole());
  if (running != entry->running.end()) entry->running.erase(running);
  entry->last = now;
  entry->complete = !answers.empty();
  entry->last_asked = print.asked();
  entry->last_whole = print.whole();
  record(*entry, key, print);
  add_mark(entry->asked, kMaxAsked, asked_mark(print.asked()), key);
  if (answers.empty()) {
    entry->tip = 0;
    for (const Link& link : print.links) {
      if (link.answer) entry->tip = link.chain;
    }
    return;
  }
  if (opening_mark(print.whole(), print.agent) == entry->first) ++entry->openings;
  entry->tip = chain_after(print.whole(), answers);
  add_mark(entry->marks, kMaxMarks, entry->tip, key);
  if (const auto mark = retold_mark(print, answers)) {
    entry->turn = print.newest;
    add_mark(entry->retold, kMaxRetold, retold_index(*mark), key);
  }
}

// From here on the conversation is known by what the client says now.
void ConversationTable::note_retold(Key key, const Fingerprint& print) {
  Entry& entry = *entries_.peek(key);
  const Retold retold = *find_retold(print);
  add_mark(entry.asked, kMaxAsked, asked_mark(print.links[retold.last].asked), key);
  if (entry.opening == 0) return;
  index_.remove(std::exchange(entry.opening, 0), key);
  entry.first = opening_mark(print.links[retold.first - 1].chain, print.agent);
}

// The client may have rewritten our answers. Others (examples, a greeting, a history from
// elsewhere) are no marks: they are the same in many conversations.
void ConversationTable::record(Entry& entry, Key key, const Fingerprint& print) {
  std::size_t first = print.links.size();
  while (first > 0) {
    const Link& link = print.links[first - 1];
    if (link.answer && contains(entry.marks, link.chain)) break;
    --first;
  }
  for (std::size_t i = first; i < print.links.size(); ++i) {
    const Link& link = print.links[i];
    if (!link.answer || !contains(entry.asked, asked_mark(link.asked))) continue;
    add_mark(entry.marks, kMaxMarks, link.chain, key);
  }
}

void ConversationTable::add_mark(std::vector<std::uint64_t>& marks, std::size_t limit,
                                 std::uint64_t mark, Key key) {
  if (contains(marks, mark)) return;
  if (marks.size() == limit) {
    // Every other one of the older half goes: edits are mostly near the end.
    for (std::size_t i = 0; i < limit / 4; ++i) {
      const auto victim = marks.begin() + static_cast<std::ptrdiff_t>(i) + 1;
      index_.remove(*victim, key);
      marks.erase(victim);
    }
  }
  marks.push_back(mark);
  index_.add(mark, key);
}

void ConversationTable::unmark_all(const Entry& entry, Key key) {
  for (const auto* const marks : {&entry.marks, &entry.asked, &entry.retold}) {
    for (const std::uint64_t mark : *marks) index_.remove(mark, key);
  }
  if (entry.opening != 0) index_.remove(entry.opening, key);
}

void ConversationTable::forget_retold(Entry& entry, Key key) {
  for (const std::uint64_t mark : entry.retold) index_.remove(mark, key);
  entry.retold = {};
  entry.turn = {};
}

std::vector<ConversationTable::Key> ConversationTable::keys() const {
  std::vector<Key> keys;
  keys.reserve(entries_.size());
  entries_.for_each([&keys](Key key, const Entry&) { keys.push_back(key); });
  return keys;
}

std::optional<ConversationTable::Remembered> ConversationTable::remembered(Key key) const {
  const Entry* const e = entries_.peek(key);
  if (e == nullptr) return std::nullopt;
  return Remembered{key,           e->tenant, e->agent,   e->tip,      e->last_whole,
                    e->last_asked, e->first,  e->opening, e->openings, e->complete,
                    e->has_id,     e->marks,  e->asked,   e->retold,   e->turn};
}

void ConversationTable::restore(const Remembered& from) {
  if (entries_.peek(from.key) != nullptr) return;
  Entry& entry = add(from.key, from.tenant);
  entry.agent = from.agent;
  entry.tip = from.tip;
  entry.last_whole = from.last_whole;
  entry.last_asked = from.last_asked;
  entry.first = from.first;
  entry.opening = from.opening;
  entry.openings = from.openings;
  entry.complete = from.complete;
  entry.has_id = from.has_id;
  if (from.has_id) ++explicit_;
  if (from.opening != 0) index_.add(from.opening, from.key);
  for (const std::uint64_t mark : from.marks) add_mark(entry.marks, kMaxMarks, mark, from.key);
  for (const std::uint64_t mark : from.asked) add_mark(entry.asked, kMaxAsked, mark, from.key);
  for (const std::uint64_t mark : from.retold) add_mark(entry.retold, kMaxRetold, mark, from.key);
  entry.turn = from.turn;
}

void ConversationTable::note_explicit(Key key, std::uint64_t tenant, Instant now) {
  Entry& entry = add(key, tenant);
  entry.last = now;
  if (!entry.has_id) ++explicit_;
  entry.has_id = true;
}

}  // namespace keep::identify
