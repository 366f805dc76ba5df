#include "downstream/response_writer.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <string>
#include <thread>

namespace keep {
namespace {

using namespace std::chrono_literals;
using asio::ip::tcp;

// A response to a client that the test plays.
class ResponseWriterTest : public testing::Test {
 protected:
  ResponseWriterTest() {
    tcp::acceptor acceptor(loop_, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    client_.open(tcp::v4());
    client_.set_option(asio::socket_base::receive_buffer_size(8 << 10));  // fixed, so it gets full
    client_.connect(acceptor.local_endpoint());
    peer_.socket = acceptor.accept();
    peer_.socket.set_option(asio::socket_base::send_buffer_size(8 << 10));
    peer_.socket.non_blocking(true);
    client_.non_blocking(true);
    request_.version = 11;
    request_.keep_alive = true;
  }

  // Bytes that nobody reads until the kernel takes no more, also after a while; how many.
  std::size_t fill() {
    const std::string block(64 << 10, '#');
    std::size_t all = 0;
    for (int refused = 0; refused < 10;) {
      if (refused > 0) std::this_thread::sleep_for(std::chrono::milliseconds(5));
      boost::system::error_code ec;
      const std::size_t taken = peer_.socket.write_some(asio::buffer(block), ec);
      all += taken;
      refused = taken > 0 ? 0 : refused + 1;
    }
    return all;
  }
  // All that has come.
  std::string read() {
    std::string all;
    std::array<char, 64 << 10> room;
    for (;;) {
      boost::system::error_code ec;
      const std::size_t count = client_.read_some(asio::buffer(room), ec);
      if (ec) return all;
      all.append(room.data(), count);
    }
  }
  void write(ResponseWriter& writer, std::string_view bytes) {
    const auto work = [](ResponseWriter& w, std::string_view b) -> asio::awaitable<void> {
      co_await w.write(b);
    };
    asio::co_spawn(loop_, work(writer, bytes), asio::detached);
    loop_.restart();
    loop_.run();
  }
  static void begin(ResponseWriter& writer) {
    const Headers none;
    writer.begin(200, "OK", none, std::nullopt);
  }

  asio::io_context loop_;
  tcp::socket client_{loop_};
  Peer peer_{tcp::socket(loop_)};
  Request request_;
  CorsPolicy cors_;
};

TEST_F(ResponseWriterTest, TryWriteBringsTheHead) {
  ResponseWriter writer(peer_, request_, false, cors_);
  std::this_thread::sleep_for(50ms);
  EXPECT_GE(writer.silent(), 50ms);
  begin(writer);
  const Instant begun = std::chrono::steady_clock::now();
  EXPECT_TRUE(writer.try_write(":\n\n"));
  const Duration silent = writer.silent();
  EXPECT_LE(silent, std::chrono::steady_clock::now() - begun);
  EXPECT_TRUE(writer.intact());
  EXPECT_EQ(read(), "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n:\n\n\r\n");
  write(writer, "data: x\n\n");
  EXPECT_EQ(read(), "9\r\ndata: x\n\n\r\n");
}

TEST_F(ResponseWriterTest, TryWriteIsFramedAsTheRest) {
  request_.version = 10;
  ResponseWriter writer(peer_, request_, false, cors_);
  begin(writer);
  EXPECT_TRUE(writer.try_write(":\n\n"));
  EXPECT_TRUE(read().ends_with("\r\n\r\n:\n\n"));
}

TEST_F(ResponseWriterTest, WhatTryWriteLeavesComesOnceAndFirst) {
  ResponseWriter writer(peer_, request_, false, cors_);
  begin(writer);
  std::this_thread::sleep_for(50ms);
  std::size_t filled = fill();
  EXPECT_FALSE(writer.try_write(":\n\n"));
  EXPECT_FALSE(writer.try_write(":\n\n"));
  EXPECT_GE(writer.silent(), 50ms);
  EXPECT_TRUE(writer.intact());
  std::string came;
  while (came.size() < filled) came += read();
  write(writer, "data: x\n\n");
  came += read();
  EXPECT_EQ(came.substr(filled),
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
            "3\r\n:\n\n\r\n9\r\ndata: x\n\n\r\n");
  EXPECT_TRUE(writer.try_write(":\n\n"));
  EXPECT_EQ(read(), "3\r\n:\n\n\r\n");
}

}  // namespace
}  // namespace keep
