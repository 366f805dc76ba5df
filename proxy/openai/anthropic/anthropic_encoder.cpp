#include "openai/anthropic/anthropic_encoder.hpp"

#include "openai/answer/assembler.hpp"
#include "openai/anthropic/anthropic_error.hpp"
#include "openai/event/upstream_error.hpp"
#include "openai/json_text.hpp"

#include <utility>

namespace keep::openai::anthropic {

namespace {

using json::Member;
using json::Value;
using Kind = EventInfo::Kind;

bool has_text(const Value& value) noexcept { return !escaped_bytes(value).empty(); }

// The template may have stop words of its own; those are not the client's business.
bool is_asked_for(const std::string& word, const Value& stop) {
  if (stop.missing()) return true;
  const auto text = Value(word).string();
  if (stop.is_string()) return stop.string() == text;
  for (const Value element : stop.elements()) {
    if (element.string() == text) return true;
  }
  return false;
}

}  // namespace

void write_usage(const MessageUsage& usage, json::Writer& out) {
  out.begin_object().member("input_tokens", usage.input_tokens);
  out.member("cache_creation_input_tokens", 0);
  out.member("cache_read_input_tokens", usage.cached_tokens);
  out.member("output_tokens", usage.output_tokens).end_object();
}

void MessageEncoder::on_event(const SseEvent&, const EventInfo& info, std::string& out) {
  if (ended_ || error_) return;
  if (info.kind == Kind::kError) {
    Error error = read_upstream_error(info);
    error.detail = message_of(info.root.find("error"), error.detail);
    if (tell_error(error, out)) {
      ended_ = true;
    } else {
      error_ = error;
    }
    return;
  }
  if (info.kind == Kind::kDone) {
    if (streams()) complete(out);  // one JSON appears at the end only
    return;
  }
  if (info.root.missing()) {
    ping(out);
    return;
  }
  read_head(info);
  read_usage(info);
  if (!std::exchange(begun_, true)) {
    begin(out);
  } else if (info.kind == Kind::kProgress) {
    ping(out);
  }
  if (info.kind == Kind::kDelta) add_chunk(info, out);
}

Result<> MessageEncoder::finish(std::string& out) {
  if (error_) return *error_;
  complete(out);
  if (!ended_) return cut_short();
  return {};
}

// Upstream's id is the better one: it is new for every attempt.
std::string MessageEncoder::message_id() const {
  constexpr std::string_view kPrefix = "chatcmpl-";
  if (upstream_id_.empty()) return json::quoted("msg_" + options_.id);
  std::string_view id = upstream_id_;
  if (id.starts_with(kPrefix)) id.remove_prefix(kPrefix.size());
  return "\"msg_" + std::string(id) + '"';
}

void MessageEncoder::read_head(const EventInfo& info) {
  if (upstream_id_.empty()) upstream_id_ = escaped_bytes(info.root.find("id"));
  // A client that named none is told which one it was.
  if (options_.model.empty()) options_.model = info.root.find("model").string().value_or("");
}

// The progress events tell what the prompt costs before there is any text; the usage chunk and the
// timings tell it in the end, whichever comes.
void MessageEncoder::read_usage(const EventInfo& info) {
  if (info.progress) {
    usage_.cached_tokens = info.progress->cache;
    usage_.input_tokens = info.progress->total - info.progress->cache;
  }
  if (info.timings) {
    usage_.cached_tokens = info.timings->cache_n;
    usage_.input_tokens = info.timings->prompt_n;
    usage_.output_tokens = info.timings->predicted_n;
  }
  if (info.usage) {
    usage_.cached_tokens = info.usage->cached_tokens;
    usage_.input_tokens = info.usage->prompt_tokens - info.usage->cached_tokens;
    usage_.output_tokens = info.usage->completion_tokens;
  }
}

void MessageEncoder::add_chunk(const EventInfo& info, std::string& out) {
  for (const Value choice : info.root.find("choices").elements()) {
    Value delta;
    bool first = true;
    for (const Member member : choice.members()) {
      if (member.raw_key == "index") first = member.value.integer().value_or(0) == 0;
      if (member.raw_key == "delta") delta = member.value;
    }
    if (first) add_delta(delta, out);  // a message has no other choices
  }
  if (info.finish_reason.empty()) return;
  finish_reason_ = info.finish_reason;
  x_keep_ = info.root.find("x_keep").raw();
  const Value verbose = info.root.find("__verbose");
  if (verbose.find("stop_type").plain_string() == "word") {
    stop_word_ = verbose.find("stopping_word").raw();
  }
  close_block(out);
}

void MessageEncoder::add_delta(const Value& delta, std::string& out) {
  for (const Member member : delta.members()) {
    if (member.raw_key == "reasoning_content" && has_text(member.value)) {
      switch_to(Block{Block::Kind::kThinking, 0, {}, {}}, out);
      emit(member.value, out);
    } else if (member.raw_key == "content" && has_text(member.value)) {
      switch_to(Block{Block::Kind::kText, 0, {}, {}}, out);
      emit(member.value, out);
    } else if (member.raw_key == "tool_calls") {
      for (const Value part : member.value.elements()) add_tool_call(part, out);
    }
  }
}

void MessageEncoder::add_tool_call(const Value& part, std::string& out) {
  Block block{Block::Kind::kToolUse, 0, "\"\"", "\"\""};
  Value arguments;
  for (const Member member : part.members()) {
    if (member.raw_key == "index") block.tool = member.value.integer().value_or(0);
    if (member.raw_key == "id" && member.value.is_string()) block.id = member.value.raw();
    if (member.raw_key != "function") continue;
    for (const Member field : member.value.members()) {
      if (field.raw_key == "name" && field.value.is_string()) block.name = field.value.raw();
      if (field.raw_key == "arguments") arguments = field.value;
    }
  }
  const bool current = block_.kind == Block::Kind::kToolUse && block_.tool == block.tool;
  // Blocks follow each other; a call that was closed cannot be continued.
  if (!current && block.tool <= last_tool_) {
    error_ = Error(Fault::kProtocol, Side::kUpstream, "upstream's tool calls are interleaved");
    return;
  }
  last_tool_ = block.tool;
  any_tool_ = true;
  switch_to(std::move(block), out);
  if (has_text(arguments)) emit(arguments, out);
}

void MessageEncoder::emit(const Value& text, std::string& out) {
  const std::string_view bytes = escaped_bytes(text);
  kept_bytes_ += bytes.size();
  if (!streams() && kept_bytes_ > kMaxAnswerBytes) {
    error_ = too_long();
  } else {
    append(block_, bytes, out);
  }
}

void MessageEncoder::switch_to(Block block, std::string& out) {
  if (block_.kind == block.kind && block_.tool == block.tool) return;
  close_block(out);
  block_ = std::move(block);
  open(block_, out);
}

void MessageEncoder::close_block(std::string& out) {
  if (block_.kind != Block::Kind::kNone) close(block_, out);
  block_ = Block();
}

Stop MessageEncoder::stop() const {
  Stop stop;
  stop.x_keep = x_keep_;
  if (finish_reason_ == "length") {
    stop.reason = "max_tokens";
  } else if (finish_reason_ == "content_filter") {
    stop.reason = "refusal";
  } else if (any_tool_) {
    stop.reason = "tool_use";
  } else if (!stop_word_.empty() && is_asked_for(stop_word_, options_.stop)) {
    stop.reason = "stop_sequence";
    stop.sequence = stop_word_;
  } else {
    stop.reason = "end_turn";
  }
  return stop;
}

void MessageEncoder::complete(std::string& out) {
  if (ended_ || error_ || finish_reason_.empty()) return;
  ended_ = true;
  end(stop(), out);
}

}  // namespace keep::openai::anthropic
