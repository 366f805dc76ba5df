// Stage: what one plugin does for one exchange, and what it remembers of it from phase to phase.
//
//   on_request           once, body complete and parsed; may answer the client itself
//   on_count             once, instead of all others, for a request whose tokens are only counted:
//                        adds the edits that would change its prompt, and remembers nothing
//   on_route             once per attempt and server, in list order; may wait, with a limit
//   on_upstream_request  once per attempt, in list order; adds attempt_edits
//   on_event             every upstream event, reverse order; must not wait; may keep text back
//                        (exchange.hold_from) or stop the reading
//   on_pause             after an on_event that stopped the reading; may wait; says whether the
//                        answer goes on or is given anew from where the client has it
//   on_answer            once per complete answer, reverse order, before its last bytes go to the
//                        client: what is done here is done when the client sees the end
//   on_finish            once per exchange however it ended, reverse order, also where a phase
//                        before it was never reached
//   explain              whenever a head is made, and at the end: what it decided and why
//
// A plugin makes its stage when an exchange begins (Plugin::begin). The exchange's Stages own it:
// it dies after on_finish and before the exchange does, or after on_count alone. The exchange is
// the same in all calls, and is lent for the length of the call; a phase that waits may use it, and
// the stage, until it ends. What is spawned to go on after that has neither. Loop thread only, one
// phase at a time, but for explain, which may come while a phase waits.
//
// A phase returns what it comes to, and makes a coroutine only where it has to wait (MaybeTask).
// One that is not overridden costs neither.
//
// A stage is advice, not a gate: one that fails in on_request or on_upstream_request is skipped
// for that phase, counted, and logged at most once a minute (on_count, on_pause, on_answer as
// well); a failing on_route ends the exchange (overload, timeout).
#pragma once

#include "base/async/maybe_task.hpp"
#include "exchange/exchange.hpp"
#include "exchange/explanation.hpp"
#include "exchange/http/local_reply.hpp"
#include "exchange/outcome.hpp"
#include "openai/event/event_info.hpp"
#include "openai/event/sse_event.hpp"

#include <variant>

namespace keep {

struct Next {};                             // go on
using Verdict = std::variant<Next, Reply>;  // Reply: stop and answer with this

enum class EventAction { kForward, kPause };  // kPause: read nothing more, call on_pause
enum class PauseVerdict { kGoOn, kResubmit };

class Stage {
 public:
  virtual ~Stage() = default;

  virtual MaybeTask<Verdict> on_request(Exchange&) { return Verdict{Next{}}; }
  virtual MaybeTask<> on_count(Exchange&) { return Result<>{}; }
  virtual MaybeTask<> on_route(Exchange&) { return Result<>{}; }
  virtual MaybeTask<> on_upstream_request(Exchange&) { return Result<>{}; }
  virtual EventAction on_event(Exchange&, const openai::SseEvent&,
                               const openai::EventInfo&) noexcept {
    return EventAction::kForward;
  }
  virtual MaybeTask<PauseVerdict> on_pause(Exchange&) { return PauseVerdict::kGoOn; }
  virtual MaybeTask<> on_answer(Exchange&) { return Result<>{}; }
  virtual void on_finish(const Exchange&, const Outcome&) noexcept {}
  virtual void explain(const Exchange&, Explanation&) const {}
};

}  // namespace keep
