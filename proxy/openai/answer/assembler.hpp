// Assembler: what all encoders have in common that answer with one JSON at the end.
#pragma once

#include "openai/answer/answer_end.hpp"
#include "openai/answer/response_encoder.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace keep::openai {

// The longest answer of a model with a window of a million tokens stays far below this.
inline constexpr std::size_t kMaxAnswerBytes = std::size_t{64} << 20;

class Assembler : public ResponseEncoder {
 public:
  explicit Assembler(const EncoderOptions& options) : end_(options.choices) {}
  void on_event(const SseEvent& event, const EventInfo& info, std::string& out) final;
  Result<> finish(std::string& out) final;
  void on_error(const Error&, std::string&) final {}
  bool streams() const noexcept final { return false; }

 protected:
  // One event that is neither an error nor the end mark nor mere progress.
  virtual void add(const EventInfo& info) = 0;
  virtual bool complete() const noexcept = 0;      // as far as it has begun
  virtual void write(std::string& out) const = 0;  // complete() holds
  void count_kept(std::size_t bytes);              // what of an event stays in memory

 private:
  AnswerEnd end_;
  std::size_t kept_bytes_ = 0;
  std::optional<Error> error_;
};

// Members whose newest value counts, as raw JSON in the order of their first appearance.
class NewestMembers {
 public:
  void set(const json::Member& member);
  std::string_view find(std::string_view raw_key) const noexcept;
  void write(json::Writer& out) const;

 private:
  std::vector<std::pair<std::string, std::string>> members_;
};

}  // namespace keep::openai
