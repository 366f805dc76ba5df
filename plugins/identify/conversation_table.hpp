// ConversationTable: which requests without an id belong together, by what they say.
//
// Pure state machine: no clock (callers pass `now`), loop thread only. Matching is by the hash
// chains of fingerprint.hpp, in this order:
//   * the longest message-prefix that ends in an answer we know: the same conversation. An edit or
//     a regenerate in the middle is such a prefix, too (a branch of it). Of several conversations
//     with that prefix the one that has not gone on from there is taken, or whose last request
//     this repeats; else none.
//   * everything but the turn before the newest answer, for clients that decorate the newest turn
//     and tell it plain later: only if the answer is the last one of exactly one conversation that
//     has not gone on, and what is told now stands in what was asked then (turn_sketch.hpp). That
//     comes before an answer that a conversation has gone on from already.
//   * the longest prefix of user and tool turns, for clients that rewrite answers: only of the same
//     agent, only if it leads to exactly one conversation, and only if that has two such turns or
//     this very turn was its last one.
//   * the first request of a conversation that has not gone on since, repeated: a retry, if that
//     one was not answered in full or only just now. When it turns out that several clients hid
//     behind one opening, all but one are split off at their next turn.
// Anything else is a new conversation; so is the repeat of a request that is still running
// (parallel clients that say the same). Conversations with an id of their own are only counted.
//
// Full: the tenant that has most loses its least recently used, which comes back as a new one. Per
// conversation: 840 bytes after one long turn, and as marks are bounded, to kMaxMarks + kMaxAsked +
// kMaxRetold + 1, about 2.6 KB at most.
#pragma once

#include "base/lru_map.hpp"
#include "base/time/clock.hpp"
#include "plugins/identify/fingerprint.hpp"
#include "plugins/identify/mark_index.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace keep::identify {

class ConversationTable {
 public:
  using Key = std::uint64_t;  // random, or the hash of an explicit id

  static constexpr std::size_t kMaxMarks = 32;  // older ones are thinned out
  static constexpr std::size_t kMaxAsked = 8;
  static constexpr std::size_t kMaxRetold = 4;  // answers to one request
  // Conversations that a retold turn is looked for in; of more that are so alike it is nobody's.
  static constexpr std::size_t kMaxAlike = 256;
  // A repeated opening is a retry when its first answer was whole but came only just now.
  static constexpr Duration kRetryWindow = std::chrono::seconds(30);
  // ... or when it broke off, within:
  static constexpr Duration kRepairWindow = std::chrono::minutes(10);

  explicit ConversationTable(std::size_t max_conversations);

  struct Assigned {
    Key key = 0;
    bool is_new = false;
  };
  // The request begins to run: each assign() is followed by one finish().
  Assigned assign(const Fingerprint& print, Instant now);
  // The same for a request whose conversation is known by other means.
  void assign_to(Key key, const Fingerprint& print, Instant now);
  // Whose history this is; changes nothing.
  std::optional<Key> find(const Fingerprint& print) const;

  // `answers`: what the client will send back as our answer, one hash per message; empty when the
  // answer broke off. Does nothing when the entry is forgotten.
  void finish(Key key, const Fingerprint& print, std::span<const std::uint64_t> answers,
              Instant now);

  // A conversation with an id of its own was seen.
  void note_explicit(Key key, std::uint64_t tenant, Instant now);

  // Every conversation, the least recently used first, which is the order in which to restore.
  std::vector<Key> keys() const;
  // What outlives the process: all but what is running and when it was.
  struct Remembered {
    Key key = 0;
    std::uint64_t tenant = 0, agent = 0, tip = 0, last_whole = 0, last_asked = 0, first = 0,
                  opening = 0;
    std::uint32_t openings = 0;
    bool complete = false, has_id = false;
    std::vector<std::uint64_t> marks, asked, retold;
    TurnSketch turn;
  };
  // Missing when it is forgotten.
  std::optional<Remembered> remembered(Key key) const;
  // An entry that is there already stays.
  void restore(const Remembered& from);

  std::size_t derived() const noexcept { return entries_.size() - explicit_; }
  std::size_t with_id() const noexcept { return explicit_; }
  std::size_t marks() const noexcept { return index_.size(); }

 private:
  struct Entry {
    std::uint64_t tenant = 0, agent = 0;  // of the last request
    Instant last{};
    std::uint64_t tip = 0;         // chain after the last answer
    std::uint64_t last_whole = 0;  // chain of the last request
    std::uint64_t last_asked = 0;  // the same without answers
    std::uint64_t first = 0;       // mark of the opening
    std::uint64_t opening = 0;     // the same, until the conversation goes on
    std::uint32_t openings = 0;    // how often the opening was answered in full
    bool complete = false;         // the last answer was
    bool has_id = false;
    std::vector<std::uint64_t> running;  // chains of requests
    std::vector<std::uint64_t> marks;    // chains after answers, oldest first
    std::vector<std::uint64_t> asked;    // marks of answered user and tool turns, oldest first
    std::vector<std::uint64_t> retold;   // the last request's, one per answer, until it goes on
    TurnSketch turn;                     // its newest turn
  };
  struct Found {
    std::optional<Key> key;
    bool split = false;   // another conversation that hid behind the same opening
    bool retold = false;  // its last turn is told in other words now
  };

  Found match(const Fingerprint& print) const;
  Found match_prefix(const Fingerprint& print, std::size_t& link) const;
  bool is_tip(const Found& found, std::uint64_t chain) const;
  // The key is missing when there are several.
  std::optional<Found> match_retold(const Fingerprint& print) const;
  bool repeats_last(const Found& found, const Fingerprint& print) const;
  std::optional<Key> match_asked(const Fingerprint& print, std::size_t from) const;
  std::optional<Key> match_opening(const Fingerprint& print, Instant now) const;
  std::vector<Key> candidates(std::uint64_t mark, const Fingerprint& print) const;
  bool is_shared_by_many(std::uint64_t mark) const;
  void prefer_agent(std::vector<Key>& keys, const Fingerprint& print) const;
  Found choose(std::vector<Key> keys, std::size_t link, const Fingerprint& print) const;

  Entry& add(Key key, std::uint64_t tenant);
  void begin(Entry& entry, Key key, const Fingerprint& print, Instant now);
  void note_retold(Key key, const Fingerprint& print);
  void record(Entry& entry, Key key, const Fingerprint& print);
  void add_mark(std::vector<std::uint64_t>& marks, std::size_t limit, std::uint64_t mark, Key key);
  void unmark_all(const Entry& entry, Key key);
  void forget_retold(Entry& entry, Key key);

  std::size_t max_;
  std::size_t explicit_ = 0;
  LruMap<Key, Entry> entries_;
  MarkIndex index_;  // every mark of every entry
};

}  // namespace keep::identify
