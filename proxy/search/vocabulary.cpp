#include "search/vocabulary.hpp"

#include "base/hash.hpp"
#include "search/slow_growth.hpp"
#include "text/temporal.hpp"
#include "text/word_lists.hpp"
#include "text/words.hpp"

#include <algorithm>
#include <array>

namespace keep::search {

namespace {

constexpr std::uint32_t kTemporal = 0x80000000;
constexpr std::uint32_t kNothingKnown = 0xffffffff;
constexpr std::size_t kMaxKnown = std::size_t{1} << 15;
// There is no end of names in programs, and their parts are terms, too: so the wholes share a
// bounded number of terms, by these bits of their hash. What collides is told apart by the parts.
constexpr std::uint64_t kCompoundBits = 0xfffc0000;

}  // namespace

// The hash of the stem; 0 for a stop word.
std::uint64_t Vocabulary::hash_of(std::string_view word) const {
  if (text::is_stop_word(word)) return 0;
  if (text::is_compound(word)) return (hash64(word) & kCompoundBits) | 1;
  std::array<char, text::kMaxWordBytes> plain;
  std::size_t size = 0;
  if (word.ends_with("'s")) word.remove_suffix(2);
  for (const char c : word) {
    if (c != '\'' && size < plain.size()) plain[size++] = c;
  }
  return std::max<std::uint64_t>(hash64(stemmer_.stem(text::base_form({plain.data(), size}))), 1);
}

std::size_t Vocabulary::place_of(std::uint32_t hash) const noexcept {
  auto place = static_cast<std::size_t>(std::uint64_t{hash} * table_.size() >> 32);
  while (table_[place] != kNoTerm && hashes_[table_[place]] != hash) {
    if (++place == table_.size()) place = 0;
  }
  return place;
}

Term Vocabulary::add(std::string_view word) {
  if (known_.size() < kMaxKnown && hashes_.size() >= known_.size() / 2) {
    known_ = std::vector<Known>(std::max<std::size_t>(known_.size() * 2, 64), {0, kNothingKnown});
  }
  const std::uint64_t hash = hash64(word);
  const auto tag = static_cast<std::uint32_t>(hash >> 32);
  Known& known = known_[hash & (known_.size() - 1)];
  if (known.term != kNothingKnown && known.tag == tag) {
    return {known.term & ~kTemporal, (known.term & kTemporal) != 0};
  }
  const Term term = add_unknown(word);
  known = {tag, term.id | (term.temporal ? kTemporal : 0)};
  return term;
}

Term Vocabulary::add_unknown(std::string_view word) {
  Term term{kNoTerm, text::is_temporal(word)};
  const std::uint64_t hash = hash_of(word);
  if (hash == 0) return term;
  if (hashes_.size() * 5 >= table_.size() * 4) grow_table();
  const auto short_hash = static_cast<std::uint32_t>(hash);
  TermId& place = table_[place_of(short_hash)];
  if (place == kNoTerm) {
    place = static_cast<TermId>(hashes_.size());
    push_back(hashes_, short_hash);
  }
  term.id = place;
  return term;
}

Vocabulary::Found Vocabulary::find(std::string_view word) const {
  const std::uint64_t hash = hash_of(word);
  if (hash == 0 || table_.empty()) return {kNoTerm, hash};
  return {table_[place_of(static_cast<std::uint32_t>(hash))], hash};
}

void Vocabulary::grow_table() {
  table_ = std::vector<TermId>(table_.size() + table_.size() / 4 + 64, kNoTerm);
  for (std::size_t term = 0; term < hashes_.size(); ++term) {
    table_[place_of(hashes_[term])] = static_cast<TermId>(term);
  }
}

std::size_t Vocabulary::memory_bytes() const noexcept {
  return hashes_.capacity() * sizeof(hashes_[0]) + table_.capacity() * sizeof(TermId) +
         known_.capacity() * sizeof(Known);
}

}  // namespace keep::search
