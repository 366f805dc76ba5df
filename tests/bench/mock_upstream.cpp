// A stand-in for llama-server that costs almost nothing: one thread, no model, the same bytes on
// the wire.
//
// An answer is `max_tokens` content events (or --events) at --rate events per second. Every event
// is one chunk and one write, as llama-server does it, and carries `sent_us` so that the reader
// knows how long it was under way. All prompts count as cached: whoever pins conversations sees a
// server that obeys.

#include "wire.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/program_options.hpp>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace keep::bench {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using Steady = std::chrono::steady_clock;
constexpr auto kToken = asio::as_tuple(asio::use_awaitable);

// Request switches are looked for this far from either end of the body: clients and proxies write
// them before or after the messages, and a megabyte of messages is then neither kept nor searched.
constexpr std::size_t kEdgeBytes = 1024;
// Holds 512 conversations of a megabyte each, so that no proxy has a reason to give up a slot.
constexpr std::int64_t kContextTokens = std::int64_t{1} << 28;
constexpr std::string_view kNumberField = R"(,"sent_us":)";

struct Settings {
  std::uint16_t port = 0;
  unsigned slots = 0;
  unsigned delay_ms = 0;
  unsigned events = 0;
  double rate = 0;
  std::size_t event_bytes = 0;
  bool prose = false;
};

// For readers who look at the text: words as they come, some of which begin what they look for.
constexpr std::array<std::string_view, 24> kProse{
    " The", " river", " rises", " in", " the",   " hills", " and",  " if",
    " it",  " rains", ",",      " I",  " would", " go",    " by",   " train",
    " to",  " the",   " coast", " as", " you",   " may",   " know", "."};

// What a request asks for, as far as the mock obeys it.
struct Wish {
  bool stream = false;
  bool progress = false;
  bool usage = false;
  unsigned events = 0;
  std::size_t prompt_tokens = 0;
  std::size_t slot = 0;  // past the last one: any
};

bool is_set(std::string_view body, std::string_view key) {
  const auto at = body.find(key);
  if (at == body.npos) return false;
  const auto value = body.find_first_not_of(" :", at + key.size());
  return value != body.npos && body.substr(value, 4) == "true";
}

unsigned find_count(std::string_view body, std::string_view key, unsigned otherwise) {
  const auto at = body.find(key);
  if (at == body.npos) return otherwise;
  const auto value = body.find_first_not_of(" :", at + key.size());
  return value == body.npos ? otherwise : to_number<unsigned>(body.substr(value, 9));
}

std::string timings(const Wish& wish) {
  return R"("timings":{"cache_n":)" + std::to_string(wish.prompt_tokens - 1) +
         R"(,"prompt_n":1,"prompt_ms":1.0,"predicted_n":)" + std::to_string(wish.events) +
         R"(,"predicted_ms":1.0})";
}

std::string usage(const Wish& wish) {
  return R"("usage":{"completion_tokens":)" + std::to_string(wish.events) + R"(,"prompt_tokens":)" +
         std::to_string(wish.prompt_tokens) + R"(,"total_tokens":)" +
         std::to_string(wish.prompt_tokens + wish.events) +
         R"(,"prompt_tokens_details":{"cached_tokens":)" + std::to_string(wish.prompt_tokens - 1) +
         "}}";
}

constexpr std::string_view kCommon =
    R"("created":1700000000,"id":"chatcmpl-mock","model":"mock","system_fingerprint":"b0-mock","object":)";

// One streamed event: `choices` is the JSON array, `more` further members with a leading comma.
std::string event(std::string_view choices, std::string_view more = {}) {
  std::string text = R"(data: {"choices":)";
  text.append(choices).append(",").append(kCommon).append(R"("chat.completion.chunk")");
  return text.append(more).append("}\n\n");
}

std::string choice(std::string_view delta, std::string_view finish = "null") {
  std::string text = R"([{"finish_reason":)";
  return text.append(finish).append(R"(,"index":0,"delta":)").append(delta).append("}]");
}

