// KV cell budget: under a unified pool all slots of a llama-server share its cells, and a full pool
// makes it purge idle slots silently, lowest number first. So we give idle slots up ourselves, the
// one whose loss hurts least first, before a request needs their cells.
//
// Pure. What leased slots hold cannot be had: a request that does not fit beside them waits until
// they are done. With nothing leased it goes ahead; llama-server answers what is too large.
#pragma once

#include "plugins/slots/table/slot_table.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

namespace keep::slots {

// By slot: what it costs to lose what it holds, in tokens that would have to be prefilled. May be
// shorter than the table: 0 for the others.
using SlotCosts = std::vector<Tokens>;

// Of the slots with take[i], the one whose loss hurts least; none when there are none.
using VictimPolicy = std::function<std::optional<std::size_t>(
    const SlotTable&, const std::vector<bool>& take, const SlotCosts&)>;

// Nobody's first, then those of a tenant who has more than its share while others have slots, too;
// of each, those that cost least; of equal ones, calls that came once and sub-agents, then threads
// that have come back, the least recently used first.
std::optional<std::size_t> least_missed(const SlotTable& table, const std::vector<bool>& take,
                                        const SlotCosts& costs);

// Who goes when somebody has to: a policy, and what it goes by.
struct Victims {
  VictimPolicy policy = least_missed;
  std::function<SlotCosts()> costs{};  // asked for when somebody has to go; empty: all are equal

  std::optional<std::size_t> choose(const SlotTable& table, const std::vector<bool>& take) const {
    return policy(table, take, costs ? costs() : SlotCosts());
  }
};

struct BudgetPlan {
  enum class Verdict {
    kFits,  // after `give_up` has been emptied
    kWait,  // slots in use or in transition hold too much
    kOver,  // will not fit whatever is given up, and there is nothing to wait for
  };
  Verdict verdict = Verdict::kFits;
  std::vector<std::size_t> give_up;  // idle slots
};

// Room for `need` tokens in `slot`, whose present content does not count: `need` includes what is
// reused of it. pool == 0: no limit.
BudgetPlan plan_budget(const SlotTable& table, Tokens pool, std::size_t slot, Tokens need,
                       const Victims& victims);

// Idle slots to give up so that what is held and reserved fits the pool; as many as there are.
std::vector<std::size_t> plan_relief(const SlotTable& table, Tokens pool, const Victims& victims);

// What goes to the model, as far as its length can be told from it.
struct PromptText {
  std::uint64_t bytes = 0;
  std::size_t messages = 0;
};

// How many tokens that will be. `held` tokens came from the first `held_bytes` bytes (0: unknown),
// and the rest is taken to be as dense: nothing is learned from one conversation about another.
// Replaced by the server's own number when the prefill begins.
Tokens estimate_prompt(const PromptText& text, Tokens held, std::uint64_t held_bytes) noexcept;

// Prompt and the output to set aside for it. Output beyond that is followed while it is produced
// (a client's max_tokens is often the largest the model allows, and would stop everybody else).
// `fair` is the slot's share of the pool: an exchange may always count on that much.
Tokens reservation(Tokens prompt, std::optional<std::int64_t> max_tokens, Tokens pool,
                   std::size_t slots) noexcept;

}  // namespace keep::slots
