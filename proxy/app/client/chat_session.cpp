#include "app/client/chat_session.hpp"

#include "app/client/chat_record.hpp"
#include "base/json/json.hpp"
#include "base/text/format.hpp"
#include "openai/event/sse_parser.hpp"

#include <algorithm>
#include <ostream>
#include <utility>

namespace keep {

namespace {

std::string message_json(std::string_view role, std::string_view text) {
  json::Writer out;
  out.begin_object().member("role", role).member("content", text).end_object();
  return out.take();
}

// An answer on its way: what has come, and where it is shown.
struct Answering {
  std::ostream& out;
  openai::SseParser parser;
  std::string text, error;
  bool done = false;
  std::optional<openai::ServerTimings> timings;
  std::optional<openai::Usage> usage;

  void take(std::string_view bytes);
  void take(const openai::EventInfo& info);
};

void Answering::take(std::string_view bytes) {
  const auto fed = parser.feed(bytes);
  if (!fed) error = fed.error().detail;
  openai::SseEvent event;
  while (parser.next(event)) take(openai::read_event(event));
  out.flush();
}

void Answering::take(const openai::EventInfo& info) {
  if (info.kind == openai::EventInfo::Kind::kError) {
    error = info.root.find("error").find("message").string().value_or("the answer failed");
  }
  done = done || info.kind == openai::EventInfo::Kind::kDone;
  if (info.timings) timings = info.timings;
  if (info.usage) usage = info.usage;
  text += info.content;
  out << info.content;
}

void add_figure(std::string& table, std::string_view name, std::string_view value) {
  table += fmt::format("{:<15} {}\n", name, value);
}

}  // namespace

ChatSession::ChatSession(ChatClient& client, ChatSettings settings)
    : client_(client), settings_(std::move(settings)) {}

// The way from the beginning to what was said last; other branches stay behind.
Result<std::size_t> ChatSession::resume() {
  struct Entry {
    std::int64_t position, parent;
    bool instructs;
    std::string message;
  };
  std::vector<Entry> entries;
  const auto add = [&entries](std::string_view raw) {
    const json::Value entry(raw);
    entries.push_back(
        {entry.find("position").integer().value_or(-1), entry.find("parent").integer().value_or(-1),
         entry.find("role").string() == "system", std::string(entry.find("message").raw())});
  };
  const auto read = for_each_message(client_, settings_.conversation, add);
  if (!read && read.error().fault == Fault::kNotFound) return 0;
  if (!read) return read.error();
  std::int64_t wanted = entries.empty() ? -1 : entries.back().position;
  for (std::size_t i = entries.size(); i-- > 0;) {
    if (entries[i].position != wanted) continue;
    wanted = entries[i].parent;
    // Instructions are given anew.
    if (!entries[i].instructs) messages_.push_back(std::move(entries[i].message));
  }
  std::ranges::reverse(messages_);
  return messages_.size();
}

std::string ChatSession::request_body() const {
  json::Writer body;
  body.begin_object();
  if (!settings_.model.empty()) body.member("model", settings_.model);
  body.key("messages").begin_array();
  if (!settings_.system.empty()) body.raw(message_json("system", settings_.system));
  for (const std::string& message : messages_) body.raw(message);
  body.end_array().member("stream", true);
  body.key("stream_options").begin_object().member("include_usage", true).end_object();
  if (settings_.max_tokens) body.member("max_tokens", *settings_.max_tokens);
  if (settings_.temperature) body.member("temperature", *settings_.temperature);
  return body.end_object().take();
}

Result<> ChatSession::say(const std::string& text, std::ostream& out) {
  messages_.push_back(message_json("user", text));
  ClientRequest request;
  request.method = "POST";
  request.target = "/v1/chat/completions";
  request.body = request_body();
  request.headers.add("X-Conversation-Id", settings_.conversation);
  request.limit.reset();
  Answering answering{out, openai::SseParser(), {}, {}, false, {}, {}};
  const auto on_piece = [&answering](std::string_view bytes) { answering.take(bytes); };
  auto reply = client_.ask(std::move(request), on_piece);
  if (!answering.text.empty()) {
    out << std::endl;
    messages_.push_back(message_json("assistant", answering.text));
    ++turns_;
  } else {
    messages_.pop_back();
  }
  timings_ = answering.timings;
  usage_ = answering.usage;
  if (!reply) return reply.error();
  headers_ = std::move(reply->headers);
  std::string fault = answering.error;
  if (reply->status != 200) fault = error_text(*reply);
  if (fault.empty() && !answering.done) fault = "the answer ended too early";
  if (fault.empty() && answering.text.empty()) fault = "the answer is empty";
  if (fault.empty()) return {};
  return Error(Fault::kProtocol, Side::kUpstream, std::move(fault));
}

std::string ChatSession::stats() const {
  std::string table;
  add_figure(table, "conversation", settings_.conversation);
  add_figure(table, "messages", std::to_string(messages_.size()));
  add_figure(table, "turns", std::to_string(turns_) + " since this chat began");
  if (usage_) {
    add_figure(
        table, "prompt",
        fmt::format("{} tokens, {} from the cache", usage_->prompt_tokens, usage_->cached_tokens));
    add_figure(table, "answer", std::to_string(usage_->completion_tokens) + " tokens");
  }
  if (timings_ && timings_->predicted_ms > 0) {
    const double per_second =
        1000 * static_cast<double>(timings_->predicted_n) / timings_->predicted_ms;
    add_figure(
        table, "speed",
        fmt::format("{:.1f} tokens/s, prompt in {:.1f} ms", per_second, timings_->prompt_ms));
  }
  for (const Header& header : headers_) {
    if (!header.name.starts_with("X-Keep-")) continue;
    std::string name = header.name.substr(7);
    std::ranges::transform(name, name.begin(), [](char c) {
      return static_cast<char>(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
    });
    if (name != "conversation") add_figure(table, name, header.value);
  }
  return table;
}

}  // namespace keep
