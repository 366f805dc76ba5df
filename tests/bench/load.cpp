// Closed-loop load: every client keeps one connection and one conversation and sends the next
// request as soon as the last answer has ended. One thread. Prints one JSON line; latencies in
// microseconds.
//
// With --turns every request but the first goes on from the answer to the one before, with a new
// message of the user. The first ones, which open the conversations, are not measured: then a line
// is printed, and the turns begin when a line has been read.
//
// first: request begun -> first event (or first body byte). total: -> end of the answer.
// event: how long an event was under way, by the `sent_us` that the mock upstream stamps on it.

#include "wire.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/program_options.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace keep::bench {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
constexpr auto kToken = asio::as_tuple(asio::use_awaitable);
constexpr std::string_view kSentField = R"("sent_us":)";

struct Settings {
  std::uint16_t port = 0;
  unsigned clients = 0;
  unsigned requests = 0;
  double seconds = 0;
  std::size_t body_bytes = 0;
  unsigned events = 0;
  bool stream = true;
  bool turns = false;
};

struct Stats {
  std::vector<std::int64_t> first, total, event;
  std::size_t events = 0;
  std::size_t errors = 0;
  std::string failure;  // the first one, for the person who reads the error count
};

std::string message(std::string_view role, std::string_view text) {
  std::string json = R"({"role":")";
  return json.append(role).append(R"(","content":")").append(text).append(R"("})");
}

// So many bytes of a JSON string: lines of words, no two texts of one conversation alike.
std::string prose(std::size_t bytes, unsigned seed) {
  constexpr std::array<std::string_view, 16> kWords{
      "the ", "river ",  "rises ", "when ", "it ",    "rains ", "in ",  "hills ",
      "and ", "parser ", "value ", "of ",   "every ", "line ",  "(x) ", "is.\\n"};
  std::string text;
  for (std::uint32_t state = seed + 1; text.size() < bytes;) {
    state = state * 1664525 + 1013904223;
    text += kWords[state >> 28];
  }
  // Ends in full words, so that no escape is torn.
  text.resize(text.rfind(' ', bytes - std::min<std::size_t>(bytes, 1)) + 1);
  return text.append(bytes - text.size(), '.');
}

// The history between a conversation's first message and its end: turns of at most about 2 KB, so
// that a large body is many messages, as it is in real conversations. Shared by all clients.
std::string history(std::size_t bytes) {
  constexpr std::size_t kTurnBytes = 2048;
  const std::size_t frame = message("assistant", "").size() + message("user", "").size() + 2;
  std::string json;
  for (unsigned turn = 0; json.size() + frame + 2 <= bytes; turn += 2) {
    const auto text = (std::min(bytes - json.size(), kTurnBytes) - frame) / 2;
    json += "," + message("assistant", prose(text, turn));
    json += "," + message("user", prose(text, turn + 1));
  }
  return json;
}

class Client {
 public:
  Client(asio::io_context& loop, const Settings& settings, unsigned number, Stats& stats,
         const std::string& history)
      : socket_(loop), pause_(loop), settings_(settings), stats_(stats), history_(history) {
    opening_ = opening(settings, number);
  }

  static std::string opening(const Settings& settings, unsigned number) {
    return R"({"model":"mock","stream":)" + std::string(settings.stream ? "true" : "false") +
           R"(,"max_tokens":)" + std::to_string(settings.events) + R"(,"messages":[)" +
           message("system", "You are a helpful assistant.") + "," +
           message("user", "This is conversation " + std::to_string(number) + " of " +
                               std::to_string(settings.clients) + ".");
  }

  static std::size_t fixed_bytes(const Settings& settings) {
    return opening(settings, 0).size() + kEnd.size();
  }

  asio::awaitable<void> run(unsigned requests, std::int64_t end_us) {
    for (unsigned i = 0; requests == 0 || i < requests; ++i) {
      if (end_us && now_us() >= end_us) co_return;
      if (settings_.turns) go_on();
      const bool served = co_await exchange();
      if (served) continue;
      ++stats_.errors;
      boost::system::error_code ignored;
      socket_.close(ignored);
      // A server that refuses at once must not turn this loop into a flood.
      pause_.expires_after(std::chrono::milliseconds(20));
      co_await pause_.async_wait(kToken);
    }
  }

 private:
  static constexpr std::string_view kEnd = "]}";
  static constexpr std::size_t kTurnBytes = 400;  // what a person writes

