#include "tests/support/test_proxy.hpp"

#include "tests/support/test_client.hpp"

#include <stdlib.h>
#include <unistd.h>

#include <csignal>
#include <stdexcept>
#include <utility>

namespace keep::test {

Config test_config(const std::string& upstream_url) {
  using namespace std::chrono_literals;
  Config config;
  config.listen.address = "127.0.0.1:0";
  config.upstreams.push_back(UpstreamSettings{upstream_url, "", 0});
  config.timeouts.drain = 5s;
  config.timeouts.first_event = 10s;
  config.timeouts.between_events = 5s;
  return config;
}

Config transparent_config(const std::string& upstream_url) {
  Config config = test_config(upstream_url);
  config.explain = false;
  config.hygiene.enabled = config.identify.enabled = config.slots.enabled = false;
  config.history.enabled = config.hedge.enabled = config.roles.enabled = false;
  return config;
}

Config TestProxy::placed(Config config) const {
  if (config.history.folder.empty()) config.history.folder = folder_.path;
  return config;
}

TestProxy::TestProxy(Config config, bool wait_ready) : app_(placed(std::move(config)), files_) {
  std::signal(SIGPIPE, SIG_IGN);
  const auto started = app_.start();
  if (!started) throw std::runtime_error(started.error().detail);
  port_ = app_.port();
  thread_ = std::thread([this] {
    loop_thread_ = ::gettid();
    app_.run();
    ended_ = true;
  });
  const auto ready = [this] { return TestClient(port_).get("/ready").status == 200; };
  if (wait_ready && !eventually(ready)) throw std::runtime_error("the proxy did not get ready");
}

TestProxy::~TestProxy() {
  if (!ended_) app_.request_stop();
  thread_.join();
}

bool TestProxy::stopped_within(std::chrono::milliseconds limit) {
  return eventually([this] { return ended_.load(); }, limit);
}

}  // namespace keep::test
