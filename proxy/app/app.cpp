#include "app/app.hpp"

#include "app/api_keys.hpp"
#include "app/config/addresses.hpp"
#include "app/endpoints/admin.hpp"
#include "app/process/folder_lock.hpp"
#include "app/process/loop_watch.hpp"
#include "app/process/sd_notify.hpp"
#include "app/process/stall_watchdog.hpp"
#include "app/process/state_folder.hpp"
#include "app/welcome.hpp"
#include "base/log.hpp"
#include "base/os/open_files.hpp"
#include "base/os/posix_file_system.hpp"
#include "base/text/tokens.hpp"
#include "flow/gateway.hpp"
#include "plugins/plugin_list.hpp"
#include "upstream/upstream_embeddings.hpp"
#include "upstream/upstream_queries.hpp"
#include "upstream/upstream_templates.hpp"
#include "upstream/upstream_tokenizer.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <optional>
#include <thread>
#include <utility>

namespace keep {

namespace {

constexpr auto kToken = asio::as_tuple(asio::use_awaitable);
constexpr std::chrono::seconds kCutTime{5};  // for cancelled exchanges to say goodbye

std::size_t cpu_threads() {
  const std::size_t cores = std::thread::hardware_concurrency();
  return cores > 3 ? cores - 2 : 1;
}

FlowSettings flow_settings(const Config& config) {
  FlowSettings settings;
  settings.connect = config.timeouts.connect;
  settings.first_event = config.timeouts.first_event;
  settings.between_events = config.timeouts.between_events;
  settings.write = config.timeouts.write;
  settings.keep_alive = config.timeouts.keep_alive;
  settings.explain = config.explain;
  settings.keys = !config.keys_file.empty();
  settings.max_body_bytes = config.listen.max_body_bytes;
  return settings;
}

std::vector<std::string> to_list(const std::string& text) {
  std::vector<std::string> list;
  for (const std::string_view one : tokens_of(text)) list.emplace_back(one);
  return list;
}

ListenerSettings listener_settings(const Config& config) {
  const auto address = parse_listen_address(config.listen.address);  // checked when it was read
  ListenerSettings settings;
  settings.host = address->host;
  settings.port = address->port;
  settings.max_connections = config.listen.max_connections;
  settings.limits.max_header_bytes = config.listen.max_header_bytes;
  settings.limits.max_body_bytes = config.listen.max_body_bytes;
  settings.cors = CorsPolicy(!config.keys_file.empty() || config.listen.cors_origins == "*",
                             to_list(config.listen.cors_origins));
  if (config.keys_file.empty()) {
    const bool loopback = asio::ip::make_address(address->host).is_loopback();
    settings.pages = PageGuard(settings.cors, loopback);
  }
  settings.write = config.timeouts.write;
  settings.limits.idle = config.timeouts.idle;
  settings.limits.head = config.timeouts.head;
  settings.limits.body = config.timeouts.body;
  return settings;
}

PluginSettings plugin_settings(const Config& config) {
  PluginSettings settings = config;
  settings.history.folder = state_folder(config.history.folder);
  if (config.history.enabled) settings.identify.folder = settings.history.folder;
  settings.recall.folder = settings.history.folder;
  settings.knowledge.folder = settings.history.folder;
  for (const UpstreamSettings& upstream : config.upstreams) {
    settings.tier.folders.push_back(upstream.slot_save_path);
  }
  return settings;
}

// The value of the header that goes with a key; empty without a file.
Result<std::string> read_authorization(const std::string& key_file) {
  if (key_file.empty()) return std::string();
  auto key = read_secret(key_file);
  if (!key) return key.error();
  return "Bearer " + *key;
}

bool keeps_state(const Config& config) {
  return config.history.enabled || config.knowledge.enabled;
}

// Connections and open logs, as many as the limit on open files has room for.
Config within_open_files(Config config) {
  const OpenFiles wanted{config.listen.max_connections, config.history.max_open};
  const OpenFiles share = share_open_files(open_files_limit(), wanted);
  if (share.connections < wanted.connections || share.logs < wanted.logs) {
    log::warn("the limit on open files is low",
              {{"limit", open_files_limit()},
               {"connections", share.connections},
               {"open_conversations", share.logs},
               {"remedy", "ulimit -n, or LimitNOFILE of the service"}});
  }
  config.listen.max_connections = share.connections;
  config.history.max_open = share.logs;
  return config;
}

}  // namespace

struct App::Parts {
  Parts(Config c, FileSystem& files)
      : config(within_open_files(std::move(c))),
        pools(cpu_threads()),
        connections(loop),
        background(loop),
        upstreams(loop, clock),
        queries(upstreams),
        tokenizer(upstreams, queries, clock),
        templates(upstreams, queries),
        services{loop, pools, clock, files, metrics, background},
        servers{upstreams, queries, tokenizer, templates},
        flow_metrics(metrics),
        admin(upstreams, metrics, config.history.enabled ? config.history.window_tokens : 0,
              config.history.enabled ? config.history.max_conversation_tokens : 0),
        signals(loop) {}

