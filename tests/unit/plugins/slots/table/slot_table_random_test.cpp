// Any calls in any order: where a key is warm is found as if each slot had been looked at.
#include "plugins/slots/table/slot_table.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <random>
#include <utility>

namespace keep::slots {
namespace {

constexpr std::size_t kSlots = 6;
constexpr SlotKey kKeys = 4;

std::optional<std::size_t> look_for(const SlotTable& table, SlotKey key) {
  const auto rank = [](const Slot& s) { return std::make_pair(s.leasable(), s.last_use); };
  std::optional<std::size_t> best;
  for (std::size_t i = 0; i < table.size(); ++i) {
    const Slot& slot = table.at(i);
    if (slot.key != key || slot.use == SlotUse::kLeased) continue;
    if (!best || rank(table.at(*best)) < rank(slot)) best = i;
  }
  return best;
}

class SlotTableRandomTest : public testing::TestWithParam<unsigned> {
 protected:
  void call(std::size_t slot, LeaseId lease, Tokens held) {
    switch (random_() % 13) {
      case 0: table_.release(lease, held, 10, now_); break;
      case 1: table_.cancel(lease); break;
      case 2: table_.restored(lease, held); break;
      case 3: table_.abandon(lease, random_() % 2 == 0, now_); break;
      case 4: table_.settled(slot, held); break;
      case 5: table_.begin_vacate(slot); break;
      case 6: table_.vacated(slot); break;
      case 7: table_.not_vacated(slot); break;
      case 8: table_.observed(slot, held); break;
      case 9: table_.end(1 + random_() % kKeys); break;
      case 10:
        if (random_() % 10 == 0) table_.suspect_all();
        break;
      default: this->lease(slot);
    }
  }
  void lease(std::size_t slot) {
    LeaseTerms terms;
    terms.id = ++last_;
    terms.key = random_() % (kKeys + 1);
    terms.conversation = terms.key;
    terms.scratch = random_() % 8 == 0;
    table_.lease(slot, terms, now_);
  }

  std::mt19937 random_{GetParam()};
  SlotTable table_{kSlots};
  LeaseId last_ = 0;
  Instant now_{};
};

TEST_P(SlotTableRandomTest, AKeyIsFoundWhereItIsWarm) {
  for (int step = 0; step < 2000; ++step) {
    now_ += std::chrono::seconds(1);
    call(random_() % kSlots, last_ - random_() % kSlots, static_cast<Tokens>(random_() % 40));
    for (SlotKey key = 1; key <= kKeys; ++key) {
      ASSERT_EQ(table_.find_warm(key), look_for(table_, key)) << "step " << step;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, SlotTableRandomTest, testing::Range(1U, 21U));

}  // namespace
}  // namespace keep::slots
