// The stream encoder: an Anthropic message as events.
#include "openai/anthropic/anthropic.hpp"
#include "openai/anthropic/anthropic_encoder.hpp"
#include "openai/anthropic/anthropic_error.hpp"

namespace keep::openai::anthropic {

namespace {

void append_event(std::string_view name, std::string_view data, std::string& out) {
  out += "event: ";
  out += name;
  out += "\ndata: ";
  out += data;
  out += "\n\n";
}

class StreamEncoder final : public MessageEncoder {
 public:
  using MessageEncoder::MessageEncoder;

  void on_error(const Error& error, std::string& out) override {
    append_event("error", error_body(error_type_of(error.fault), error.detail), out);
  }

  bool streams() const noexcept override { return true; }

 private:
  void begin(std::string& out) override {
    json::Writer data;
    data.begin_object().member("type", "message_start").key("message").begin_object();
    data.member_raw("id", message_id()).member("type", "message").member("role", "assistant");
    data.member("model", options().model).member_raw("content", "[]");
    data.key("stop_reason").null().key("stop_sequence").null();
    write_usage(usage(), data.key("usage"));
    append_event("message_start", data.end_object().end_object().str(), out);
  }

  void open(const Block& block, std::string& out) override {
    json::Writer data;
    data.begin_object().member("type", "content_block_start").member("index", index_);
    data.key("content_block").begin_object();
    if (block.kind == Block::Kind::kThinking) {
      data.member("type", "thinking").member("thinking", "").member("signature", "");
    } else if (block.kind == Block::Kind::kText) {
      data.member("type", "text").member("text", "");
    } else {
      data.member("type", "tool_use").member_raw("id", block.id).member_raw("name", block.name);
      data.member_raw("input", "{}");
    }
    append_event("content_block_start", data.end_object().end_object().str(), out);
  }

  // Once per token, so without a writer.
  void append(const Block& block, std::string_view text, std::string& out) override {
    out += "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":";
    out += std::to_string(index_);
    switch (block.kind) {
      case Block::Kind::kThinking:
        out += ",\"delta\":{\"type\":\"thinking_delta\",\"thinking\":\"";
        break;
      case Block::Kind::kToolUse:
        out += ",\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"";
        break;
      default: out += ",\"delta\":{\"type\":\"text_delta\",\"text\":\"";
    }
    out += text;
    out += "\"}}\n\n";
  }

  void close(const Block& block, std::string& out) override {
    json::Writer data;
    if (block.kind == Block::Kind::kThinking) {
      // Clients wait for the signature; nobody checks an empty one here.
      data.begin_object().member("type", "content_block_delta").member("index", index_);
      data.member_raw("delta", R"({"type":"signature_delta","signature":""})").end_object();
      append_event("content_block_delta", data.str(), out);
      data = json::Writer();
    }
    data.begin_object().member("type", "content_block_stop").member("index", index_).end_object();
    append_event("content_block_stop", data.str(), out);
    ++index_;
  }

  void end(const Stop& stop, std::string& out) override {
    json::Writer data;
    data.begin_object().member("type", "message_delta").key("delta").begin_object();
    data.member("stop_reason", stop.reason).member_raw("stop_sequence", stop.sequence);
    write_usage(usage(), data.end_object().key("usage"));
    if (!stop.x_keep.empty()) data.member_raw("x_keep", stop.x_keep);
    append_event("message_delta", data.end_object().str(), out);
    append_event("message_stop", R"({"type":"message_stop"})", out);
  }

  void ping(std::string& out) override { append_event("ping", R"({"type":"ping"})", out); }

  bool tell_error(const Error& error, std::string& out) override {
    on_error(error, out);
    return true;
  }

  int index_ = 0;
};

}  // namespace

std::unique_ptr<ResponseEncoder> make_stream_encoder(const EncoderOptions& options) {
  return std::make_unique<StreamEncoder>(options);
}

}  // namespace keep::openai::anthropic
