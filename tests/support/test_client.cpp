#include "tests/support/test_client.hpp"

#include "base/json/json.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <sstream>
#include <stdexcept>

namespace keep::test {

namespace asio = boost::asio;
using asio::ip::tcp;

std::string Response::header(std::string_view name) const {
  return std::string(headers.find(name).value_or(""));
}

TestClient::TestClient(unsigned short port) : socket_(context_) {
  socket_.connect(tcp::endpoint(asio::ip::make_address("127.0.0.1"), port));
  socket_.set_option(tcp::no_delay(true));
}

void TestClient::send(std::string_view bytes) {
  boost::system::error_code ignored;  // the peer may have had enough already
  asio::write(socket_, asio::buffer(bytes.data(), bytes.size()), ignored);
}

bool TestClient::read_more(std::chrono::milliseconds limit) {
  pollfd poll_fd{socket_.native_handle(), POLLIN, 0};
  if (::poll(&poll_fd, 1, static_cast<int>(limit.count())) <= 0) return false;
  std::array<char, 65536> bytes;
  const auto count = ::recv(socket_.native_handle(), bytes.data(), bytes.size(), 0);
  if (count <= 0) return false;
  input_.append(bytes.data(), static_cast<std::size_t>(count));
  return true;
}

std::string TestClient::read_bytes(std::size_t count, std::chrono::milliseconds limit) {
  while (input_.size() < count && read_more(limit)) {
  }
  std::string taken = input_.substr(0, count);
  input_.erase(0, taken.size());
  return taken;
}

bool TestClient::closed_within(std::chrono::milliseconds limit) {
  pollfd poll_fd{socket_.native_handle(), POLLIN, 0};
  if (::poll(&poll_fd, 1, static_cast<int>(limit.count())) <= 0) return false;
  char byte;
  return ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK) <= 0;
}

void TestClient::close() {
  boost::system::error_code ignored;
  socket_.close(ignored);
}

Response TestClient::read_response(std::chrono::milliseconds limit) {
  Response response;
  std::size_t end;
  while ((end = input_.find("\r\n\r\n")) == std::string::npos) {
    if (!read_more(limit)) return response;
  }
  std::istringstream head(input_.substr(0, end));
  input_.erase(0, end + 4);
  std::string line;
  std::getline(head, line);
  response.status = std::stoi(line.substr(9, 3));
  while (std::getline(head, line)) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    const std::size_t colon = line.find(':');
    response.headers.add(line.substr(0, colon),
                         line.substr(line.find_first_not_of(' ', colon + 1)));
  }
  if (response.status == 100) return read_response(limit);
  if (response.status == 204) {  // never has a body
    response.complete = true;
    return response;
  }
  if (const auto length = response.headers.find("Content-Length")) {
    const std::size_t wanted = std::stoul(std::string(*length));
    response.body = read_bytes(wanted, limit);
    response.complete = response.body.size() == wanted;
    return response;
  }
  if (!response.headers.has_token("Transfer-Encoding", "chunked")) {
    while (read_more(limit)) {
    }
    response.body = std::move(input_);
    response.complete = true;
    return response;
  }
  for (;;) {
    while ((end = input_.find("\r\n")) == std::string::npos) {
      if (!read_more(limit)) return response;
    }
    const std::size_t size = std::stoul(input_.substr(0, end), nullptr, 16);
    input_.erase(0, end + 2);
    const std::string data = read_bytes(size + 2, limit);
    response.body += data.substr(0, std::min(size, data.size()));
    if (data.size() < size + 2) return response;
    if (size == 0) break;
  }
  response.complete = true;
  return response;
}

Response TestClient::post(const std::string& target, const std::string& body,
                          const std::string& extra_headers) {
  send(post_bytes(target, body, extra_headers));
  return read_response();
}

Response TestClient::get(const std::string& target) {
  send("GET " + target + " HTTP/1.1\r\nHost: x\r\n\r\n");
  return read_response();
}

std::string post_bytes(const std::string& target, const std::string& body,
                       const std::string& extra_headers) {
  return "POST " + target + " HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n" +
         extra_headers + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string chat_body(const std::string& text, bool stream, const std::string& extra) {
  return R"({"messages":[{"role":"user","content":)" + json::quoted(text) + R"(}],"stream":)" +
         (stream ? "true" : "false") + extra + "}";
}

}  // namespace keep::test
