// SlotArchive: where what a slot of llama-server holds goes before it is lost, and comes back from.
//
// The slots plugin says when: a slot is vacated because another conversation gets it or because its
// KV cells are needed, or a conversation was given a slot that holds nothing of it. An archive says
// whether and how, by SlotControl::save and restore or by other means. It never sees a slot table.
//
// One rule: an action on a slot is called only by whoever holds the slot, leased or vacating. Slots
// lends that right for as long as a call of keep() or bring_back() lasts, for that one slot and no
// other; an archive starts nothing that acts on the slot after it has returned.
//
// All calls come on the loop thread. A request waits behind keep() and bring_back(), so both are
// bounded: cut short (by cancellation) after a limit that slots sets, and when the slot is lost
// because its server was started anew. They have to end soon then (what blocks is asked for in
// small pieces, as a job of a pool that has begun is waited for), with whatever files they have
// begun marked as no good. What they throw counts as failed. Several calls may run at once,
// but for one slot only where the earlier has been told to end. The archive outlives the slots
// plugin.
//
// Conversations that are ended are none of slots' calls: an archive that keeps anything of them is
// a ConversationObserver, too.
#pragma once

#include "base/result.hpp"
#include "base/time/clock.hpp"
#include "exchange/conversation_name.hpp"
#include "openai/request/prompt_trail.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace keep {

struct SlotPlace {
  std::size_t upstream = 0;  // index into Upstreams
  int slot = 0;              // of that llama-server
};

// Whose prompt it is: each agent of a conversation has its own.
struct PromptOwner {
  ConversationName conversation;
  std::string agent;  // hash of its system prompt and tool names
};

// A prompt that is to be answered: one that was kept may begin as it does, whoever's it is.
struct WantedPrompt {
  std::shared_ptr<const PromptOwner> owner;  // never null
  openai::PromptTrail trail;
  std::int64_t there = 0;  // tokens of it that the slot holds already: as few are not brought back
};

// What an idle slot holds, as far as it is known.
struct SlotContent {
  std::shared_ptr<const PromptOwner> owner;  // never null
  std::int64_t tokens = 0;                   // more than 0
  bool returning = false;                    // a main thread that has come back before
  Instant last_use{};
  openai::PromptTrail trail;     // of the prompt that it begins with; empty when unknown
  std::uint64_t text_bytes = 0;  // of the texts that it came from; 0 when unknown
};

class SlotArchive {
 public:
  virtual ~SlotArchive() = default;

  // What it costs to lose that content, in tokens that would have to be prefilled; what is kept
  // already costs less. Of several slots the one that costs least goes first; where all cost the
  // same, calls that came once and then the least recently used. Asked often: from memory.
  virtual std::int64_t cost_of_losing(std::size_t upstream,
                                      const SlotContent& content) const noexcept = 0;

  // Whether keep() is worth calling: without it the slot is handed over at once. From memory.
  virtual bool wants(SlotPlace place, const SlotContent& content) const noexcept = 0;
  // The slot is vacating: idle, and nobody else's until this ends. It still holds `content`, and
  // must hold it afterwards. An Error is for the log: the content is lost as it is without an
  // archive.
  virtual Task<> keep(SlotPlace place, SlotContent content) = 0;

  // How many tokens of that prompt bring_back() could put into a slot of that server, more than
  // are there; 0: none, or they are sooner read. From memory; an estimate where the prompt is not
  // what was kept.
  virtual std::int64_t has(std::size_t upstream, const WantedPrompt& prompt) const noexcept = 0;
  // The slot is leased for that prompt, and idle. -> how many tokens it holds now instead, all of
  // the tenant's; 0: it was left as it was. An Error: what it holds is not known; the request goes
  // on with its prompt read anew.
  virtual Task<std::int64_t> bring_back(SlotPlace place, WantedPrompt prompt) = 0;
};

// Keeps nothing: what leaves a slot is lost.
class NoArchive final : public SlotArchive {
 public:
  std::int64_t cost_of_losing(std::size_t, const SlotContent&) const noexcept override { return 0; }
  bool wants(SlotPlace, const SlotContent&) const noexcept override { return false; }
  Task<> keep(SlotPlace, SlotContent) override { co_return Result<>{}; }
  std::int64_t has(std::size_t, const WantedPrompt&) const noexcept override { return 0; }
  Task<std::int64_t> bring_back(SlotPlace, WantedPrompt) override { co_return 0; }
};

inline SlotArchive& no_archive() noexcept {
  static NoArchive none;
  return none;
}

}  // namespace keep
