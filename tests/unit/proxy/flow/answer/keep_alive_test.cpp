#include "flow/answer/keep_alive.hpp"

#include "flow/item_memory.hpp"
#include "openai/dialects/dialects.hpp"
#include "tests/unit/plugins/fake_services.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace keep {
namespace {

using asio::ip::tcp;
using namespace std::chrono_literals;

// An exchange that waits, with a client that the test plays.
class KeepAliveTest : public testing::Test, protected test::FakeServices {
 protected:
  KeepAliveTest() {
    tcp::acceptor acceptor(loop_, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    client_.open(tcp::v4());
    client_.set_option(asio::socket_base::receive_buffer_size(8 << 10));  // fixed, so it gets full
    client_.connect(acceptor.local_endpoint());
    peer_.socket = acceptor.accept();
    peer_.socket.set_option(asio::socket_base::send_buffer_size(8 << 10));
    peer_.socket.non_blocking(true);
    client_.non_blocking(true);
    flow_.settings.keep_alive = 10ms;
    flow_.settings.write = 50ms;
    exchange_.dialect = &openai::dialects::chat();
    exchange_.surface = openai::Surface::kChat;
    exchange_.chat.stream = true;
  }

  void wait(std::chrono::milliseconds time) {
    KeepAlive keep_alive(flow_, exchange_, stages_, writer_, deadline_);
    loop_.run_for(time);
  }
  // The kernel may take more of what nobody reads after a while.
  void stuff() {
    const std::string block(64 << 10, '#');
    boost::system::error_code full;
    while (!full) peer_.socket.write_some(asio::buffer(block), full);
  }
  std::string read() {
    std::array<char, 64 << 10> room;
    boost::system::error_code ec;
    return {room.data(), client_.read_some(asio::buffer(room), ec)};
  }

  tcp::socket client_{loop_};
  Peer peer_{tcp::socket(loop_)};
  Request request_;
  CorsPolicy cors_;
  ResponseWriter writer_{peer_, request_, false, cors_};
  bool cut_ = false;
  Deadline deadline_{loop_.get_executor(), [this] { cut_ = true; }};
  Pipeline pipeline_{{}, metrics_, clock_};
  Fleet no_upstreams_{loop_, clock_};
  FlowMetrics flow_metrics_{metrics_};
  ItemMemory items_;
  Flow flow_{{}, services_, tokenizer_, pipeline_, no_upstreams_, flow_metrics_, items_};
  Exchange exchange_;
  Stages stages_{pipeline_, exchange_};
};

TEST_F(KeepAliveTest, BringsTheHeadAndGoesOn) {
  wait(100ms);
  const std::string all = read();
  EXPECT_TRUE(all.starts_with("HTTP/1.1 200 OK\r\n")) << all;
  EXPECT_NE(all.find("\r\n\r\n3\r\n:\n\n\r\n3\r\n:\n\n\r\n"), all.npos) << all;
  EXPECT_TRUE(exchange_.answer.streaming);
  EXPECT_FALSE(cut_);
}

TEST_F(KeepAliveTest, SaysNothingWhereNothingMayStand) {
  exchange_.chat.stream = false;
  wait(50ms);
  EXPECT_FALSE(writer_.begun());
  exchange_.chat.stream = true;
  flow_.settings.keep_alive = 0ms;
  wait(50ms);
  EXPECT_FALSE(writer_.begun());
  flow_.settings.keep_alive = 10ms;
  const Headers none;
  writer_.begin(400, "Bad Request", none, 99);  // upstream's reply, not a stream
  wait(50ms);
  EXPECT_EQ(read(), "");
}

TEST_F(KeepAliveTest, AClientThatTakesNothingIsGivenUp) {
  flow_.settings.write = 10s;
  for (const bool given_up : {false, true}) {
    KeepAlive keep_alive(flow_, exchange_, stages_, writer_, deadline_);
    for (int i = 0; i < 200 && !cut_; ++i) {
      stuff();
      loop_.run_for(2ms);
    }
    EXPECT_EQ(cut_, given_up);
    EXPECT_EQ(deadline_.passed(), given_up);
    flow_.settings.write = 50ms;
  }
}

}  // namespace
}  // namespace keep
