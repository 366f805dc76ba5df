#include "search/lexical_index.hpp"

#include "search/slow_growth.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace keep::search {

namespace {

// Below this many passages the second stage alone is as fast.
constexpr std::uint32_t kSmall = 2000;
// A word that one passage of three has is not common, but would be taken for it, and one that none
// of them has for much rarer: rarity is reckoned as if there were at least so many.
constexpr std::size_t kLeastPassages = 256;
constexpr std::size_t kMaxQuestionBytes = 32 << 10;
constexpr std::size_t kMaxCueBytes = 4 << 10;
constexpr std::size_t kMaxTerms = 64;

// What the second stage adds, as shares of the idf of the question.
constexpr float kSpeakerBonus = 0.25F;
constexpr float kDayBonus = 0.3F;
constexpr float kTimeBonus = 0.15F;
constexpr float kQuestionMalus = 0.1F;
// For each person named in the question who speaks in the section: a share of the relevance.
// From 0.35 to 1 it measures the same.
constexpr float kPresenceBonus = 0.5F;

enum Flag : std::uint8_t { kTemporal = 1, kIsQuestion = 2, kEndsAsking = 4 };

float idf(std::size_t passages, std::size_t with_term) noexcept {
  passages = std::max(passages, kLeastPassages);
  const auto rest = static_cast<float>(passages - with_term);
  return std::log(1 + (rest + 0.5F) / (static_cast<float>(with_term) + 0.5F));
}

std::string_view trimmed(std::string_view text) noexcept {
  const std::size_t last = text.find_last_not_of(" \t\r\n");
  return text.substr(0, last == text.npos ? 0 : last + 1);
}

// An attachment in brackets after a question does not make it less of one, though the passage then
// says something, too.
std::uint8_t question_flags(std::string_view text) noexcept {
  text = trimmed(text);
  if (text.ends_with('?')) return kIsQuestion | kEndsAsking;
  if (!text.ends_with(']')) return 0;
  return trimmed(text.substr(0, text.rfind('['))).ends_with('?') ? kIsQuestion : 0;
}

}  // namespace

PassageId LexicalIndex::add(const Passage& passage) {
  const auto id = static_cast<PassageId>(notes_.size());
  add_section(passage);
  terms_ = date_terms_;
  if (!is_role(passage.speaker)) add_terms(passage.speaker);
  const bool temporal = add_terms(passage.text);
  std::sort(terms_.begin(), terms_.end());
  for (auto at = terms_.begin(); at != terms_.end();) {
    const auto end = std::find_if(at, terms_.end(), [&](TermId term) { return term != *at; });
    postings_.add(*at, id, static_cast<std::uint32_t>(end - at));
    at = end;
  }
  const std::uint8_t flags = question_flags(passage.text) | (temporal ? kTemporal : 0);
  const auto section = static_cast<std::uint32_t>(sections_.size() - 1);
  push_back(notes_, Note{speakers_.add(passage.speaker, section), flags});
  return id;
}

// The date is part of what a passage says.
void LexicalIndex::add_section(const Passage& passage) {
  const bool known = !sections_.empty() && sections_.back().day == passage.day;
  if (known && sections_.back().session == passage.session) return;
  push_back(sections_,
            Section{static_cast<PassageId>(notes_.size()), passage.session, passage.day});
  if (known) return;
  terms_.clear();
  if (passage.day != 0) {
    add_terms(text::date_text(passage.day));
    first_day_ = first_day_ == 0 ? passage.day : std::min(first_day_, passage.day);
    last_day_ = last_day_ == 0 ? passage.day : std::max(last_day_, passage.day);
  }
  date_terms_ = terms_;
}

// Appends to terms_; whether one of the words is temporal.
bool LexicalIndex::add_terms(std::string_view text) {
  bool temporal = false;
  reader_.reset(text);
  for (auto word = reader_.next(); !word.empty(); word = reader_.next()) {
    const Term term = vocabulary_.add(word);
    temporal |= term.temporal;
    if (term.id != kNoTerm) terms_.push_back(term.id);
  }
  return temporal;
}

void LexicalIndex::Query::Sum::add(float term_idf, bool is_known) noexcept {
  idf += term_idf;
  if (is_known) known_idf += term_idf;
}

