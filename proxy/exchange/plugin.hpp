// Plugin: one of the proxy's abilities. It lives as long as the program serves, and makes a Stage
// (exchange/stage.hpp, the phases) for each exchange that it has to do with.
//
// All calls come on the loop thread. The order of plugins is the list in plugins/plugin_list.cpp.
#pragma once

#include "base/json/json.hpp"
#include "base/result.hpp"
#include "exchange/exchange.hpp"
#include "exchange/http/local_reply.hpp"
#include "exchange/stage.hpp"

#include <memory>
#include <string_view>

namespace keep {

class Plugin {
 public:
  virtual ~Plugin() = default;
  virtual std::string_view name() const noexcept = 0;

  // start: before the listener opens, in list order; an Error stops the program. stop: reverse.
  virtual Task<> start() { co_return Result<>{}; }
  virtual Task<> stop() { co_return Result<>{}; }

  // The stage of an exchange that begins: its request is parsed, who asks is known, and no phase
  // has been called. nullptr: this plugin has nothing to do with it, and is asked no more until the
  // next one. A stage may refer to its plugin, which outlives it.
  virtual std::unique_ptr<Stage> begin(Exchange&) { return nullptr; }

  // Endpoints of its own: asked for what is its by the list (exchange/http/endpoints.cpp). nullptr:
  // not answered.
  virtual asio::awaitable<Reply> on_endpoint(const Exchange&) { co_return nullptr; }
  // Members of the object that GET /health answers.
  virtual void report(json::Writer&) const {}
  // Whether something that it does for clients fails at the moment, see report().
  virtual bool degraded() const { return false; }
};

// A plugin that lends others an interface as well. Who needs it is given it when it is made
// (plugins/plugin_list.cpp), and may use it from its own start() on.
template <class Interface>
class LendingPlugin : public Plugin, public Interface {};

}  // namespace keep
