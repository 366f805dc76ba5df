#include "upstream/http_client.hpp"

#include "tests/support/fading_host.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <span>
#include <string>

namespace keep {
namespace {

using asio::ip::tcp;
using namespace std::chrono_literals;

TEST(HttpClient, AServerThatDoesNotReadARequestIsGivenUp) {
  asio::io_context loop;
  const tcp::acceptor server(loop, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  UpstreamConnection connection(loop);
  Result<> sent;
  const auto send = [&]() -> asio::awaitable<void> {
    const auto endpoint = server.local_endpoint();
    co_await connection.connect(endpoint, 1s);
    const std::string body(64 << 20, 'x');
    const std::string_view piece = body;
    sent = co_await connection.send("POST / HTTP/1.1\r\n\r\n", std::span(&piece, 1), 50ms);
  };
  asio::co_spawn(loop, send, asio::detached);
  loop.run_for(10s);
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().fault, Fault::kTimeout);
  EXPECT_EQ(sent.error().side, Side::kUpstream);
}

TEST(HttpClient, AHostThatDoesNotAnswerAConnectIsGivenUp) {
  test::FadingHost host;
  host.fade();
  asio::io_context loop;
  UpstreamConnection connection(loop);
  Result<> connected;
  const auto connect = [&]() -> asio::awaitable<void> {
    connected = co_await connection.connect(host.endpoint(), 50ms);
  };
  asio::co_spawn(loop, connect, asio::detached);
  loop.run_for(10s);
  ASSERT_FALSE(connected);
  EXPECT_EQ(connected.error().fault, Fault::kTimeout);
  EXPECT_EQ(connected.error().side, Side::kUpstream);
}

}  // namespace
}  // namespace keep
