#include "app/welcome.hpp"

#include "app/config/addresses.hpp"
#include "app/doctor/doctor_checks.hpp"
#include "app/doctor/doctor_http.hpp"
#include "base/log.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>

namespace keep {

namespace {

constexpr std::chrono::seconds kLookAgain{1};

constexpr const char* kAdvice = "name a file of keys in auth.keys_file";

// Where it listens; checked when the configuration was read.
asio::ip::address address_of(const Config& config) {
  return asio::ip::make_address(parse_listen_address(config.listen.address)->host);
}

// As a client on this machine reaches it.
std::string local_url(const Config& config, unsigned short port) {
  const auto address = address_of(config);
  std::string host = address.to_string();
  if (address.is_unspecified()) host = address.is_v6() ? "::1" : "127.0.0.1";
  if (address.is_v6()) host = "[" + host + "]";
  return "http://" + host + ":" + std::to_string(port);
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

std::optional<std::string> exposure(const Config& config) {
  if (!config.keys_file.empty() || address_of(config).is_loopback()) return std::nullopt;
  return "no API key is asked for: whoever reaches " + config.listen.address +
         " may use it, and read what is on record";
}

void say_welcome(const Config& config, unsigned short port, const std::string& folder) {
  const std::string url = local_url(config, port);
  log::info("point clients here", {{"openai", url + "/v1"}, {"anthropic", url}});
  if (config.history.enabled) {
    log::info("conversations are kept", {{"folder", folder}});
  } else {
    log::info("conversations are not kept", {{"history.enabled", false}});
  }
  if (const auto exposed = exposure(config)) {
    log::warn(*exposed, {{"advice", kAdvice}});
  } else if (config.keys_file.empty()) {
    log::info("no API key is asked for; only this machine can connect", {{"advice", kAdvice}});
  }
}

asio::awaitable<void> watch_findings(UpstreamServer& server, const Config& config) {
  constexpr auto token = asio::as_tuple(asio::use_awaitable);
  const auto executor = co_await asio::this_coro::executor;
  asio::steady_timer timer(executor);
  doctor::HttpEngine engine(server.pool(), server.authorization());
  for (bool first = true;; first = false) {
    auto facts =
        co_await doctor::collect(engine, std::string(server.url()), doctor::Pinning::kNotTried);
    facts.pool_tokens = server.pool_tokens();
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