std::string to_chunk(std::string_view payload) {
  std::array<char, 24> size{};
  const int n = std::snprintf(size.data(), size.size(), "%zx\r\n", payload.size());
  std::string chunk(size.data(), static_cast<std::size_t>(n));
  return chunk.append(payload).append("\r\n");
}

std::string progress_event(const Wish& wish, std::size_t processed) {
  const auto count = [](std::size_t n) { return std::to_string(n); };
  return event(choice(R"({"role":"assistant","content":null})"),
               R"(,"prompt_progress":{"total":)" + count(wish.prompt_tokens) + R"(,"cache":)" +
                   count(wish.prompt_tokens - 1) + R"(,"processed":)" + count(processed) +
                   R"(,"time_ms":0})");
}

std::string json_reply(std::string_view status, std::string_view body) {
  std::string reply = "HTTP/1.1 ";
  reply.append(status).append(
      "\r\nServer: llama.cpp\r\nContent-Type: application/json; charset=utf-8");
  reply.append("\r\nContent-Length: ").append(std::to_string(body.size()));
  return reply.append("\r\n\r\n").append(body);
}

// Tokens in each slot; nothing of one that was never used.
using Slots = std::vector<std::optional<std::size_t>>;

std::string slots_json(const Slots& slots) {
  std::string text = "[";
  for (std::size_t id = 0; id < slots.size(); ++id) {
    text += (id ? "," : "") + (R"({"id":)" + std::to_string(id)) + R"(,"n_ctx":)" +
            std::to_string(kContextTokens) + R"(,"speculative":false,"is_processing":false)";
    if (slots[id]) text += R"(,"id_task":1,"n_prompt_tokens":)" + std::to_string(*slots[id]);
    text += "}";
  }
  return text + "]";
}

std::string props_json(const Settings& settings) {
  return R"({"default_generation_settings":{"n_ctx":)" + std::to_string(kContextTokens) +
         R"(,"params":{}},"total_slots":)" + std::to_string(settings.slots) +
         R"(,"model_path":"mock.gguf","chat_template":"","endpoint_slots":true,"endpoint_props":false,)"
         R"("build_info":"b0-mock"})";
}

class Session {
 public:
  Session(tcp::socket socket, const Settings& settings, Slots& slots)
      : socket_(std::move(socket)),
        timer_(socket_.get_executor()),
        settings_(settings),
        slots_(slots) {}

  asio::awaitable<void> run() {
    while (co_await read_request()) {
      const bool alive = co_await answer();
      if (!alive) co_return;
    }
  }

 private:
  asio::awaitable<bool> fill() {
    const auto room = asio::buffer(piece_);
    const auto [error, n] = co_await socket_.async_read_some(room, kToken);
    input_.append(piece_.data(), n);
    co_return !error;
  }

  asio::awaitable<bool> write(std::string_view bytes) {
    const auto view = asio::buffer(bytes);
    const auto [error, n] = co_await asio::async_write(socket_, view, kToken);
    co_return !error;
  }

  asio::awaitable<bool> read_request() {
    std::size_t end = 0;
    while ((end = input_.find("\r\n\r\n")) == input_.npos) {
      if (!co_await fill()) co_return false;
    }
    head_ = input_.substr(0, end);
    input_.erase(0, end + 4);
    body_bytes_ = to_number<std::size_t>(find_field(head_, "content-length"));
    body_.clear();
    for (std::size_t left = body_bytes_;;) {
      const auto n = std::min(left, input_.size());
      body_.append(input_, 0, n);
      input_.erase(0, n);
      if (body_.size() > 4 * kEdgeBytes) body_.erase(kEdgeBytes, body_.size() - 2 * kEdgeBytes);
      if ((left -= n) == 0) co_return true;
      if (!co_await fill()) co_return false;
    }
  }

