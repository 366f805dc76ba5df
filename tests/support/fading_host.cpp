#include "tests/support/fading_host.hpp"

#include "tests/support/scripted_upstream.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/write.hpp>
#include <poll.h>
#include <sys/socket.h>

namespace keep::test {

namespace asio = boost::asio;
using asio::ip::tcp;

FadingHost::FadingHost() {
  acceptor_.open(tcp::v4());
  acceptor_.bind(tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  acceptor_.listen();
  here_ = acceptor_.local_endpoint();
  server_ = std::thread([this] { serve(); });
}

FadingHost::~FadingHost() {
  faded_ = true;
  ::shutdown(acceptor_.native_handle(), SHUT_RDWR);
  if (server_.joinable()) server_.join();
}

// One request for each connection.
void FadingHost::serve() {
  while (!faded_) {
    boost::system::error_code ec;
    tcp::socket socket(context_);
    acceptor_.accept(socket, ec);
    if (ec || faded_) return;
    asio::streambuf request;
    asio::read_until(socket, request, "\r\n\r\n", ec);
    const std::string body =
        R"({"total_slots":4,"default_generation_settings":{"n_ctx":65536},"model_path":"m"})";
    asio::write(socket, asio::buffer(reply(200, body)), ec);
  }
}

// Where nobody accepts, and as many wait for it as may, the system drops what asks for a
// connection.
void FadingHost::fade() {
  faded_ = true;
  ::listen(acceptor_.native_handle(), 0);
  backlog_.emplace_back(context_).connect(here_);  // wakes the thread
  server_.join();
  for (bool connected = true; connected;) {
    tcp::socket& one = backlog_.emplace_back(context_, here_.protocol());
    one.non_blocking(true);
    ::connect(one.native_handle(), here_.data(), static_cast<socklen_t>(here_.size()));
    pollfd poll_fd{one.native_handle(), POLLOUT, 0};
    connected = ::poll(&poll_fd, 1, 100) > 0;
  }
}

}  // namespace keep::test
