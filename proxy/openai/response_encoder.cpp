#include "openai/response_encoder.hpp"

#include "openai/anthropic.hpp"
#include "openai/chat_assembler.hpp"
#include "openai/completion_assembler.hpp"
#include "openai/responses/responses.hpp"
#include "openai/upstream_error.hpp"

#include <utility>

namespace keep::openai {

namespace {

using Kind = EventInfo::Kind;

// Hands events on byte for byte, except those the client did not ask for.
class RelayEncoder final : public ResponseEncoder {
 public:
  explicit RelayEncoder(const EncoderOptions& options)
      : surface_(options.surface),
        hide_progress_(options.hide_progress),
        hide_usage_(options.hide_usage),
        // Of an unknown stream nobody can say where it ends.
        ended_(options.surface == Surface::kPassThrough) {}

  void on_event(const SseEvent& event, const EventInfo& info, std::string& out) override {
    if (info.kind == Kind::kDone || info.kind == Kind::kError || !info.finish_reason.empty()) {
      ended_ = true;
    }
    const bool relay = surface_ != Surface::kPassThrough;
    if (relay && hide_progress_ && info.kind == Kind::kProgress) return;
    if (relay && hide_usage_ && info.kind == Kind::kUsage) return;
    out += event.raw;
  }

  Result<> finish(std::string&) override {
    if (!ended_) return cut_short();
    return {};
  }

  void on_error(const Error& error, std::string& out) override { append_error_event(error, out); }

  bool streams() const noexcept override { return true; }

 private:
  Surface surface_;
  bool hide_progress_, hide_usage_;
  bool ended_;
};

}  // namespace

void describe_request(const ChatRequest& request, EncoderOptions& options) {
  if (!request.messages.empty() && request.messages.back().role == "assistant") {
    options.prefill = content_text(request.messages.back().content);
  }
  for (const json::Member& member : request.fields) {
    if (member.raw_key == "stop") options.stop = member.value;
    if (member.raw_key == "return_tokens") {
      options.return_tokens = member.value.boolean().value_or(false);
    }
  }
}

std::unique_ptr<ResponseEncoder> make_encoder(const EncoderOptions& options) {
  if (options.surface == Surface::kMessages) {
    return options.stream ? anthropic::make_stream_encoder(options)
                          : anthropic::make_message_assembler(options);
  }
  if (options.surface == Surface::kResponses) return responses::make_responses_encoder(options);
  if (!options.stream) {
    if (options.surface == Surface::kChat) return make_chat_assembler(options);
    if (options.surface == Surface::kCompletion) return make_completion_assembler(options);
  }
  return std::make_unique<RelayEncoder>(options);
}

}  // namespace keep::openai
