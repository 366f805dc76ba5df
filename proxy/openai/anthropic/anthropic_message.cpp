// The message assembler: an Anthropic message as one JSON.
#include "openai/anthropic/anthropic.hpp"
#include "openai/anthropic/anthropic_encoder.hpp"
#include "openai/json_text.hpp"

namespace keep::openai::anthropic {

namespace {

// The arguments are the model's; cut or wrong ones must not break the reply around them.
std::string input_of(const JsonText& arguments) {
  const std::string text = arguments.decoded();
  const auto input = json::validate(text);
  return input && input->is_object() ? std::string(input->raw()) : "{}";
}

class MessageAssembler final : public MessageEncoder {
 public:
  using MessageEncoder::MessageEncoder;
  void on_error(const Error&, std::string&) override {}
  bool streams() const noexcept override { return false; }

 private:
  void begin(std::string&) override { content_.begin_array(); }
  void open(const Block&, std::string&) override { text_.clear(); }
  void append(const Block&, std::string_view text, std::string&) override {
    text_.append_escaped(text);
  }

  void close(const Block& block, std::string&) override {
    content_.begin_object();
    if (block.kind == Block::Kind::kThinking) {
      text_.write(content_.member("type", "thinking").key("thinking"));
      content_.member("signature", "");
    } else if (block.kind == Block::Kind::kText) {
      text_.write(content_.member("type", "text").key("text"));
    } else {
      content_.member("type", "tool_use").member_raw("id", block.id);
      content_.member_raw("name", block.name).member_raw("input", input_of(text_));
    }
    content_.end_object();
  }

  void end(const Stop& stop, std::string& out) override {
    json::Writer body;
    body.begin_object().member_raw("id", message_id()).member("type", "message");
    body.member("role", "assistant").member("model", options().model);
    body.member_raw("content", content_.end_array().str());
    body.member("stop_reason", stop.reason).member_raw("stop_sequence", stop.sequence);
    write_usage(usage(), body.key("usage"));
    if (!stop.x_keep.empty()) body.member_raw("x_keep", stop.x_keep);
    out += body.end_object().str();
  }

  bool tell_error(const Error&, std::string&) override { return false; }

  json::Writer content_;
  JsonText text_;
};

}  // namespace

std::unique_ptr<ResponseEncoder> make_message_assembler(const EncoderOptions& options) {
  return std::make_unique<MessageAssembler>(options);
}

}  // namespace keep::openai::anthropic
