#include "tests/support/scripted_upstream.hpp"

#include "base/json/json.hpp"
#include "exchange/http/http_message.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/write.hpp>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <sstream>

namespace keep::test {

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using namespace std::chrono_literals;

// One request; false at the end of the connection.
bool read_request(tcp::socket& socket, asio::streambuf& input, Received& request) {
  boost::system::error_code ec;
  const std::size_t head_bytes = asio::read_until(socket, input, "\r\n\r\n", ec);
  if (ec) return false;
  const auto take = [&input](std::size_t count) {
    const char* data = static_cast<const char*>(input.data().data());
    std::string bytes(data, count);
    input.consume(count);
    return bytes;
  };
  request.head = take(head_bytes);
  const std::size_t space = request.head.find(' ');
  request.target = request.head.substr(space + 1, request.head.find(' ', space + 1) - space - 1);
  const std::string length = request.header("Content-Length");
  const std::size_t body_bytes = length.empty() ? 0 : std::stoul(length);
  while (input.size() < body_bytes) {
    const std::size_t count = socket.read_some(input.prepare(65536), ec);
    if (ec) return false;
    input.commit(count);
  }
  request.body = take(body_bytes);
  return true;
}

bool wait_until_readable_end(tcp::socket& socket, std::chrono::milliseconds limit) {
  pollfd poll_fd{socket.native_handle(), POLLIN, 0};
  if (::poll(&poll_fd, 1, static_cast<int>(limit.count())) <= 0) return false;
  char byte;
  return ::recv(socket.native_handle(), &byte, 1, MSG_PEEK) <= 0;
}

bool is_wait_for_gone(const Step& step) { return std::holds_alternative<WaitForClientGone>(step); }

}  // namespace

std::string Received::header(const std::string& name) const {
  std::istringstream lines(head);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t colon = line.find(':');
    if (colon == std::string::npos || !equal_ignoring_case(line.substr(0, colon), name)) continue;
    std::string value = line.substr(colon + 1);
    value.erase(0, value.find_first_not_of(' '));
    while (!value.empty() && (value.back() == '\r' || value.back() == ' ')) value.pop_back();
    return value;
  }
  return "";
}

ScriptedUpstream::ScriptedUpstream(Script script, int slots)
    : script_(std::move(script)),
      slots_(slots),
      acceptor_(context_, tcp::endpoint(asio::ip::make_address("127.0.0.1"), 0)),
      port_(acceptor_.local_endpoint().port()),
      held_(static_cast<std::size_t>(slots)),
      acceptor_thread_([this] { accept_loop(); }) {}

ScriptedUpstream::~ScriptedUpstream() {
  stopping_ = true;
  ::shutdown(acceptor_.native_handle(), SHUT_RDWR);
  acceptor_thread_.join();
  std::unique_lock lock(mutex_);
  for (const int fd : open_sockets_) ::shutdown(fd, SHUT_RDWR);
  finished_one_.wait(lock, [this] { return workers_.empty(); });
  join(finished_);
}

void ScriptedUpstream::join(Workers& workers) {
  for (std::thread& worker : workers) worker.join();
  workers.clear();
}

std::vector<Received> ScriptedUpstream::received() const {
  const std::lock_guard lock(mutex_);
  return received_;
}

void ScriptedUpstream::accept_loop() {
  while (!stopping_) {
    boost::system::error_code ec;
    tcp::socket socket(context_);
    acceptor_.accept(socket, ec);
    if (ec || stopping_) return;
    socket.set_option(tcp::no_delay(true), ec);
    const std::lock_guard lock(mutex_);
    join(finished_);
    open_sockets_.push_back(socket.native_handle());
    const auto self = workers_.emplace(workers_.end());
    *self = std::thread([this, self, s = std::move(socket)]() mutable {
      serve(s);
      finish(s, self);
    });
  }
}

void ScriptedUpstream::finish(tcp::socket& socket, Workers::iterator self) {
  const std::lock_guard lock(mutex_);
  std::erase(open_sockets_, socket.native_handle());
  boost::system::error_code ignored;
  socket.close(ignored);
  finished_.splice(finished_.end(), workers_, self);
  finished_one_.notify_one();
}

