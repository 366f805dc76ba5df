// Proximity: a passage answers to a term if it is said in the passage itself or close to it.
//
// For every term the best of the hits within kReach passages counts, the less the further away it
// is; terms add up. Used like this: reset, add_slot for every passage in order, then for every term
// its hits and end_term, then sums. One thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace keep::search {

class Proximity {
 public:
  static constexpr std::uint32_t kReach = 4;

  void reset() noexcept;
  // Slots of one group stand together, and reach each other. `is_question`: what follows answers
  // it.
  void add_slot(std::uint32_t group, bool is_question);

  void hit(std::uint32_t slot, float strength);  // strength > 0
  void end_term();

  std::span<const float> sums() const noexcept { return sums_; }
  std::size_t memory_bytes() const noexcept;

 private:
  struct Slot {
    std::uint32_t group;
    bool is_question;
  };
  void raise(std::uint32_t slot, float strength);

  std::vector<Slot> slots_;
  std::vector<float> sums_;
  std::vector<float> best_;  // of the hits of this term; 0 for the slots out of reach
  std::vector<std::uint32_t> reached_;
};

}  // namespace keep::search