LexicalIndex::Query LexicalIndex::make_query(std::string_view question) {
  Query query;
  query.terms = find_terms(question);
  question.remove_prefix(question.size() - std::min(question.size(), kMaxCueBytes));
  const text::PlainWords words = text::plain_words(question);
  find_persons(words);
  query.speaker = speakers_.asked_about(words);
  query.asks_when = text::asks_when(words);
  if (last_day_ != 0)
    query.days = text::asked_days(words, text::year_of(first_day_), text::year_of(last_day_));
  weigh_terms(query);
  return query;
}

// The rarest ones, also those that no passage has.
std::vector<QueryTerm> LexicalIndex::find_terms(std::string_view question) const {
  std::vector<Vocabulary::Found> found;
  const auto read = [&](std::string_view text) {
    text::WordReader reader(text);
    for (auto word = reader.next(); !word.empty(); word = reader.next()) {
      const Vocabulary::Found term = vocabulary_.find(word);
      if (term.hash != 0) found.push_back(term);
    }
  };
  const std::size_t half = kMaxQuestionBytes / 2;
  read(question.substr(0, question.size() > 2 * half ? half : question.npos));
  if (question.size() > 2 * half) read(question.substr(question.size() - half));
  std::ranges::sort(found, {}, &Vocabulary::Found::hash);
  const auto same = [](const Vocabulary::Found& a, const Vocabulary::Found& b) {
    return a.hash == b.hash;
  };
  found.erase(std::unique(found.begin(), found.end(), same), found.end());

  std::vector<QueryTerm> terms;
  terms.reserve(found.size());
  for (const Vocabulary::Found& term : found) {
    terms.push_back({term.id, idf(size(), postings_.passages_with(term.id)), 0});
  }
  // Stable: what is left out must not depend on the library.
  std::ranges::stable_sort(terms, std::ranges::greater(), &QueryTerm::idf);
  if (terms.size() > kMaxTerms) terms.resize(kMaxTerms);
  return terms;
}

void LexicalIndex::find_persons(const text::PlainWords& question) {
  const std::vector<std::uint32_t> sections = speakers_.sections_of_named(question);
  const auto end_of = [&](std::uint32_t section) {
    const bool is_last = section + 1 == sections_.size();
    return is_last ? static_cast<PassageId>(size()) : sections_[section + 1].first;
  };
  named_.reset(sections.empty() ? 0 : end_of(sections.back()));
  for (const std::uint32_t section : sections) {
    named_.add(sections_[section].first, end_of(section));
  }
}

// Only terms that some passage has are left.
void LexicalIndex::weigh_terms(Query& query) const {
  for (QueryTerm& term : query.terms) {
    query.all.add(term.idf, term.id != kNoTerm);
    if (named_.passages() == 0) continue;
    const std::size_t theirs = named_.count(postings_.read(term.id));
    term.their_idf = idf(named_.passages(), theirs);
    query.theirs.add(term.their_idf, theirs > 0);
  }
  std::erase_if(query.terms, [](const QueryTerm& term) { return term.id == kNoTerm; });
}

std::vector<Hit> LexicalIndex::search(std::string_view question, std::size_t limit,
                                      std::span<const PassageRange> within) {
  const Query query = make_query(question);
  const Scope scope(within, static_cast<std::uint32_t>(size()));
  if (query.terms.empty() || scope.size() == 0) return {};
  if (first_stage_ == 0 || scope.size() <= kSmall) {
    std::vector<Rank> all(scope.size());
    std::iota(all.begin(), all.end(), Rank{0});
    make_slots(all, scope);
  } else {
    const std::size_t wanted = std::max(first_stage_, limit);
    make_slots(candidates_.find(postings_, query.terms, scope, wanted), scope);
  }
  for (const QueryTerm& term : query.terms) score_term(term, scope);

  std::vector<Hit> hits;
  const std::span<const float> sums = proximity_.sums();
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    if (slots_[i].is_candidate && sums[i] != 0) hits.push_back(score(query, slots_[i], sums[i]));
  }
  const auto end = hits.begin() + static_cast<std::ptrdiff_t>(std::min(limit, hits.size()));
  std::partial_sort(hits.begin(), end, hits.end(), [](const Hit& a, const Hit& b) {
    return a.score != b.score ? a.score > b.score : a.passage < b.passage;
  });
  hits.erase(end, hits.end());
  return hits;
}