  asio::awaitable<bool> answer() {
    const auto target_at = head_.find(' ') + 1;
    const auto target =
        std::string_view(head_).substr(target_at, head_.find_first_of(" ?", target_at) - target_at);
    std::string reply;
    if (target == "/v1/chat/completions") {
      const Wish wish = to_wish();
      if (wish.slot < slots_.size()) slots_[wish.slot] = wish.prompt_tokens + wish.events;
      if (wish.stream) co_return co_await stream(wish);
      reply = completion(wish);
    } else if (target == "/health") {
      reply = json_reply("200 OK", R"({"status":"ok"})");
    } else if (target == "/props") {
      reply = json_reply("200 OK", props_json(settings_));
    } else if (target == "/slots") {
      reply = json_reply("200 OK", slots_json(slots_));
    } else if (target == "/v1/models") {
      reply = json_reply("200 OK", R"({"object":"list","data":[{"id":"mock","object":"model"}]})");
    } else if (target == "/tokenize") {
      // Only the length of this list means anything.
      std::string tokens(body_bytes_ / 4 * 2 + 1, '0');
      for (std::size_t i = 1; i < tokens.size(); i += 2) tokens[i] = ',';
      reply = json_reply("200 OK", R"({"tokens":[)" + tokens + "]}");
    } else if (target.starts_with("/slots/")) {
      reply = json_reply("200 OK",
                         R"({"id_slot":)" + std::string(target.substr(7)) + R"(,"n_erased":0})");
    } else {
      reply = json_reply(
          "404 Not Found",
          R"({"error":{"code":404,"message":"File Not Found","type":"not_found_error"}})");
    }
    co_return co_await write(reply);
  }

  Wish to_wish() const {
    return {.stream = is_set(body_, R"("stream")"),
            .progress = is_set(body_, R"("return_progress")"),
            .usage = is_set(body_, R"("include_usage")"),
            .events = find_count(body_, R"("max_tokens")", settings_.events),
            .prompt_tokens = body_bytes_ / 4 + 1,
            .slot = find_count(body_, R"("id_slot")", settings_.slots)};
  }

  std::string completion(const Wish& wish) const {
    std::string body = R"({"choices":[{"finish_reason":"stop","index":0,"message":{"role":)";
    body.append(R"("assistant","content":")").append(wish.events * settings_.event_bytes, 'x');
    body.append(R"("}}],)").append(kCommon).append(R"("chat.completion",)");
    return json_reply("200 OK", body.append(usage(wish)).append(",").append(timings(wish)) + "}");
  }

  asio::awaitable<bool> stream(Wish wish) {
    std::string first =
        "HTTP/1.1 200 OK\r\nServer: llama.cpp\r\nContent-Type: text/event-stream\r\n"
        "X-Accel-Buffering: no\r\nTransfer-Encoding: chunked\r\n\r\n";
    if (wish.progress) {
      first += to_chunk(progress_event(wish, 0));
      if (!co_await write(first)) co_return false;
      first = to_chunk(progress_event(wish, wish.prompt_tokens));
    }
    if (settings_.delay_ms) {
      timer_.expires_after(std::chrono::milliseconds(settings_.delay_ms));
      co_await timer_.async_wait(kToken);
    }
    first += to_chunk(event(choice(R"({"role":"assistant","content":null})")));
    if (!co_await write(first)) co_return false;
    if (!co_await write_contents(wish.events)) co_return false;
    co_return co_await write_end(wish);
  }

  // A content event as a chunk. Built once and stamped in place: the time has 16 digits until the
  // year 2286.
  struct Stamped {
    explicit Stamped(std::string_view text) {
      const std::string stamp = std::to_string(now_us());
      const std::string delta = R"({"content":")" + std::string(text) + R"("})";
      chunk = to_chunk(event(choice(delta), std::string(kNumberField) + stamp));
      at = chunk.rfind(stamp);
      size = stamp.size();
    }
    std::string chunk;
    std::size_t at = 0, size = 0;
  };

  std::vector<Stamped> contents() const {
    if (!settings_.prose) return {Stamped(std::string(settings_.event_bytes, 'x'))};
    return {kProse.begin(), kProse.end()};
  }

  asio::awaitable<bool> write_contents(unsigned events) {
    std::vector<Stamped> chunks = contents();
    const auto begin = Steady::now();
    for (unsigned i = 0; i < events; ++i) {
      if (settings_.rate > 0) {
        const std::chrono::duration<double> due(i / settings_.rate);
        timer_.expires_at(begin + std::chrono::duration_cast<Steady::duration>(due));
        co_await timer_.async_wait(kToken);
      }
      Stamped& next = chunks[i % chunks.size()];
      next.chunk.replace(next.at, next.size, std::to_string(now_us()));
      if (!co_await write(next.chunk)) co_return false;
    }
    co_return true;
  }

  asio::awaitable<bool> write_end(Wish wish) {
    // The counts ride on the finish event, or on one of their own when the client asked for usage.
    std::string chunk =
        to_chunk(event(choice("{}", R"("stop")"), wish.usage ? "" : "," + timings(wish)));
    if (!co_await write(chunk)) co_return false;
    if (wish.usage) {
      chunk = to_chunk(event("[]", "," + usage(wish) + "," + timings(wish)));
      if (!co_await write(chunk)) co_return false;
    }
    chunk = to_chunk("data: [DONE]\n\n") + "0\r\n\r\n";
    co_return co_await write(chunk);
  }

  tcp::socket socket_;
  asio::steady_timer timer_;
  Settings settings_;
  Slots& slots_;  // of all sessions
  std::array<char, 65536> piece_;
  std::string input_;  // received, not yet consumed
  std::string head_;
  std::string body_;  // both edges only
  std::size_t body_bytes_ = 0;
};

