#include "openai/answer/response_encoder.hpp"

#include "openai/answer/answer_end.hpp"
#include "openai/event/upstream_error.hpp"

#include <utility>

namespace keep::openai {

namespace {

using Kind = EventInfo::Kind;

class RelayEncoder final : public ResponseEncoder {
 public:
  explicit RelayEncoder(const EncoderOptions& options)
      : untouched_(options.untouched),
        hide_progress_(options.hide_progress),
        fields_(options.fields),
        end_(options.choices),
        // Of an unknown stream nobody can say where it ends.
        may_end_(options.untouched) {}

  void on_event(const SseEvent& event, const EventInfo& info, std::string& out) override {
    end_.on_event(info);
    if (info.kind == Kind::kError) may_end_ = true;
    if (!untouched_ && hide_progress_ && info.kind == Kind::kProgress) return;
    if (info.ended > 0 && !fields_.everything()) {
      out.append("data: ").append(fields_.pick(info.root)).append("\n\n");
    } else {
      out += event.raw;
    }
  }

  Result<> finish(std::string&) override {
    if (!may_end_ && !end_.reached()) return cut_short();
    return {};
  }

  void on_error(const Error& error, std::string& out) override { append_error_event(error, out); }

  bool streams() const noexcept override { return true; }

 private:
  bool untouched_, hide_progress_;
  ResponseFields fields_;
  AnswerEnd end_;
  bool may_end_;  // anywhere
};

}  // namespace

void describe_request(const ChatRequest& request, EncoderOptions& options) {
  options.choices = request.choices;
  options.prefill = request.prefill;
  for (const json::Member& member : request.fields) {
    if (member.raw_key == "stop") options.stop = member.value;
    if (member.raw_key == "return_tokens") {
      options.return_tokens = member.value.boolean().value_or(false);
    }
  }
}

std::unique_ptr<ResponseEncoder> make_encoder(const EncoderOptions& options) {
  return options.dialect->make_encoder(options);
}

std::unique_ptr<ResponseEncoder> make_relay_encoder(const EncoderOptions& options) {
  return std::make_unique<RelayEncoder>(options);
}

}  // namespace keep::openai
