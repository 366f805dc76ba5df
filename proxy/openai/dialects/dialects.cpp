#include "openai/dialects/dialects.hpp"

#include "base/json/json.hpp"
#include "openai/answer/chat_assembler.hpp"
#include "openai/answer/completion_assembler.hpp"
#include "openai/answer/response_encoder.hpp"
#include "openai/anthropic/anthropic.hpp"
#include "openai/ollama/ollama.hpp"
#include "openai/responses/request_echo.hpp"
#include "openai/responses/responses.hpp"

#include <utility>

namespace keep::openai {

namespace {

class PassThrough final : public Dialect {
 public:
  explicit constexpr PassThrough(OwnError own_error = nullptr, bool generates = false)
      : Dialect(own_error), generates_(generates) {}
  std::string_view name() const noexcept override { return "pass_through"; }
  Surface surface() const noexcept override { return Surface::kPassThrough; }
  std::unique_ptr<ResponseEncoder> make_encoder(const EncoderOptions& options) const override {
    EncoderOptions untouched = options;
    untouched.untouched = true;
    return make_relay_encoder(untouched);
  }
  bool generates() const noexcept override { return generates_; }

 private:
  bool generates_;
};

class Chat final : public Dialect {
 public:
  constexpr Chat() = default;
  std::string_view name() const noexcept override { return "chat"; }
  Surface surface() const noexcept override { return Surface::kChat; }
  std::unique_ptr<ResponseEncoder> make_encoder(const EncoderOptions& options) const override {
    return options.stream ? make_relay_encoder(options) : make_chat_assembler(options);
  }
};

class Completion final : public Dialect {
 public:
  explicit constexpr Completion(bool native) : native_(native) {}
  std::string_view name() const noexcept override { return "completion"; }
  Surface surface() const noexcept override { return Surface::kCompletion; }
  bool has_response_fields() const noexcept override { return native_; }
  std::unique_ptr<ResponseEncoder> make_encoder(const EncoderOptions& options) const override {
    return options.stream ? make_relay_encoder(options) : make_completion_assembler(options);
  }

 private:
  bool native_;
};

class Responses final : public Dialect {
 public:
  constexpr Responses() = default;
  std::string_view name() const noexcept override { return "responses"; }
  Surface surface() const noexcept override { return Surface::kChat; }
  bool is_translated() const noexcept override { return true; }
  Result<std::string> translate(const std::string& body) const override {
    return responses::to_chat_body(body);
  }
  std::shared_ptr<const responses::RequestEcho> read_echo(const std::string& body) const override {
    return std::make_shared<const responses::RequestEcho>(responses::read_echo(json::Value(body)));
  }
  bool has_references() const noexcept override { return true; }
  std::unique_ptr<ResponseEncoder> make_encoder(const EncoderOptions& options) const override {
    return responses::make_responses_encoder(options);
  }
};

class Messages final : public Dialect {
 public:
  constexpr Messages() : Dialect(anthropic::to_error_body) {}
  std::string_view name() const noexcept override { return "messages"; }
  Surface surface() const noexcept override { return Surface::kChat; }
  bool is_translated() const noexcept override { return true; }
  Result<std::string> translate(const std::string& body) const override {
    return anthropic::to_chat_body(body);
  }
  std::unique_ptr<ResponseEncoder> make_encoder(const EncoderOptions& options) const override {
    return options.stream ? anthropic::make_stream_encoder(options)
                          : anthropic::make_message_assembler(options);
  }
  std::string count_body(std::int64_t tokens) const override {
    json::Writer body;
    return body.begin_object().member("input_tokens", tokens).end_object().take();
  }
  std::string sign_of_life(std::string_view, std::int64_t) const override {
    return "event: ping\ndata: {\"type\": \"ping\"}\n\n";
  }
};

constinit const PassThrough kPassThrough, kInfill(nullptr, true),
    kAnthropicRest(anthropic::to_error_body), kOllamaRest(ollama::to_error_body);
constinit const Chat kChat;
constinit const Completion kCompletion(false), kNative(true);
constinit const Responses kResponses;
constinit const Messages kMessages;

}  // namespace

namespace dialects {

const Dialect& pass_through() noexcept { return kPassThrough; }
const Dialect& chat() noexcept { return kChat; }
const Dialect& completion() noexcept { return kCompletion; }
const Dialect& native() noexcept { return kNative; }
const Dialect& infill() noexcept { return kInfill; }
const Dialect& responses() noexcept { return kResponses; }
const Dialect& messages() noexcept { return kMessages; }
const Dialect& ollama_chat() noexcept { return ollama::chat_dialect(); }
const Dialect& ollama_generate() noexcept { return ollama::generate_dialect(); }
const Dialect& anthropic_rest() noexcept { return kAnthropicRest; }
const Dialect& ollama_rest() noexcept { return kOllamaRest; }

}  // namespace dialects

}  // namespace keep::openai
