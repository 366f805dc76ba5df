#include "flow/answer/client_stream.hpp"

#include <algorithm>
#include <utility>

namespace keep {

void ClientStream::open(const openai::EncoderOptions& options) {
  if (!encoder_) encoder_ = openai::make_encoder(options);
}

void ClientStream::take(const openai::SseEvent& event, const openai::EventInfo& info,
                        std::size_t hold_from) {
  if (cut_open() && rejoins(info)) {
    rejoined_ = true;
    aside_.clear();
  }
  taken_ += info.content.size();
  if (held_.empty() && taken_ <= hold_from) {
    give(event, info, taken_);
    return;
  }
  held_.push_back(
      {std::string(event.raw), std::string(event.name), std::string(event.data), info, taken_});
  release(held_.size() > kMaxHeldEvents ? Exchange::kHoldNothing : hold_from);
}

void ClientStream::release(std::size_t hold_from) {
  while (!held_.empty() && held_.front().text_end <= hold_from) {
    give(held_.front());
    held_.pop_front();
  }
}

Result<> ClientStream::finish() {
  release(Exchange::kHoldNothing);
  return encoder_->finish(out_);
}

void ClientStream::cut() {
  aside_ = std::exchange(held_, {});
  taken_ = given_;
  tokens_before_ = given_tokens_;
  splice_ = true;
  rejoined_ = false;
}

void ClientStream::restore() {
  for (const Held& held : aside_) give(held);
  aside_.clear();
  taken_ = given_;
  tokens_before_ = given_tokens_;
}

void ClientStream::give_all() {
  restore();
  release(Exchange::kHoldNothing);
}

std::int64_t ClientStream::aside_tokens() const noexcept {
  return std::ranges::count_if(aside_, [](const Held& held) { return held.info.has_output; });
}

void ClientStream::give(const Held& held) {
  const openai::SseEvent event{held.raw, held.name, held.data};
  openai::EventInfo info = held.info;
  if (!info.root.missing()) info.root = json::Value(held.data);
  give(event, info, held.text_end);
}

void ClientStream::give(const openai::SseEvent& event, const openai::EventInfo& info,
                        std::size_t text_end) {
  const std::size_t begin = text_end - info.content.size();
  given_ = text_end;
  if (info.has_output) ++given_tokens_;
  if (begin >= skip_ || info.content.empty()) {
    encode(event, info);
    return;
  }
  const std::string rest = info.content.substr(std::min(skip_ - begin, info.content.size()));
  if (rest.empty() && info.finish_reason.empty()) return;
  const std::string data = openai::with_content(info, rest);
  const std::string raw = "data: " + data + "\n\n";
  const openai::SseEvent shorter{raw, event.name, data};
  openai::EventInfo rest_info = openai::read_event(shorter);
  rest_info.whole = info.whole;
  encode(shorter, rest_info);
}

void ClientStream::encode(const openai::SseEvent& event, const openai::EventInfo& info) {
  if (!splice_) head_.read(info);
  if (!splice_ || info.root.missing()) {  // the latter: the end mark, a comment
    encoder_->on_event(event, info, out_);
    return;
  }
  const auto data = openai::spliced(info, head_, tokens_before_, summary_);
  if (!data) return;
  const std::string raw = "data: " + *data + "\n\n";
  const openai::SseEvent joined{raw, event.name, *data};
  encoder_->on_event(joined, openai::read_event(joined), out_);
}

}  // namespace keep
