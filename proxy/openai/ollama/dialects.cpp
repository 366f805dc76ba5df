// Ollama's dialects.
#include "openai/answer/response_encoder.hpp"
#include "openai/dialect.hpp"
#include "openai/ollama/ollama.hpp"

#include <utility>

namespace keep::openai {

namespace {

using ollama::Call;

class Ollama final : public Dialect {
 public:
  explicit constexpr Ollama(Call call) : Dialect(ollama::to_error_body), call_(call) {}
  std::string_view name() const noexcept override { return "ollama"; }
  Surface surface() const noexcept override {
    return call_ == Call::kRaw ? Surface::kCompletion : Surface::kChat;
  }
  const Dialect& of_body(const std::string& body) const override;
  bool is_translated() const noexcept override { return true; }
  Result<std::string> translate(const std::string& body) const override {
    return ollama::to_upstream_body(call_, body);
  }
  std::optional<std::string> answer_here(const std::string& body, std::int64_t now) const override {
    return ollama::load_answer(call_, body, now);
  }
  std::unique_ptr<ResponseEncoder> make_encoder(const EncoderOptions& options) const override {
    return ollama::make_encoder(call_, options);
  }
  std::string_view stream_type() const noexcept override { return "application/x-ndjson"; }
  std::string sign_of_life(std::string_view model, std::int64_t now) const override {
    return ollama::empty_line(call_, model, now);
  }
  std::string comment(std::string_view) const override { return {}; }

 private:
  Call call_;
};

constinit const Ollama kOllamaChat(Call::kChat), kOllamaGenerate(Call::kGenerate),
    kOllamaRaw(Call::kRaw);

const Dialect& Ollama::of_body(const std::string& body) const {
  if (call_ != Call::kGenerate || !ollama::is_raw(body)) return *this;
  return kOllamaRaw;
}

}  // namespace

const Dialect& ollama::chat_dialect() noexcept { return kOllamaChat; }
const Dialect& ollama::generate_dialect() noexcept { return kOllamaGenerate; }

}  // namespace keep::openai