  // What the user says to the last answer; nothing before there is one.
  void go_on() {
    if (answer_.empty()) return;
    said_ += "," + message("assistant", answer_);
    said_ += "," + message("user", prose(kTurnBytes, static_cast<unsigned>(said_.size())));
  }

  asio::awaitable<bool> exchange() {
    begun_us_ = now_us();
    if (!socket_.is_open() && !co_await connect()) co_return fail("connect");
    const auto length = opening_.size() + history_.size() + said_.size() + kEnd.size();
    const std::string head =
        "POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: "
        "application/json\r\nContent-Length: " +
        std::to_string(length) + "\r\n\r\n";
    const std::array<asio::const_buffer, 5> request{asio::buffer(head), asio::buffer(opening_),
                                                    asio::buffer(history_), asio::buffer(said_),
                                                    asio::buffer(kEnd)};
    const auto [error, n] = co_await asio::async_write(socket_, request, kToken);
    if (error) co_return fail("write");
    if (!co_await read_head()) co_return fail("no answer");
    if (!head_.starts_with("HTTP/1.1 200")) co_return fail(head_);
    if (!co_await read_body()) co_return fail("answer cut");
    stats_.total.push_back(now_us() - begun_us_);
    if (find_field(head_, "connection") == "close") socket_.close();
    co_return !settings_.stream || done_seen_ || fail("stream without [DONE]");
  }

  bool fail(std::string_view what) {
    if (stats_.failure.empty()) stats_.failure = what;
    return false;
  }

  asio::awaitable<bool> connect() {
    const tcp::endpoint endpoint(asio::ip::address_v4::loopback(), settings_.port);
    const auto [error] = co_await socket_.async_connect(endpoint, kToken);
    if (error) co_return false;
    socket_.set_option(tcp::no_delay(true));
    co_return true;
  }

  asio::awaitable<bool> fill() {
    const auto room = asio::buffer(piece_);
    const auto [error, n] = co_await socket_.async_read_some(room, kToken);
    input_.append(piece_.data(), n);
    co_return !error;
  }

  asio::awaitable<bool> read_head() {
    input_.clear();
    std::size_t end = 0;
    while ((end = input_.find("\r\n\r\n")) == input_.npos) {
      if (!co_await fill()) co_return false;
    }
    head_ = input_.substr(0, end);
    input_.erase(0, end + 4);
    co_return true;
  }

  asio::awaitable<bool> read_body() {
    ChunkReader chunks;
    const bool chunked = find_field(head_, "transfer-encoding") == "chunked";
    auto left = to_number<std::size_t>(find_field(head_, "content-length"));
    text_.clear();
    answer_.clear();
    first_seen_ = done_seen_ = false;
    for (;;) {
      if (chunked) {
        chunks.feed(input_, text_);
      } else {
        text_ += input_;
        left -= std::min(left, input_.size());
      }
      input_.clear();
      settings_.stream ? take_events() : take_first();
      if (chunked ? chunks.done() : left == 0) co_return true;
      if (!co_await fill()) co_return false;
    }
  }

  void take_first() {
    if (first_seen_ || text_.empty()) return;
    first_seen_ = true;
    stats_.first.push_back(now_us() - begun_us_);
  }

  void take_events() {
    const auto now = now_us();
    std::size_t begin = 0;
    for (std::size_t end; (end = text_.find("\n\n", begin)) != text_.npos; begin = end + 2) {
      if (!first_seen_) take_first();
      const auto event = std::string_view(text_).substr(begin, end - begin);
      ++stats_.events;
      const auto at = event.rfind(kSentField);
      if (at != event.npos) {
        const auto sent = event.substr(at + kSentField.size());
        stats_.event.push_back(now - to_number<std::int64_t>(sent));
        take_content(event);
      } else if (event == "data: [DONE]") {
        done_seen_ = true;
      }
    }
    text_.erase(0, begin);
  }

  // The mock's words need no escapes.
  void take_content(std::string_view event) {
    constexpr std::string_view kContent = R"("content":")";
    const auto at = event.find(kContent);
    if (at == event.npos) return;
    event.remove_prefix(at + kContent.size());
    answer_ += event.substr(0, event.find('"'));
  }

  tcp::socket socket_;
  asio::steady_timer pause_;
  const Settings& settings_;
  Stats& stats_;
  const std::string& history_;
  std::string opening_;  // the beginning of the body
  std::string said_;     // since the history
  std::string answer_;   // the last one
  std::array<char, 32768> piece_;
  std::string input_, head_, text_;
  std::int64_t begun_us_ = 0;
  bool first_seen_ = false;
  bool done_seen_ = false;
};

