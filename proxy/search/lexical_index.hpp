// LexicalIndex: finds passages by their words, without a model.
//
// An inverted index in memory, append only, full only at 4 GB of postings (postings.hpp); a passage
// can be found as soon as add() returns. The same calls give the same hits. One thread at a time,
// searches included: they use scratch space of the index. Movable; an index that was moved from may
// only be destroyed or assigned to.
//
// A search has two stages. The first takes the best passages by their own words (BM25); the second
// scores these and their neighbours by Proximity, and adds what else the question says: about whom
// it is, and when. A small index has the second stage only.
//
// If the question names persons, the sections in which they speak are scored like an index of
// their own, by the rarity of words there, and come before what is elsewhere unless that says much
// more. So it matters little what else there is; in a dialogue of its own it changes nothing.
#pragma once

#include "search/candidates.hpp"
#include "search/named_speakers.hpp"
#include "search/postings.hpp"
#include "search/proximity.hpp"
#include "search/scope.hpp"
#include "search/speakers.hpp"
#include "search/vocabulary.hpp"
#include "text/passages.hpp"
#include "text/temporal.hpp"
#include "text/words.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace keep::search {

struct Passage {
  std::string_view text;
  std::string_view speaker;   // a role ("user", "assistant", "tool") or a person's name; "" none
  std::int32_t day = 0;       // days since 1970-01-01, 0 unknown
  std::uint32_t session = 0;  // passages of another session are no neighbours
};

struct Hit {
  PassageId passage = 0;
  float score = 0;  // better first
  // What the passage says, by the idf of all words of the question, also those that no passage has:
  // comparable between questions and indexes. Who is present does not count.
  float relevance = 0;
};

class LexicalIndex {
 public:
  static constexpr std::size_t kFirstStage = 400;

  // `first_stage`: how many passages the first stage takes; 0: it takes all of them.
  explicit LexicalIndex(std::size_t first_stage = kFirstStage) noexcept
      : first_stage_(first_stage) {}

  PassageId add(const Passage& passage);

  // The best `limit` passages, best first, the lower id first among equals; fewer when fewer have
  // anything to do with the question. `within` (sorted, disjoint): only these passages, and next to
  // each other in that order, so that the text of the others counts for nothing but the rarity of
  // words. Empty: all. Of a question of more than 32 KB the two ends count, and of more than 64
  // words the rarest.
  std::vector<Hit> search(std::string_view question, std::size_t limit,
                          std::span<const PassageRange> within = {});

  std::size_t size() const noexcept { return notes_.size(); }
  std::size_t memory_bytes() const noexcept;  // all of it, unused capacity included

 private:
  struct Note {
    SpeakerId speaker;
    std::uint8_t flags;
  };
  // Passages from `first` on, up to the next section.
  struct Section {
    PassageId first;
    std::uint32_t session;
    std::int32_t day;
  };
  struct Query {
    struct Sum {
      float known_idf = 0;  // of the terms that some passage has
      float idf = 0;        // of all
      void add(float term_idf, bool is_known) noexcept;
    };
    std::vector<QueryTerm> terms;
    Sum all, theirs;  // of QueryTerm::idf, of QueryTerm::their_idf
    SpeakerId speaker = kNoSpeaker;
    bool asks_when = false;
    std::vector<text::AskedDays> days;
  };
  struct Slot {
    PassageId passage;
    std::uint32_t section;
    bool is_candidate;
    std::uint8_t persons;  // named in the question, who speak in the section
  };
  struct Run {  // of ranks, which have a slot each
    Rank first, last;
    std::uint32_t slot;  // of `first`
  };

  void add_section(const Passage& passage);
  bool add_terms(std::string_view text);
  Query make_query(std::string_view question);
  std::vector<QueryTerm> find_terms(std::string_view question) const;
  void find_persons(const text::PlainWords& question);
  void weigh_terms(Query& query) const;
  void make_slots(std::span<const Rank> candidates, const Scope& scope);
  void add_run(Run run, const Scope& scope);
  void score_term(const QueryTerm& term, const Scope& scope);
  Hit score(const Query& query, const Slot& slot, float sum) const noexcept;
  float bonus(const Query& query, const Slot& slot) const noexcept;

  std::size_t first_stage_;
  Vocabulary vocabulary_;
  Postings postings_;
  Speakers speakers_;
  std::vector<Note> notes_;  // by passage
  std::vector<Section> sections_;
  std::int32_t first_day_ = 0, last_day_ = 0;  // 0: no passage has one

  // Scratch space.
  text::WordReader reader_;
  std::vector<TermId> terms_;       // of the passage that is being added
  std::vector<TermId> date_terms_;  // of the last section
  NamedSpeakers named_;
  Candidates candidates_;
  Proximity proximity_;
  std::vector<Slot> slots_;
  std::vector<Run> runs_;
};

}  // namespace keep::search