void ScriptedUpstream::serve(tcp::socket& socket) {
  asio::streambuf input;
  for (;;) {
    Received request;
    if (!read_request(socket, input, request)) break;
    const std::string own = own_answer(request);
    if (!own.empty()) {
      boost::system::error_code ec;
      asio::write(socket, asio::buffer(own), ec);
      if (ec) break;
      continue;
    }
    if (remember_) {
      const std::lock_guard lock(mutex_);
      received_.push_back(request);
    }
    const int now = ++running_;
    int seen = max_running_;
    while (now > seen && !max_running_.compare_exchange_weak(seen, now)) {
    }
    const std::vector<Step> steps = script_(request);
    const bool keep = play(socket, steps);
    note_slot(request, steps);
    --running_;
    if (!keep) break;
  }
}

// The slot holds the prompt and all generated tokens but the last one afterwards.
void ScriptedUpstream::note_slot(const Received& request, const std::vector<Step>& steps) {
  const json::Value root(request.body);
  const auto slot = root.find("id_slot").integer();
  if (!slot || *slot < 0 || *slot >= slots_) return;
  for (const Step& step : steps) {
    const auto* send = std::get_if<Send>(&step);
    const std::size_t at = send ? send->bytes.find("{\"choices\"") : std::string::npos;
    if (at == std::string::npos) continue;
    const json::Value event(
        std::string_view(send->bytes).substr(at, send->bytes.rfind('}') + 1 - at));
    const json::Value timings = event.find("timings");
    if (timings.missing()) continue;
    std::int64_t held = -1;
    for (const char* key : {"cache_n", "prompt_n", "predicted_n"}) {
      held +=
          std::min<std::int64_t>(timings.find(key).integer().value_or(0), 1 << 28);  // or absurd
    }
    held_[static_cast<std::size_t>(*slot)] = static_cast<int>(held);
  }
}

bool ScriptedUpstream::play(tcp::socket& socket, const std::vector<Step>& steps) {
  for (const Step& step : steps) {
    if (const auto* send = std::get_if<Send>(&step)) {
      boost::system::error_code ec;
      asio::write(socket, asio::buffer(send->bytes), ec);
      if (ec) {  // who is waited for may go before that
        if (std::ranges::any_of(steps, is_wait_for_gone)) ++clients_gone_;
        return false;
      }
    } else if (const auto* wait = std::get_if<Wait>(&step)) {
      std::this_thread::sleep_for(wait->time);
    } else if (const auto* flag = std::get_if<WaitFor>(&step)) {
      for (int i = 0; i < 2000 && !*flag->flag && !stopping_; ++i) std::this_thread::sleep_for(5ms);
    } else if (std::holds_alternative<WaitForClientGone>(step)) {
      if (wait_until_readable_end(socket, 10s)) ++clients_gone_;
      return false;
    } else {
      return false;
    }
  }
  return true;
}

std::string ScriptedUpstream::own_answer(const Received& request) {
  if (request.target == "/health") {
    return health_ == 200 ? reply(200, R"({"status":"ok"})")
                          : reply(health_, R"({"error":{"code":503,"message":"Loading model",)"
                                           R"("type":"unavailable_error"}})");
  }
  if (request.target == "/props") {
    return reply(200, R"({"default_generation_settings":{"n_ctx":)" +
                          std::to_string(slot_context_) + R"(},"total_slots":)" +
                          std::to_string(slots_) + R"(,"model_path":"scripted.gguf")" +
                          more_props_ + "}");
  }
  if (request.target == "/slots") {
    const char* busy = "false";
    if (busy_answers_ > 0) {
      --busy_answers_;
      busy = "true";
    }
    std::string list = "[";
    for (int i = 0; i < slots_; ++i) {
      if (i > 0) list += ',';
      list += R"({"id":)" + std::to_string(i) + R"(,"n_ctx":)" + std::to_string(slot_context_) +
              R"(,"is_processing":)" + busy + R"(,"n_prompt_tokens":)" +
              std::to_string(held_[static_cast<std::size_t>(i)]) + "}";
    }
    return reply(200, list + "]");
  }
  if (own_actions_ && request.target.starts_with("/slots/")) {
    return reply(200, R"({"id_slot":0,"n_erased":0})");
  }
  return "";
}

