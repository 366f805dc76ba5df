#include "app/welcome.hpp"

#include "app/doctor_checks.hpp"
#include "app/doctor_http.hpp"
#include "base/log.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>

namespace keep {

namespace {

constexpr std::chrono::seconds kLookAgain{1};

struct Listening {
  std::string url;  // as a client on this machine reaches it
  bool loopback = false;
};

Listening listening(const Config& config, unsigned short port) {
  const auto parsed = parse_listen_address(config.listen.address);
  auto address = asio::ip::make_address(parsed->host);  // checked when the configuration was read
  Listening result;
  result.loopback = address.is_loopback();
  std::string host = parsed->host;
  if (address.is_unspecified()) host = address.is_v6() ? "::1" : "127.0.0.1";
  if (address.is_v6()) host = "[" + host + "]";
  result.url = "http://" + host + ":" + std::to_string(port);
  return result;
}

void say_findings(const std::vector<doctor::Check>& checks) {
  for (const doctor::Check& check : checks) {
    const bool fault =
        check.status == doctor::Status::kWarn || check.status == doctor::Status::kFail;
    if (!fault) continue;
    log::warn(check.message, {{"upstream", check.target}, {"advice", check.fix}});
  }
}

}  // namespace

void say_welcome(const Config& config, unsigned short port, const std::string& folder) {
  const Listening at = listening(config, port);
  log::info("point clients here", {{"openai", at.url + "/v1"}, {"anthropic", at.url}});
  if (config.history.enabled) {
    log::info("conversations are kept", {{"folder", folder}});
  } else {
    log::info("conversations are not kept", {{"history.enabled", false}});
  }
  if (!config.keys_file.empty()) return;
  const char* const advice = "name a file of keys in auth.keys_file";
  if (at.loopback) {
    log::info("no API key is asked for; only this machine can connect", {{"advice", advice}});
  } else {
    log::warn(
        "no API key is asked for: whoever reaches this address may use it, and read what is "
        "on record",
        {{"address", config.listen.address}, {"advice", advice}});
  }
}

asio::awaitable<void> watch_findings(UpstreamServer& server, const Config& config) {
  constexpr auto token = asio::as_tuple(asio::use_awaitable);
  const auto executor = co_await asio::this_coro::executor;
  asio::steady_timer timer(executor);
  doctor::HttpEngine engine(server.pool(), server.authorization());
  for (bool first = true;; first = false) {
    const auto facts =
        co_await doctor::collect(engine, std::string(server.url()), doctor::Pinning::kNotTried);
    const bool away = facts.reach != doctor::Reach::kOk;
    if (first || !away) say_findings(doctor::check_engine(facts, config));
    if (!away) co_return;
    do {
      timer.expires_after(kLookAgain);
      const auto [ec] = co_await timer.async_wait(token);
      if (ec) co_return;  // the program stops
    } while (!server.healthy());
  }
}

}  // namespace keep