// A neighbour of a candidate is one, too, and is scored by all that is in its own reach.
void LexicalIndex::make_slots(std::span<const Rank> candidates, const Scope& scope) {
  constexpr Rank kReach = Proximity::kReach;
  slots_.clear();
  runs_.clear();
  proximity_.reset();
  std::vector<Run> runs;
  for (const Rank rank : candidates) {
    const Rank first = rank - std::min(rank, 2 * kReach);
    const Rank last = std::min(rank + 2 * kReach, scope.size() - 1);
    if (runs.empty() || first > runs.back().last + 1) {
      runs.push_back({first, last, 0});
    } else {
      runs.back().last = last;
    }
  }
  for (const Run& run : runs) add_run(run, scope);
  auto run = runs_.begin();
  for (const Rank rank : candidates) {
    while (rank > run->last) ++run;
    const Rank last = std::min(rank + kReach, run->last);
    for (Rank at = std::max(rank - std::min(rank, kReach), run->first); at <= last; ++at) {
      slots_[run->slot + at - run->first].is_candidate = true;
    }
  }
}

void LexicalIndex::add_run(Run run, const Scope& scope) {
  run.slot = static_cast<std::uint32_t>(slots_.size());
  const auto before = [](PassageId passage, const Section& section) {
    return passage < section.first;
  };
  const PassageId begin = scope.passage_of(run.first);
  const auto after = std::upper_bound(sections_.begin(), sections_.end(), begin, before);
  auto section = static_cast<std::uint32_t>(after - sections_.begin() - 1);
  std::uint32_t group = run.slot;
  for (Rank rank = run.first; rank <= run.last; ++rank) {
    const PassageId passage = scope.passage_of(rank);
    const std::uint32_t session = sections_[section].session;
    while (section + 1 < sections_.size() && sections_[section + 1].first <= passage) ++section;
    if (sections_[section].session != session) group = static_cast<std::uint32_t>(slots_.size());
    slots_.push_back({passage, section, false, named_.persons(passage)});
    proximity_.add_slot(group, (notes_[passage].flags & kIsQuestion) != 0);
  }
  runs_.push_back(run);
}

void LexicalIndex::score_term(const QueryTerm& term, const Scope& scope) {
  auto run = runs_.begin();
  for (Scope::Cursor at(scope, postings_.read(term.id)); !at.ended(); at.next()) {
    while (run != runs_.end() && run->last < at.rank()) ++run;
    if (run == runs_.end()) break;
    if (at.rank() < run->first) continue;
    const std::uint32_t slot = run->slot + at.rank() - run->first;
    const float rarity = slots_[slot].persons > 0 ? term.their_idf : term.idf;
    proximity_.hit(slot, rarity * saturation(at.count()));
  }
  proximity_.end_term();
}

Hit LexicalIndex::score(const Query& query, const Slot& slot, float sum) const noexcept {
  const Query::Sum& terms = slot.persons > 0 ? query.theirs : query.all;
  const float relevance = (sum + bonus(query, slot) * terms.known_idf) / terms.idf;
  const float persons = slot.persons;
  return {slot.passage, (relevance + kPresenceBonus * persons) * query.all.idf, relevance};
}

float LexicalIndex::bonus(const Query& query, const Slot& slot) const noexcept {
  const Note& note = notes_[slot.passage];
  float sum = 0;
  if (query.speaker != kNoSpeaker && note.speaker == query.speaker) sum += kSpeakerBonus;
  if (query.asks_when && (note.flags & kTemporal) != 0) sum += kTimeBonus;
  if ((note.flags & kEndsAsking) != 0) sum -= kQuestionMalus;
  const std::int32_t day = sections_[slot.section].day;
  if (day != 0) sum += kDayBonus * text::day_match(query.days, day);
  return sum;
}

std::size_t LexicalIndex::memory_bytes() const noexcept {
  return vocabulary_.memory_bytes() + postings_.memory_bytes() + speakers_.memory_bytes() +
         notes_.capacity() * sizeof(Note) + sections_.capacity() * sizeof(Section) +
         (terms_.capacity() + date_terms_.capacity()) * sizeof(TermId) + named_.memory_bytes() +
         candidates_.memory_bytes() + proximity_.memory_bytes() + slots_.capacity() * sizeof(Slot) +
         runs_.capacity() * sizeof(Run);
}

}  // namespace keep::search
