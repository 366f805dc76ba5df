// ClientStream: what the client gets of an answer, over all attempts: the encoder, what is held
// back from it, and the seam between two attempts.
//
// Nothing is held unless a plugin asks for it (exchange.hold_from): then whole events wait, because
// one event is one token or a few. Those of an answer that was cut are set aside: they go when the
// next attempt has something better, or are given after all when it has failed. Pure but for the
// encoder; loop thread only.
#pragma once

#include "exchange/exchange.hpp"
#include "openai/answer/response_encoder.hpp"
#include "openai/edit/splice.hpp"

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <string>

namespace keep {

class ClientStream {
 public:
  // Beyond it everything is given: an upstream that sends events without end is not waited for.
  static constexpr std::size_t kMaxHeldEvents = 1024;

  // Before the first event; later calls change nothing.
  void open(const openai::EncoderOptions& options);
  bool streams() const noexcept { return encoder_->streams(); }

  // The next event of upstream. Text from byte `hold_from` of the answer on is held.
  void take(const openai::SseEvent& event, const openai::EventInfo& info, std::size_t hold_from);
  // The first `bytes` of the answer's text are not for the client. Before they are given.
  void skip(std::size_t bytes) noexcept { skip_ = bytes; }
  // Gives what is held of the text in front of `hold_from`.
  void release(std::size_t hold_from);
  // After the last event: everything is given. As ResponseEncoder::finish().
  Result<> finish();

  // The answer stops here: what is held is set aside, and the events that follow continue what has
  // been given, with the first answer's id.
  void cut();
  // Nothing has come since that rejoins the answer.
  bool cut_open() const noexcept { return splice_ && !rejoined_; }
  static bool rejoins(const openai::EventInfo& info) noexcept {
    return info.has_output || !info.finish_reason.empty();
  }
  // Gives what cut() has set aside.
  void restore();
  // Everything that waits, set aside or not: nothing more will come.
  void give_all();
  // The event that tells the client of an error; nothing is to follow. After open().
  void tell(const Error& error) { encoder_->on_error(error, out_); }
  // Goes into the end of a continued answer, as its member x_keep.
  void set_summary(std::string json) { summary_ = std::move(json); }

  std::size_t given_text() const noexcept { return given_; }  // bytes
  std::int64_t given_tokens() const noexcept { return given_tokens_; }
  std::int64_t aside_tokens() const noexcept;

  std::string& out() noexcept { return out_; }  // the client's bytes, to be taken and cleared

 private:
  struct Held {
    std::string raw, name, data;
    openai::EventInfo info;    // its root is a view of what came, not of `data`
    std::size_t text_end = 0;  // of the answer, with this event
  };

  void give(const Held& held);
  void give(const openai::SseEvent& event, const openai::EventInfo& info, std::size_t text_end);
  void encode(const openai::SseEvent& event, const openai::EventInfo& info);

  std::unique_ptr<openai::ResponseEncoder> encoder_;
  std::list<Held> held_, aside_;  // empty ones allocate nothing
  std::string out_, summary_;
  std::size_t taken_ = 0, given_ = 0, skip_ = 0;  // bytes of the answer's text
  std::int64_t given_tokens_ = 0;
  openai::AnswerHead head_;  // of the first attempt
  bool splice_ = false, rejoined_ = false;
  std::int64_t tokens_before_ = 0;  // the splice
};

}  // namespace keep
