// Welcome: what whoever starts the proxy wants to know, one log line each: where to point a client,
// where conversations are kept, who may connect, and what is wrong with the servers behind it.
#pragma once

#include "app/config/config.hpp"
#include "app/doctor/doctor_collect.hpp"
#include "base/result.hpp"
#include "upstream/fleet.hpp"

#include <optional>
#include <string>

namespace keep {

// `port`: the one the listener has. `folder`: where conversations are kept.
void say_welcome(const Config& config, unsigned short port, const std::string& folder);

// Who may use the proxy without being asked for a key, if that is everybody who reaches it and not
// only this machine does.
std::optional<std::string> exposure(const Config& config);

// What doctor finds out about a server without asking it to compute anything, when the proxy
// starts and once more when a server that was away has come up. Runs until then.
asio::awaitable<void> watch_findings(UpstreamServer& server, const Config& config);

}  // namespace keep