  Result<> lock_state();
  Result<> add_upstreams();
  Result<> add_embeddings();
  Result<> make_flow();
  void take_keys(ApiKeys loaded);
  void reload_keys();
  void begin_stop();
  asio::awaitable<void> handle_signals();
  asio::awaitable<void> stop();
  asio::awaitable<bool> wait_for(const Spawner& spawner, Duration limit);

  Config config;
  FolderLock lock;  // until nothing is written any more
  asio::io_context loop{1};
  // While all that is under way is in a pool the loop must not take that for the end.
  asio::executor_work_guard<asio::io_context::executor_type> work{loop.get_executor()};
  SteadyClock clock;
  Metrics metrics;
  Pools pools;
  Spawner connections, background;
  Fleet upstreams;
  UpstreamQueries queries;
  UpstreamTokenizer tokenizer;
  UpstreamTemplates templates;
  std::optional<UpstreamEmbeddings> embeddings;
  Services services;
  Servers servers;
  Tenancy tenancy;
  FlowMetrics flow_metrics;
  ItemMemory items;
  Admin admin;
  ApiKeys keys;
  std::optional<Pipeline> pipeline;
  std::optional<Flow> flow;
  std::optional<Gateway> gateway;
  std::optional<Listener> listener;
  std::optional<StallWatchdog> watchdog;  // while the loop runs
  asio::signal_set signals;
  bool stopping = false, hurry = false;
};

Result<> App::Parts::lock_state() {
  const std::string folder = state_folder(config.history.folder);
  if (!keeps_state(config) || folder.empty()) return {};
  auto taken = FolderLock::take(services.files, folder);
  if (!taken) return taken.error();
  lock = *std::move(taken);
  return {};
}

Result<> App::Parts::add_upstreams() {
  for (const UpstreamSettings& settings : config.upstreams) {
    auto address = resolve_upstream(settings.url);
    if (!address) return address.error();
    auto authorization = read_authorization(settings.api_key_file);
    if (!authorization) return authorization.error();
    upstreams.add(settings.url, std::move(*address), *std::move(authorization),
                  static_cast<std::int64_t>(settings.pool_tokens));
  }
  return {};
}

Result<> App::Parts::add_embeddings() {
  const recall::RecallSettings& settings = config.recall;
  if (settings.embeddings_url.empty()) return {};
  auto address = resolve_upstream(settings.embeddings_url);
  if (!address) return address.error();
  auto authorization = read_authorization(settings.embeddings_key_file);
  if (!authorization) return authorization.error();
  EmbeddingsAccess access{settings.embeddings_model, *std::move(authorization)};
  embeddings.emplace(loop, std::move(*address), std::move(access), pools, clock, metrics);
  return {};
}

Result<> App::Parts::make_flow() {
  auto loaded = ApiKeys::load(config.keys_file);
  if (!loaded) return loaded.error();
  take_keys(std::move(*loaded));
  Embeddings* const asked = embeddings ? &*embeddings : nullptr;
  auto plugins =
      make_plugins(plugin_settings(config), {services, servers, tenancy, asked, {&items}});
  if (!plugins) return plugins.error();
  pipeline.emplace(std::move(*plugins), metrics, clock);
  admin.set_report([this](json::Writer& health) { pipeline->report(health); },
                   [this] { return pipeline->degraded(); });
  flow.emplace(
      Flow{flow_settings(config), services, tokenizer, *pipeline, upstreams, flow_metrics, items});
  auto authenticate = [this](const Request& r) { return keys.tenant_for(r.headers); };
  auto local = [this](const Request& r) {
    return admin.answer(r, !keys.tenant_for(r.headers).has_value());
  };
  gateway.emplace(*flow, std::move(authenticate), std::move(local));
  listener.emplace(loop, connections, listener_settings(config), *gateway);
  return {};
}

void App::Parts::take_keys(ApiKeys loaded) {
  keys = std::move(loaded);
  tenancy.isolated = keys.size() > 1;
}

void App::Parts::reload_keys() {
  auto loaded = ApiKeys::load(config.keys_file);
  if (loaded) {
    take_keys(std::move(*loaded));
    log::info("API keys read again");
  } else {
    log::error("API keys kept as they were", {{"why", loaded.error().detail}});
  }
}

void App::Parts::begin_stop() {
  hurry = std::exchange(stopping, true);
  if (!hurry) asio::co_spawn(loop, stop(), [](const std::exception_ptr&) {});
}

asio::awaitable<void> App::Parts::handle_signals() {
  for (;;) {
    auto [ec, signal] = co_await signals.async_wait(kToken);
    if (ec) co_return;
    if (signal == SIGHUP) {
      reload_keys();
    } else {
      begin_stop();
    }
  }
}

// Waits until the spawner has nothing left to do, the limit passes, or the operator is in a hurry.
asio::awaitable<bool> App::Parts::wait_for(const Spawner& spawner, Duration limit) {
  asio::steady_timer timer(loop);
  const Instant end = clock.now() + limit;
  const bool was_in_hurry = hurry;
  while (spawner.running() > 0 && clock.now() < end && hurry == was_in_hurry) {
    timer.expires_after(std::chrono::milliseconds(20));
    co_await timer.async_wait(kToken);
  }
  co_return spawner.running() == 0;
}

asio::awaitable<void> App::Parts::stop() {
  log::info("stopping", {{"connections", listener ? listener->connections() : 0}});
  sd_notify("STOPPING=1");
  admin.set_draining();
  if (listener) listener->drain();
  const bool drained = co_await wait_for(connections, config.timeouts.drain);
  if (!drained) {
    log::warn("drain time is over, cutting", {{"connections", connections.running()}});
    connections.cancel_all();
    const bool ended = co_await wait_for(connections, kCutTime);
    if (!ended) listener->close_all();
    co_await wait_for(connections, kCutTime);
  }
  if (pipeline) co_await pipeline->stop();
  background.cancel_all();
  watchdog.reset();  // from here on nothing beats, and the pools may take their time
  co_await wait_for(background, kCutTime);
  signals.cancel();
  pools.cpu.join();
  pools.disk.join();
  lock = FolderLock();
  loop.stop();
}

App::App(Config config, FileSystem& files)
    : parts_(std::make_unique<Parts>(std::move(config), files)) {}
App::~App() = default;

Result<> App::start() {
  Parts& p = *parts_;
  if (const auto locked = p.lock_state(); !locked) return locked.error();
  if (const auto added = p.add_upstreams(); !added) return added.error();
  if (const auto added = p.add_embeddings(); !added) return added.error();
  if (const auto made = p.make_flow(); !made) return made.error();
  std::optional<Result<>> started;
  auto starting = [&p, &started]() -> asio::awaitable<void> {
    started = co_await p.pipeline->start();
  };
  auto task = starting();
  asio::co_spawn(p.loop, std::move(task), [](const std::exception_ptr&) {});
  while (!started) p.loop.run_one();
  if (!*started) return started->error();
  if (const auto opened = p.listener->open(); !opened) return opened.error();
  p.upstreams.start(p.background);
  p.metrics.gauge("build_info", "Version of this program", {{"version", KEEP_VERSION}}).set(1);
  return {};
}

unsigned short App::port() const { return parts_->listener->port(); }

void App::announce() {
  Parts& p = *parts_;
  say_welcome(p.config, port(), state_folder(p.config.history.folder));
  for (std::size_t i = 0; i < p.upstreams.size(); ++i) {
    p.background.spawn("findings", watch_findings(p.upstreams.server(i), p.config));
  }
}

void App::run() {
  Parts& p = *parts_;
  p.watchdog.emplace(p.config.limits.stall);
  p.background.spawn("loop watch", watch_loop(p.metrics, *p.watchdog));
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) p.signals.add(signal);
  asio::co_spawn(p.loop, p.handle_signals(), [](const std::exception_ptr&) {});
  p.loop.run();
}

void App::request_stop() {
  asio::post(parts_->loop, [this] { parts_->begin_stop(); });
}

int run_app(const Config& config) {
  log::start(config.log_level, config.log_format);
  std::signal(SIGPIPE, SIG_IGN);
  PosixFileSystem files;
  App app(config, files);
  const auto started = app.start();
  if (!started) {
    std::fprintf(stderr, "llama-keep: %s\n", started.error().detail.c_str());
    log::stop();
    return 1;
  }
  log::info("listening", {{"port", app.port()}, {"upstreams", config.upstreams.size()}});
  app.announce();
  sd_notify("READY=1");
  app.run();
  log::info("stopped");
  log::stop();
  return 0;
}

}  // namespace keep
