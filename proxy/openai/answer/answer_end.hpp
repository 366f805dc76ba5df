// AnswerEnd: whether a stream has come to its end, or was cut. Pure.
//
// The end mark says so; /completion has none, and other servers may leave it out: then every answer
// that was asked for has to have ended.
#pragma once

#include "openai/event/event_info.hpp"

namespace keep::openai {

class AnswerEnd {
 public:
  explicit AnswerEnd(int choices) noexcept : left_(choices) {}

  void on_event(const EventInfo& info) noexcept {
    left_ -= info.ended;
    marked_ = marked_ || info.kind == EventInfo::Kind::kDone;
  }
  bool reached() const noexcept { return marked_ || left_ <= 0; }

 private:
  int left_;
  bool marked_ = false;
};

}  // namespace keep::openai