asio::awaitable<void> serve(tcp::socket socket, Settings settings, Slots& slots) {
  boost::system::error_code ignored;
  socket.set_option(tcp::no_delay(true), ignored);
  Session session(std::move(socket), settings, slots);
  co_await session.run();
}

asio::awaitable<void> listen(Settings settings) {
  const tcp::endpoint endpoint(asio::ip::address_v4::loopback(), settings.port);
  tcp::acceptor acceptor(co_await asio::this_coro::executor, endpoint);
  Slots slots(settings.slots);
  for (;;) {
    tcp::socket socket = co_await acceptor.async_accept(asio::use_awaitable);
    auto session = serve(std::move(socket), settings, slots);
    asio::co_spawn(acceptor.get_executor(), std::move(session), asio::detached);
  }
}

Settings read_flags(int argc, char** argv) {
  namespace po = boost::program_options;
  Settings settings;
  po::options_description flags("mock_upstream: llama-server's wire format without a model");
  flags.add_options()("help", "")("port", po::value(&settings.port)->required(), "on 127.0.0.1")(
      "slots", po::value(&settings.slots)->default_value(512), "announced by /props and /slots")(
      "delay-ms", po::value(&settings.delay_ms)->default_value(0), "before the first event")(
      "events", po::value(&settings.events)->default_value(200), "when max_tokens is absent")(
      "rate", po::value(&settings.rate)->default_value(0), "events per second; 0: no pause")(
      "event-bytes", po::value(&settings.event_bytes)->default_value(5), "text per event")(
      "prose", po::bool_switch(&settings.prose), "words instead of x");
  po::variables_map values;
  po::store(po::parse_command_line(argc, argv, flags), values);
  if (values.count("help")) {
    std::cout << flags;
    std::exit(0);
  }
  po::notify(values);
  return settings;
}

}  // namespace
}  // namespace keep::bench

int main(int argc, char** argv) {
  try {
    const auto settings = keep::bench::read_flags(argc, argv);
    boost::asio::io_context loop(1);
    boost::asio::co_spawn(loop, keep::bench::listen(settings),
                          [](const std::exception_ptr& failure) {
                            if (failure) std::rethrow_exception(failure);
                          });
    loop.run();
  } catch (const std::exception& failure) {
    std::cerr << "mock_upstream: " << failure.what() << "\n";
    return 2;
  }
}
