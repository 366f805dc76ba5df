#include "search/proximity.hpp"

#include <algorithm>
#include <array>

namespace keep::search {

namespace {

// What is said goes on in what follows rather than in what was before. Measured on dialogues.
constexpr std::array<float, Proximity::kReach + 1> kFromBefore = {1, 0.8F, 0.56F, 0.392F, 0.2744F};
constexpr std::array<float, Proximity::kReach + 1> kFromAfter = {1, 0.5F, 0.45F, 0.405F, 0.3645F};
constexpr float kFromQuestion = 0.92F;  // instead of kFromBefore[1]

}  // namespace

void Proximity::reset() noexcept {
  slots_.clear();
  sums_.clear();
  best_.clear();
}

void Proximity::add_slot(std::uint32_t group, bool is_question) {
  slots_.push_back({group, is_question});
  sums_.push_back(0);
  best_.push_back(0);
}

void Proximity::raise(std::uint32_t slot, float strength) {
  if (best_[slot] == 0) reached_.push_back(slot);
  best_[slot] = std::max(best_[slot], strength);
}

void Proximity::hit(std::uint32_t slot, float strength) {
  const Slot& source = slots_[slot];
  raise(slot, strength);
  for (std::uint32_t away = 1; away <= kReach && slot + away < slots_.size(); ++away) {
    if (slots_[slot + away].group != source.group) break;
    const bool answers = away == 1 && source.is_question;
    raise(slot + away, strength * (answers ? kFromQuestion : kFromBefore[away]));
  }
  for (std::uint32_t away = 1; away <= kReach && away <= slot; ++away) {
    if (slots_[slot - away].group != source.group) break;
    raise(slot - away, strength * kFromAfter[away]);
  }
}

void Proximity::end_term() {
  for (const std::uint32_t slot : reached_) {
    sums_[slot] += best_[slot];
    best_[slot] = 0;
  }
  reached_.clear();
}

std::size_t Proximity::memory_bytes() const noexcept {
  return slots_.capacity() * sizeof(Slot) + (sums_.capacity() + best_.capacity()) * sizeof(float) +
         reached_.capacity() * sizeof(std::uint32_t);
}

}  // namespace keep::search
