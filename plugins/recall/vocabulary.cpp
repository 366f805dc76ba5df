#include "plugins/recall/vocabulary.hpp"

#include "base/hash.hpp"
#include "plugins/recall/growth.hpp"
#include "plugins/recall/temporal.hpp"
#include "plugins/recall/word_lists.hpp"
#include "plugins/recall/words.hpp"

#include <algorithm>
#include <array>

namespace keep::recall {

namespace {

constexpr std::uint32_t kTemporal = 0x80000000;
constexpr std::uint32_t kNothingKnown = 0xffffffff;
constexpr std::size_t kMaxKnown = std::size_t{1} << 16;

}  // namespace

// The hash of the stem; 0 for a stop word.
std::uint64_t Vocabulary::hash_of(std::string_view word) const {
  if (is_stop_word(word)) return 0;
  std::array<char, kMaxWordBytes> plain;
  std::size_t size = 0;
  if (word.ends_with("'s")) word.remove_suffix(2);
  for (const char c : word) {
    if (c != '\'' && size < plain.size()) plain[size++] = c;
  }
  return std::max<std::uint64_t>(hash64(stemmer_.stem(base_form({plain.data(), size}))), 1);
}

std::size_t Vocabulary::place_of(std::uint64_t hash) const noexcept {
  std::size_t place = hash & (table_.size() - 1);
  while (table_[place] != kNoTerm && hashes_[table_[place]] != hash) {
    place = (place + 1) & (table_.size() - 1);
  }
  return place;
}

Term Vocabulary::add(std::string_view word) {
  if (known_.empty()) grow();
  const std::uint64_t hash = hash64(word);
  const auto tag = static_cast<std::uint32_t>(hash >> 32);
  Known& known = known_[hash & (known_.size() - 1)];
  if (known.term != kNothingKnown && known.tag == tag) {
    return {known.term & ~kTemporal, (known.term & kTemporal) != 0};
  }
  const Term term = add_unknown(word);
  // Not through `known`: the table may have grown.
  known_[hash & (known_.size() - 1)] = {tag, term.id | (term.temporal ? kTemporal : 0)};
  return term;
}

Term Vocabulary::add_unknown(std::string_view word) {
  Term term{kNoTerm, is_temporal(word)};
  const std::uint64_t hash = hash_of(word);
  if (hash == 0) return term;
  std::size_t place = place_of(hash);
  if (table_[place] == kNoTerm) {
    if ((hashes_.size() + 1) * 4 > table_.size() * 3) {
      grow();
      place = place_of(hash);
    }
    table_[place] = static_cast<TermId>(hashes_.size());
    push_back(hashes_, hash);
  }
  term.id = table_[place];
  return term;
}

Vocabulary::Found Vocabulary::find(std::string_view word) const {
  const std::uint64_t hash = hash_of(word);
  if (hash == 0 || table_.empty()) return {kNoTerm, hash};
  return {table_[place_of(hash)], hash};
}

void Vocabulary::grow() {
  const std::size_t size = std::max<std::size_t>(table_.size() * 2, 64);
  table_ = std::vector<TermId>(size, kNoTerm);
  for (std::size_t term = 0; term < hashes_.size(); ++term) {
    table_[place_of(hashes_[term])] = static_cast<TermId>(term);
  }
  if (size <= kMaxKnown) known_ = std::vector<Known>(size, Known{0, kNothingKnown});
}

std::size_t Vocabulary::memory_bytes() const noexcept {
  return hashes_.capacity() * sizeof(std::uint64_t) + table_.capacity() * sizeof(TermId) +
         known_.capacity() * sizeof(Known);
}

}  // namespace keep::recall
