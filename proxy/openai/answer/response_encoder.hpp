// ResponseEncoder: upstream's events in, the client's bytes out. One object per attempt series.
//
// Upstream streams, or its reply is taken for a stream of one event. A streaming client gets the
// events as they came (minus what it did not ask for); a client that wants one JSON gets it
// assembled at the end; clients of translated APIs get their own events. Pure: no sockets, no
// clock. An assembled answer over 64 MiB is an error.
#pragma once

#include "base/result.hpp"
#include "openai/answer/response_fields.hpp"
#include "openai/dialect.hpp"
#include "openai/event/event_info.hpp"
#include "openai/event/sse_event.hpp"
#include "openai/request/chat_request.hpp"

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace keep::openai {

namespace responses {
struct RequestEcho;
}

struct EncoderOptions {
  const Dialect* dialect = nullptr;  // what the client speaks: make_encoder() needs to know
  bool stream = false;               // what the client asked for
  bool untouched = false;     // nobody here has changed what is asked: events go as they come
  bool hide_progress = true;  // it did not ask for return_progress
  int choices = 1;            // answers that were asked for
  std::string model;          // as the client named it: replies of translated APIs carry it
  std::string id;             // for replies whose id we mint

  // What an assembled reply repeats of the request; describe_request() fills these.
  std::string prefill;         // text of a final assistant message, which the answer continues
  json::Value stop;            // the body's `stop`: lives as long as the body
  bool return_tokens = false;  // of /completion
  ResponseFields fields;       // of /completion: what upstream was not told of
  // Of /v1/responses: what of the body that came, which outlives the encoder. Null: nothing.
  std::shared_ptr<const responses::RequestEcho> echo;
  // Is told each whole item of a response; may be empty.
  std::function<void(std::string_view id, std::string_view json)> on_item;
};

// Fills the part of `options` that says what was asked; `request` must outlive the encoder.
void describe_request(const ChatRequest& request, EncoderOptions& options);

class ResponseEncoder {
 public:
  virtual ~ResponseEncoder() = default;
  // Appends to `out` what the client is to get now. Nothing is appended while assembling.
  virtual void on_event(const SseEvent& event, const EventInfo& info, std::string& out) = 0;
  // After the last event. An assembled reply appears here. An upstream error event seen by an
  // assembling encoder, or a stream that ended before its end mark, is an Error with a detail.
  // An error event in a stream has been told to the client, so it is no Error here.
  virtual Result<> finish(std::string& out) = 0;
  // An error after the head has been sent: the event that tells the client (streams only). Needs
  // no earlier call.
  virtual void on_error(const Error& error, std::string& out) = 0;
  virtual bool streams() const noexcept = 0;  // false: finish() gives one JSON body
};

// As the dialect of the options has it.
std::unique_ptr<ResponseEncoder> make_encoder(const EncoderOptions& options);
// Hands events on byte for byte, except those that the client did not ask for.
std::unique_ptr<ResponseEncoder> make_relay_encoder(const EncoderOptions& options);

}  // namespace keep::openai
