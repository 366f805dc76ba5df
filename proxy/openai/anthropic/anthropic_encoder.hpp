// MessageEncoder: chat completion chunks -> the blocks of an Anthropic message. What the stream
// encoder and the message assembler share; they say only how a block is written.
#pragma once

#include "openai/answer/response_encoder.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace keep::openai::anthropic {

struct Block {
  enum class Kind { kNone, kThinking, kText, kToolUse };
  Kind kind = Kind::kNone;
  std::int64_t tool = 0;  // upstream's index of the tool call
  std::string id, name;   // raw JSON strings, of a tool_use
};

// Anthropic counts cached tokens apart from the input tokens.
struct MessageUsage {
  std::int64_t input_tokens = 0, cached_tokens = 0, output_tokens = 0;
};

struct Stop {
  std::string_view reason;        // end_turn, max_tokens ...
  std::string sequence = "null";  // raw JSON
  std::string x_keep{};           // raw JSON, what we have to say about the answer; empty: nothing
};

void write_usage(const MessageUsage& usage, json::Writer& out);

class MessageEncoder : public ResponseEncoder {
 public:
  explicit MessageEncoder(const EncoderOptions& options) : options_(options) {}
  void on_event(const SseEvent& event, const EventInfo& info, std::string& out) final;
  Result<> finish(std::string& out) final;

 protected:
  // Called in this order: begin, (open, append*, close)*, end. `text` is raw: escaped JSON bytes.
  virtual void begin(std::string& out) = 0;
  virtual void open(const Block& block, std::string& out) = 0;
  virtual void append(const Block& block, std::string_view text, std::string& out) = 0;
  virtual void close(const Block& block, std::string& out) = 0;
  virtual void end(const Stop& stop, std::string& out) = 0;
  virtual void ping(std::string&) {}  // life without output
  // Upstream's own error event; says whether the client has been told.
  virtual bool tell_error(const Error& error, std::string& out) = 0;

  std::string message_id() const;  // raw JSON string
  const EncoderOptions& options() const noexcept { return options_; }
  const MessageUsage& usage() const noexcept { return usage_; }

 private:
  void read_head(const EventInfo& info);
  void read_usage(const EventInfo& info);
  void add_chunk(const EventInfo& info, std::string& out);
  void add_delta(const json::Value& delta, std::string& out);
  void add_tool_call(const json::Value& part, std::string& out);
  void emit(const json::Value& text, std::string& out);
  void switch_to(Block block, std::string& out);
  void close_block(std::string& out);
  Stop stop() const;
  void complete(std::string& out);

  EncoderOptions options_;
  std::string upstream_id_;  // escaped, without quotes
  MessageUsage usage_;
  Block block_;
  std::int64_t last_tool_ = -1;
  std::string finish_reason_, stop_word_, x_keep_;  // the latter two: raw JSON
  bool begun_ = false, ended_ = false, any_tool_ = false;
  std::size_t kept_bytes_ = 0;
  std::optional<Error> error_;
};

}  // namespace keep::openai::anthropic
