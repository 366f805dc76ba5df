// The encoder: chat completion chunks, or those of a completion -> lines, or one JSON.
#include "openai/answer/assembler.hpp"
#include "openai/event/upstream_error.hpp"
#include "openai/json_text.hpp"
#include "openai/ollama/line.hpp"
#include "openai/ollama/tool_calls.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

namespace keep::openai::ollama {

namespace {

using json::Member;
using json::Value;
using Kind = EventInfo::Kind;

std::int64_t nanoseconds(double ms) noexcept {
  constexpr double kMost = 1e12;  // milliseconds: thirty years
  return std::llround(std::clamp(ms, 0.0, kMost) * 1e6);
}

class OllamaEncoder final : public ResponseEncoder {
 public:
  OllamaEncoder(Call call, const EncoderOptions& options) : call_(call), options_(options) {}

  void on_event(const SseEvent&, const EventInfo& info, std::string& out) override {
    if (ended_ || error_) return;
    if (info.kind == Kind::kError) {
      fail(read_upstream_error(info), out);
    } else if (info.kind == Kind::kDone) {
      if (options_.stream) complete(out);  // one JSON appears at the end only
    } else if (!info.root.missing()) {
      read_head(info);
      read_usage(info);
      if (info.kind == Kind::kDelta) add_chunk(info, out);
    }
  }

  Result<> finish(std::string& out) override {
    if (error_) return *error_;
    complete(out);
    if (!ended_) return cut_short();
    return {};
  }

  void on_error(const Error& error, std::string& out) override {
    if (!options_.stream || ended_) return;
    ended_ = true;
    json::Writer line;
    out += line.begin_object().member("error", error.detail).end_object().str();
    out += '\n';
  }

  bool streams() const noexcept override { return options_.stream; }

 private:
  void fail(Error error, std::string& out) {
    if (options_.stream) {
      on_error(error, out);
    } else {
      error_ = std::move(error);
    }
  }

  void read_head(const EventInfo& info) {
    if (line_) return;
    if (options_.model.empty()) options_.model = info.root.find("model").string().value_or("");
    const std::int64_t created = info.root.find("created").integer().value_or(0);
    line_.emplace(call_, options_.model, timestamp(created));
  }

  void read_usage(const EventInfo& info) {
    if (info.timings) {
      summary_.prompt_tokens = info.timings->cache_n + info.timings->prompt_n;
      summary_.prompt_time = nanoseconds(info.timings->prompt_ms);
      summary_.tokens = info.timings->predicted_n;
      summary_.time = nanoseconds(info.timings->predicted_ms);
    }
    if (info.usage) {
      summary_.prompt_tokens = info.usage->prompt_tokens;
      summary_.tokens = info.usage->completion_tokens;
    }
  }

  void add_chunk(const EventInfo& info, std::string& out) {
    for (const Value choice : info.root.find("choices").elements()) {
      if (choice.find("index").integer().value_or(0) != 0) continue;  // an answer has no other one
      if (call_ == Call::kRaw) add_text(choice.find("text"), text_, out);
      for (const Member member : choice.find("delta").members()) {
        if (member.raw_key == "content") add_text(member.value, text_, out);
        if (member.raw_key == "reasoning_content") add_text(member.value, thinking_, out);
        if (member.raw_key == "tool_calls") add_calls(member.value);
      }
    }
    if (info.finish_reason.empty()) return;
    finish_reason_ = info.finish_reason;
    x_keep_ = info.root.find("x_keep").raw();
  }

  void add_text(const Value& value, JsonText& whole, std::string& out) {
    const std::string_view text = escaped_bytes(value);
    if (text.empty() || error_) return;
    if (!options_.stream) {
      keep(text.size());
      whole.append_escaped(text);
    } else if (&whole == &thinking_) {
      line_->piece({{}, text, {}}, out);
    } else {
      line_->piece({text, {}, {}}, out);
    }
  }

  void add_calls(const Value& parts) {
    for (const Value part : parts.elements()) {
      keep(part.raw().size());
      if (!error_) calls_.add(part);
    }
  }

  // What stays in memory until the end.
  void keep(std::size_t bytes) {
    kept_bytes_ += bytes;
    if (kept_bytes_ > kMaxAnswerBytes) error_ = too_long();
  }

  void complete(std::string& out) {
    if (ended_ || error_ || finish_reason_.empty() || !line_) return;
    ended_ = true;
    const std::string calls = calls_.json(), text = text_.escaped(), thinking = thinking_.escaped();
    summary_.reason = finish_reason_ == "length" ? "length" : "stop";
    summary_.x_keep = x_keep_;
    if (options_.stream && !calls.empty()) line_->piece({{}, {}, calls}, out);
    line_->last({text, thinking, options_.stream ? std::string_view() : calls}, summary_, out);
  }

  Call call_;
  EncoderOptions options_;
  std::optional<Line> line_;  // from the first event on
  Summary summary_;
  JsonText text_, thinking_;  // of one that does not stream
  ToolCalls calls_;
  std::string finish_reason_, x_keep_;
  std::size_t kept_bytes_ = 0;
  bool ended_ = false;
  std::optional<Error> error_;
};

}  // namespace

std::unique_ptr<ResponseEncoder> make_encoder(Call call, const EncoderOptions& options) {
  return std::make_unique<OllamaEncoder>(call, options);
}

}  // namespace keep::openai::ollama