std::string reply(int status, const std::string& body, const std::string& type) {
  return "HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Type: " + type +
         "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string stream_head() {
  return "HTTP/1.1 200 OK\r\nServer: llama.cpp\r\nContent-Type: text/event-stream\r\n"
         "Transfer-Encoding: chunked\r\n\r\n";
}

std::string chunk(const std::string& bytes) {
  std::ostringstream out;
  out << std::hex << bytes.size() << "\r\n" << bytes << "\r\n";
  return out.str();
}

std::string chat_event(const std::string& delta_json, const std::string& finish,
                       const std::string& extra) {
  return R"(data: {"choices":[{"finish_reason":)" + finish + R"(,"index":0,"delta":)" + delta_json +
         R"(}],"created":1700000000,"id":"chatcmpl-1","model":"m",)" +
         R"("system_fingerprint":"b1","object":"chat.completion.chunk")" + extra + "}\n\n";
}

std::vector<Step> chat_stream(const std::string& text, int cache_n, int prompt_n) {
  std::vector<Step> steps{Send{stream_head()}};
  const auto event = [&steps](const std::string& bytes) { steps.push_back(Send{chunk(bytes)}); };
  const std::string total = std::to_string(cache_n + prompt_n);
  const std::string cached = std::to_string(cache_n);
  event(chat_event(R"({"role":"assistant","content":null})"));
  event(chat_event(R"({"role":"assistant","content":null})", "null",
                   R"(,"prompt_progress":{"total":)" + total + R"(,"cache":)" + cached +
                       R"(,"processed":)" + total + R"(,"time_ms":1})"));
  std::istringstream words(text);
  int count = 0;
  for (std::string word; words >> word; ++count) {
    event(chat_event(R"({"content":)" + json::quoted((count > 0 ? " " : "") + word) + "}"));
  }
  event(chat_event("{}", R"("stop")",
                   R"(,"timings":{"cache_n":)" + cached + R"(,"prompt_n":)" +
                       std::to_string(prompt_n) + R"(,"prompt_ms":1.0,"predicted_n":)" +
                       std::to_string(count) + R"(,"predicted_ms":1.0})"));
  event("data: [DONE]\n\n");
  steps.push_back(Send{stream_end()});
  return steps;
}

std::vector<Step> responses_stream(const std::string& text) {
  std::vector<Step> steps{Send{stream_head()}};
  const auto event = [&steps](const std::string& type, const std::string& more) {
    steps.push_back(
        Send{chunk("event: " + type + "\ndata: {\"type\":\"" + type + "\"," + more + "}\n\n")});
  };
  const std::string said =
      R"({"type":"output_text","annotations":[],"logprobs":[],"text":)" + json::quoted(text) + "}";
  const std::string item = R"({"type":"message","status":"completed","id":"msg_1","content":[)" +
                           said + R"(],"role":"assistant"})";
  const std::string begun = R"("response":{"id":"resp_1","object":"response",)";
  event("response.created", begun + R"("status":"in_progress"})");
  event("response.in_progress", begun + R"("status":"in_progress"})");
  event("response.output_item.added",
        R"("item":{"content":[],"id":"msg_1","role":"assistant","status":"in_progress",)"
        R"("type":"message"})");
  event("response.content_part.added",
        R"("item_id":"msg_1","part":{"type":"output_text","text":""})");
  event("response.output_text.delta", R"("item_id":"msg_1","delta":)" + json::quoted(text));
  event("response.output_text.done", R"("item_id":"msg_1","text":)" + json::quoted(text));
  event("response.content_part.done", R"("item_id":"msg_1","part":)" + said);
  event("response.output_item.done", "\"item\":" + item);
  event("response.completed",
        begun + R"("created_at":1700000000,"status":"completed","model":"m","output":[)" + item +
            R"(],"usage":{"input_tokens":10,"output_tokens":2,"total_tokens":12,)"
            R"("input_tokens_details":{"cached_tokens":0}}})");
  steps.push_back(Send{stream_end()});
  return steps;
}

}  // namespace keep::test
