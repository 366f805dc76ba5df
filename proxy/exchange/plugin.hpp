// Plugin: a stage in the life of a request.
//
//   on_request           once, body complete and parsed; may answer the client itself
//   on_count             once, instead of all others, for a request whose tokens are only counted:
//                        adds the edits that would change its prompt, and remembers nothing
//   on_route             once per attempt, in list order; may wait, with a deadline of its own
//   on_upstream_request  once per attempt, in list order; adds attempt_edits
//   on_event             every upstream event, reverse order; must not wait; may keep text back
//                        (exchange.hold_from) or stop the reading
//   on_pause             after an on_event that stopped the reading; may wait; says whether the
//                        answer goes on or is given anew from where the client has it
//   on_answer            once per complete answer, reverse order, before its last bytes go to the
//                        client: what is done here is done when the client sees the end
//   on_finish            once per exchange however it ended, for every plugin, reverse order
//
// A plugin is advice, not a gate: one that fails in on_request or on_upstream_request is skipped
// for that phase, counted, and logged at most once a minute (on_count, on_pause, on_answer as
// well); a failing on_route ends the exchange (overload, timeout). All calls come on the loop
// thread. The order of plugins is the list in plugins/plugin_list.cpp.
#pragma once

#include "base/json/json.hpp"
#include "base/result.hpp"
#include "exchange/exchange.hpp"
#include "exchange/http/local_reply.hpp"
#include "exchange/outcome.hpp"
#include "exchange/services.hpp"
#include "openai/event_info.hpp"
#include "openai/sse_event.hpp"

#include <cstdint>
#include <string_view>
#include <variant>

namespace keep {

struct Next {};                             // go on
using Verdict = std::variant<Next, Reply>;  // Reply: stop and answer with this

enum class EventAction { kForward, kPause };  // kPause: read nothing more, call on_pause
enum class Resumption { kGoOn, kResubmit };

class Plugin {
 public:
  virtual ~Plugin() = default;
  virtual std::string_view name() const noexcept = 0;

  // start: before the listener opens, in list order; an Error stops the program. stop: reverse.
  virtual Task<> start(Services&) { co_return Result<>{}; }
  virtual Task<> stop() { co_return Result<>{}; }

  virtual Task<Verdict> on_request(Exchange&) { co_return Verdict{Next{}}; }
  virtual Task<> on_count(Exchange&) { co_return Result<>{}; }
  virtual Task<> on_route(Exchange&) { co_return Result<>{}; }
  virtual Task<> on_upstream_request(Exchange&) { co_return Result<>{}; }
  virtual EventAction on_event(Exchange&, const openai::SseEvent&,
                               const openai::EventInfo&) noexcept {
    return EventAction::kForward;
  }
  virtual Task<Resumption> on_pause(Exchange&) { co_return Resumption::kGoOn; }
  virtual Task<> on_answer(Exchange&) { co_return Result<>{}; }
  virtual void on_finish(const Exchange&, const Outcome&) noexcept {}

  // Endpoints of its own, asked for every request that is no API call: nullptr when not one of
  // them.
  virtual asio::awaitable<Reply> on_endpoint(const Exchange&) { co_return nullptr; }
  // Members of the object that GET /health answers.
  virtual void report(json::Writer&) const {}
  // Whether something that it does for clients fails at the moment, see report().
  virtual bool degraded() const { return false; }
  // `X-Keep-*` headers this plugin answers for, added to the client's head.
  virtual void explain(const Exchange&, Headers&) const {}
};

}  // namespace keep
