// OneClient: a flow without servers, and a connection whose other end the test plays.
#pragma once

#include "downstream/guard.hpp"
#include "downstream/peer.hpp"
#include "downstream/response_writer.hpp"
#include "flow/flow.hpp"
#include "tests/unit/plugins/fake_services.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <semaphore>
#include <string>
#include <utility>
#include <vector>

namespace keep::test {

class OneClient : public testing::Test, protected FakeServices {
 protected:
  using Work = std::function<asio::awaitable<void>(Flow&, ResponseWriter&, Guard&)>;

  OneClient() {
    using asio::ip::tcp;
    tcp::acceptor acceptor(loop_, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    client_.connect(acceptor.local_endpoint());
    server_ = acceptor.accept();
    server_.non_blocking(true);
  }
  ~OneClient() override {
    go_.release();
    pools_.cpu.join();
  }

  void add(std::unique_ptr<Plugin> plugin) { plugins_.push_back(std::move(plugin)); }

  // Begins `work` for the client; what it throws is in thrown_ afterwards.
  void begin(Work work) {
    pipeline_ = std::make_unique<Pipeline>(std::move(plugins_), metrics_, clock_);
    spawner_.spawn_with_signal(
        "test", [this, work = std::move(work)](auto& stop) { return serve(work, stop); });
  }
  // False: it still runs after ten seconds.
  bool ends() {
    return loops_until([this] { return spawner_.running() == 0; });
  }
  template <class Condition>
  bool loops_until(Condition condition) {
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!condition() && std::chrono::steady_clock::now() < limit) {
      loop_.run_for(std::chrono::milliseconds(1));
    }
    return condition();
  }

  // The cpu pool's only thread is busy until the test ends.
  void occupy_pool() {
    asio::post(pools_.cpu.get_executor(), [this] { go_.acquire(); });
  }

  asio::ip::tcp::socket client_{loop_};
  std::string thrown_;

 private:
  asio::awaitable<void> serve(Work work, asio::cancellation_signal& stop) {
    co_await asio::this_coro::throw_if_cancelled(false);
    Peer peer(std::move(server_));
    Guard guard(peer, stop);
    const Request request;
    const CorsPolicy cors;
    ResponseWriter writer(peer, request, false, cors);
    FlowMetrics figures(metrics_);
    Flow flow{{}, services_, tokenizer_, *pipeline_, fleet_, figures, items_};
    flow.settings.write = std::chrono::seconds(1);
    try {
      co_await work(flow, writer, guard);
    } catch (const std::exception& e) {
      thrown_ = e.what();
    }
  }

  std::counting_semaphore<> go_{0};
  asio::ip::tcp::socket server_{loop_};
  Fleet fleet_{loop_, clock_};
  ItemMemory items_;
  std::vector<std::unique_ptr<Plugin>> plugins_;
  std::unique_ptr<Pipeline> pipeline_;
};

}  // namespace keep::test
