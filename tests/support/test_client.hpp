// TestClient: a blocking HTTP client that can misbehave: half requests, early close, odd bytes.
#pragma once

#include "exchange/http/http_message.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <chrono>
#include <string>

namespace keep::test {

struct Response {
  int status = 0;
  Headers headers;
  std::string body;       // de-chunked
  bool complete = false;  // ended as its framing says
  std::string header(std::string_view name) const;
};

class TestClient {
 public:
  explicit TestClient(unsigned short port);

  void send(std::string_view bytes);
  // The next response; waits at most `limit` for each piece.
  Response read_response(std::chrono::milliseconds limit = std::chrono::seconds(10));
  // Bytes until `count` have come or the limit passed.
  std::string read_bytes(std::size_t count, std::chrono::milliseconds limit);
  bool closed_within(std::chrono::milliseconds limit);  // by the peer
  void close();

  Response post(const std::string& target, const std::string& body,
                const std::string& extra_headers = "");
  Response get(const std::string& target);

 private:
  bool read_more(std::chrono::milliseconds limit);  // false: closed or too late

  boost::asio::io_context context_;
  boost::asio::ip::tcp::socket socket_;
  std::string input_;
};

std::string post_bytes(const std::string& target, const std::string& body,
                       const std::string& extra_headers = "");
// {"messages":[{"role":"user","content":text}], "stream":...}
std::string chat_body(const std::string& text, bool stream, const std::string& extra = "");

}  // namespace keep::test
