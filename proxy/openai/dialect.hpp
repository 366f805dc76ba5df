// Dialect: all in which the APIs that clients speak differ. One object for each API, without state.
//
// What is translated reaches plugins and llama-server in OpenAI's words and leaves as the client
// wants it. Nobody outside asks which API it is; who needs to know something asks the dialect.
// Pure.
#pragma once

#include "base/result.hpp"
#include "openai/surface.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace keep::openai {

class ResponseEncoder;
struct EncoderOptions;
namespace responses {
struct RequestEcho;
}

class Dialect {
 public:
  constexpr virtual ~Dialect() = default;

  virtual std::string_view name() const noexcept = 0;  // in logs and metrics
  virtual Surface surface() const noexcept = 0;        // of what translate() gives, if translated

  // The request. Where a path has bodies of two surfaces: the dialect of this one.
  virtual const Dialect& of_body(const std::string&) const { return *this; }
  // Fault::kBadRequest with a text for the client. Bodies that are not translated are read as they
  // came.
  virtual bool is_translated() const noexcept { return false; }
  virtual Result<std::string> translate(const std::string& body) const;
  // What the answer repeats of a body that is JSON, as views into it. Null: nothing.
  virtual std::shared_ptr<const responses::RequestEcho> read_echo(const std::string& body) const;
  // The whole answer to a body that asks no model for anything; nothing for all others. `now`:
  // seconds since 1970.
  virtual std::optional<std::string> answer_here(const std::string& body, std::int64_t now) const;
  // Later requests may name answers, and items of them, by their ids (responses/references).
  virtual bool has_references() const noexcept { return false; }
  // The client may pick members of the answer (response_fields), as at llama-server's /completion.
  virtual bool has_response_fields() const noexcept { return false; }
  // Whether a model answers: such a request takes a slot.
  virtual bool generates() const noexcept { return surface() != Surface::kPassThrough; }
  // Where upstream is asked; `target` is what the client called.
  std::string upstream_target(const std::string& target) const;

  // The answer.
  virtual std::unique_ptr<ResponseEncoder> make_encoder(const EncoderOptions& options) const = 0;
  virtual std::string count_body(std::int64_t tokens) const;  // where only tokens are counted

  virtual std::string_view stream_type() const noexcept { return "text/event-stream"; }
  // What clients pass over in a stream: something that shows life, and a text for who looks, which
  // is empty where there is nothing like it.
  virtual std::string sign_of_life(std::string_view model, std::int64_t now) const;
  virtual std::string comment(std::string_view text) const;

  // An error that was said in OpenAI's words, in those of the dialect.
  bool has_own_errors() const noexcept { return own_error_ != nullptr; }
  std::string error_body(int status, std::string openai_body) const;

 protected:
  using OwnError = std::string (*)(int status, const std::string& openai_body);
  // nullptr: errors are said in OpenAI's words.
  explicit constexpr Dialect(OwnError own_error = nullptr) : own_error_(own_error) {}

 private:
  OwnError own_error_;
};

}  // namespace keep::openai
