// FadingHost: looks like a llama-server to whoever probes it, until it is like a host that cannot
// be reached: connections are neither refused nor made. A thread and blocking sockets.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

namespace keep::test {

class FadingHost {
 public:
  FadingHost();
  ~FadingHost();

  std::string url() const { return "http://127.0.0.1:" + std::to_string(here_.port()); }
  boost::asio::ip::tcp::endpoint endpoint() const { return here_; }
  void fade();

 private:
  void serve();

  boost::asio::io_context context_;
  boost::asio::ip::tcp::acceptor acceptor_{context_};
  boost::asio::ip::tcp::endpoint here_;
  std::vector<boost::asio::ip::tcp::socket> backlog_;  // whoever waits to be accepted, for ever
  std::atomic<bool> faded_{false};
  std::thread server_;
};

}  // namespace keep::test
