#include "app/api_keys.hpp"
#include "app/config/addresses.hpp"
#include "app/doctor/doctor_checks.hpp"
#include "app/doctor/doctor_collect.hpp"
#include "app/doctor/doctor_embeddings.hpp"
#include "app/doctor/doctor_http.hpp"
#include "app/verbs/setting_flags.hpp"
#include "app/verbs/verbs.hpp"
#include "base/json/json.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <chrono>
#include <ostream>
#include <utility>

namespace keep {

namespace {

using doctor::HttpEngine;
using doctor::Listener;

// Runs one coroutine to its end on a loop of its own.
template <class T>
T run_alone(asio::io_context& loop, asio::awaitable<T> task) {
  std::optional<T> result;
  std::exception_ptr failure;
  asio::co_spawn(loop, std::move(task), [&](const std::exception_ptr& thrown, T value) {
    failure = thrown;
    result = std::move(value);
  });
  loop.restart();
  loop.run();
  if (failure) std::rethrow_exception(failure);
  return std::move(*result);
}

// Empty without a file, and for one that cannot be read: that is a check of its own.
std::string authorization_of(const std::string& key_file) {
  if (key_file.empty()) return {};
  const auto key = read_secret(key_file);
  return key ? "Bearer " + *key : std::string();
}

doctor::EngineFacts examine(const UpstreamSettings& settings, doctor::Pinning pinning) {
  doctor::EngineFacts facts;
  facts.url = settings.url;
  auto address = resolve_upstream(settings.url);
  if (!address) {
    facts.reach = doctor::Reach::kUnresolved;
    facts.reach_detail = address.error().detail;
    return facts;
  }
  asio::io_context loop{1};
  const SteadyClock clock;
  ConnectionPool pool(loop, clock, std::move(*address));
  HttpEngine engine(pool, authorization_of(settings.api_key_file));
  facts = run_alone(loop, doctor::collect(engine, settings.url, pinning, settings.slot_save_path));
  facts.pool_tokens = static_cast<std::int64_t>(settings.pool_tokens);
  return facts;
}

doctor::Check examine_embeddings(const recall::RecallSettings& settings) {
  const std::string& url = settings.embeddings_url;
  auto address = resolve_upstream(url);
  if (!address) {
    return doctor::Check{url, "embeddings", doctor::Status::kFail, address.error().detail,
                         "correct recall.embeddings_url"};
  }
  asio::io_context loop{1};
  const SteadyClock clock;
  ConnectionPool pool(loop, clock, std::move(*address));
  HttpEngine engine(pool, authorization_of(settings.embeddings_key_file));
  return run_alone(loop, doctor::check_embeddings(engine, url, settings.embeddings_model));
}

asio::awaitable<bool> is_llama_keep(doctor::Engine& engine) {
  const auto reply = co_await engine.ask("GET", "/health", "");
  if (!reply) co_return false;
  const auto root = json::validate(reply->body);
  co_return root && root->find("service").string().value_or("") == "llama-keep";
}

// Binds and lets go again.
Listener inspect_listener(const std::string& text) {
  using asio::ip::tcp;
  Listener listener;
  const auto parsed = parse_listen_address(text);
  if (!parsed) {
    listener.state = Listener::State::kCannotBind;
    listener.detail = parsed.error().detail;
    return listener;
  }
  const tcp::endpoint endpoint(asio::ip::make_address(parsed->host), parsed->port);
  listener.loopback = endpoint.address().is_loopback();
  asio::io_context loop{1};
  tcp::acceptor acceptor(loop);
  boost::system::error_code ec;
  acceptor.open(endpoint.protocol(), ec);
  if (!ec) acceptor.set_option(tcp::acceptor::reuse_address(true), ec);
  if (!ec) acceptor.bind(endpoint, ec);
  if (!ec) return listener;
  listener.state = Listener::State::kCannotBind;
  listener.detail = ec.message();
  if (ec != asio::error::address_in_use) return listener;
  tcp::endpoint near = endpoint;
  if (near.address().is_unspecified()) {
    near.address(near.protocol() == tcp::v6()
                     ? asio::ip::address(asio::ip::address_v6::loopback())
                     : asio::ip::address(asio::ip::address_v4::loopback()));
  }
  const SteadyClock clock;
  ConnectionPool pool(loop, clock, UpstreamAddress{parsed->host, near});
  HttpEngine there(pool, "");
  const bool ours = run_alone(loop, is_llama_keep(there));
  listener.state = ours ? Listener::State::kOurs : Listener::State::kTaken;
  return listener;
}

std::vector<doctor::Check> diagnose(const Config& config, doctor::Pinning pinning) {
  doctor::ConfigFacts own;
  own.listener = inspect_listener(config.listen.address);
  own.secrets = doctor::inspect_secrets(config);
  std::vector<doctor::EngineFacts> engines;
  for (const UpstreamSettings& upstream : config.upstreams) {
    engines.push_back(examine(upstream, pinning));
  }
  std::vector<doctor::Check> checks = doctor::check_config(own, config);
  const auto append = [&checks](std::vector<doctor::Check> more) {
    std::move(more.begin(), more.end(), std::back_inserter(checks));
  };
  append(doctor::check_together(engines, config));
  for (const doctor::EngineFacts& engine : engines) append(check_engine(engine, config));
  append(doctor::check_tenants(own, engines, config));
  if (!config.recall.embeddings_url.empty()) checks.push_back(examine_embeddings(config.recall));
  return checks;
}

int run(const FlagLine& line, const Invocation& invocation) {
  const auto sources = read_sources(line, invocation.environment);
  if (!sources) return fail(invocation, sources.error(), kExitUsage);
  const auto config = load_config(*sources);
  if (!config) return fail(invocation, config.error(), kExitProblem);
  const auto pinning =
      line.has("probe") ? doctor::Pinning::kTriedOnAnySlot : doctor::Pinning::kTriedOnEmptySlots;
  const auto checks = diagnose(*config, pinning);
  invocation.out << (line.has("json") ? doctor::to_json(checks) : doctor::to_text(checks));
  return doctor::any_failed(checks) ? kExitProblem : kExitOk;
}

}  // namespace

Verb doctor_verb() {
  Verb verb;
  verb.name = "doctor";
  verb.summary = "check the configuration and every llama-server behind it";
  verb.usage =
      "usage: llama-keep doctor [FLAGS]\nChecks the configuration and every llama-server it "
      "names.\nExit code 1 when anything fails.\n";
  verb.flags = with_config_flags(
      {{"json", "", "Print {\"checks\":[...],\"ok\":bool}."},
       {"probe", "", "Try pinning on idle slots that hold conversations too; those are lost."}});
  verb.configured = true;
  verb.run = run;
  return verb;
}

}  // namespace keep