std::int64_t percentile(std::vector<std::int64_t>& samples, double share) {
  if (samples.empty()) return 0;
  const auto rank = static_cast<std::size_t>(share * static_cast<double>(samples.size() - 1));
  const auto at = samples.begin() + static_cast<std::ptrdiff_t>(rank);
  std::nth_element(samples.begin(), at, samples.end());
  return *at;
}

void print(Stats& stats, double seconds) {
  const auto pair = [](const char* name, std::vector<std::int64_t>& samples) {
    std::printf("\"%s_p50_us\":%lld,\"%s_p99_us\":%lld,", name,
                static_cast<long long>(percentile(samples, 0.5)), name,
                static_cast<long long>(percentile(samples, 0.99)));
  };
  const auto requests = stats.total.size();
  std::printf("{");
  pair("first", stats.first);
  pair("total", stats.total);
  pair("event", stats.event);
  std::printf("\"seconds\":%.3f,\"requests\":%zu,\"events\":%zu,\"errors\":%zu,", seconds, requests,
              stats.events, stats.errors);
  std::printf("\"requests_per_s\":%.1f,\"events_per_s\":%.1f}\n",
              static_cast<double>(requests) / seconds, static_cast<double>(stats.events) / seconds);
  if (stats.errors) std::cerr << "load: first failure: " << stats.failure << "\n";
}

Settings read_flags(int argc, char** argv) {
  namespace po = boost::program_options;
  Settings settings;
  po::options_description flags("load: closed-loop clients of an OpenAI-compatible server");
  flags.add_options()("help", "")("port", po::value(&settings.port)->required(), "on 127.0.0.1")(
      "clients", po::value(&settings.clients)->default_value(1), "one connection each")(
      "requests", po::value(&settings.requests)->default_value(0), "per client; 0: no limit")(
      "seconds", po::value(&settings.seconds)->default_value(0), "begin none later; 0: no limit")(
      "body-bytes", po::value(&settings.body_bytes)->default_value(1024), "size of a request body")(
      "events", po::value(&settings.events)->default_value(200), "max_tokens")(
      "stream", po::value(&settings.stream)->default_value(true), "0: one JSON answer")(
      "turns", po::bool_switch(&settings.turns), "each request goes on from the answer before");
  po::variables_map values;
  po::store(po::parse_command_line(argc, argv, flags), values);
  if (values.count("help")) {
    std::cout << flags;
    std::exit(0);
  }
  po::notify(values);
  if (!settings.requests && settings.seconds <= 0) throw po::error("--requests or --seconds");
  return settings;
}

using Clients = std::vector<std::unique_ptr<Client>>;

// All clients at once, until each has made its requests or the time is over. -> seconds
double run(asio::io_context& loop, Clients& clients, unsigned requests, double seconds) {
  const auto begin = now_us();
  const auto end = seconds > 0 ? begin + static_cast<std::int64_t>(seconds * 1e6) : 0;
  for (const auto& client : clients) {
    asio::co_spawn(loop, client->run(requests, end), [](const std::exception_ptr& failure) {
      if (failure) std::rethrow_exception(failure);
    });
  }
  loop.restart();
  loop.run();
  return static_cast<double>(now_us() - begin) / 1e6;
}

void wait_for_go() {
  std::printf("opened\n");
  std::fflush(stdout);
  std::string line;
  std::getline(std::cin, line);
}

void run(const Settings& settings) {
  asio::io_context loop(1);
  const auto fixed = Client::fixed_bytes(settings);
  const std::string shared = history(settings.body_bytes - std::min(settings.body_bytes, fixed));
  Stats stats;
  Clients clients;
  for (unsigned i = 0; i < settings.clients; ++i) {
    clients.push_back(std::make_unique<Client>(loop, settings, i, stats, shared));
  }
  if (settings.turns) {
    run(loop, clients, 1, 0);
    wait_for_go();
    if (stats.errors == 0) stats = Stats();
  }
  const double seconds = run(loop, clients, settings.requests, settings.seconds);
  print(stats, seconds);
}

}  // namespace
}  // namespace keep::bench

int main(int argc, char** argv) {
  try {
    keep::bench::run(keep::bench::read_flags(argc, argv));
  } catch (const std::exception& failure) {
    std::cerr << "load: " << failure.what() << "\n";
    return 2;
  }
}
