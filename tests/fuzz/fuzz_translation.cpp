// Bytes -> a body of another API than OpenAI's chat and an upstream stream, parted by the
// separator. The translated body must be JSON; what the encoders write must be whole events or
// lines, or one JSON text.
#include "openai/anthropic/anthropic.hpp"
#include "openai/dialects/dialects.hpp"
#include "openai/event/sse_parser.hpp"
#include "openai/request/chat_request.hpp"
#include "openai/responses/request_echo.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace {

using keep::fuzz::check;
using keep::openai::Dialect;
using keep::openai::SseEvent;
using keep::openai::SseParser;

// What the encoder gives for the stream; the end of it only if it ends well.
std::string encode(const Dialect& dialect, const std::string& body, std::string_view stream,
                   bool streaming) {
  keep::openai::EncoderOptions options;
  options.dialect = &dialect;
  if (keep::json::validate(body)) options.echo = dialect.read_echo(body);
  options.stream = streaming;
  options.model = "m\"";
  options.id = "msg_1";
  const auto encoder = keep::openai::make_encoder(options);
  check(encoder->streams() == streaming);
  SseParser parser;
  SseEvent event;
  std::string out;
  check(parser.feed(stream).has_value());
  while (parser.next(event)) encoder->on_event(event, keep::openai::read_event(event), out);
  const auto end = encoder->finish(out);
  if (!end && streaming) encoder->on_error(end.error(), out);
  return out;
}

// Whether all data is JSON; if so, all data of a stream made from it must be, too: encoders copy
// the bytes of strings without looking at them.
bool is_sound(std::string_view stream) {
  SseParser parser;
  SseEvent event;
  check(parser.feed(stream).has_value());
  while (parser.next(event)) {
    const std::string data(event.data);
    if (!data.empty() && data != "[DONE]" && !keep::json::validate(data)) return false;
  }
  return true;
}

bool is_whole(std::string_view stream) {
  SseParser parser;
  SseEvent event;
  check(parser.feed(stream).has_value());
  while (parser.next(event)) continue;
  return parser.rest().empty();
}

// Whether all lines are whole, and JSON.
bool are_lines(std::string_view lines, bool sound) {
  while (!lines.empty()) {
    const std::size_t end = lines.find('\n');
    if (end == lines.npos) return false;
    if (sound && !keep::json::validate(std::string(lines.substr(0, end)))) return false;
    lines.remove_prefix(end + 1);
  }
  return true;
}

void check_translation(const Dialect& dialect, const std::string& body) {
  const auto translated = dialect.of_body(body).translate(body);
  if (translated) {
    check(keep::json::validate(*translated).has_value());
  } else {
    check(!translated.error().detail.empty());
  }
}

void check_whole(const Dialect& dialect, const std::string& body, std::string_view stream,
                 bool sound) {
  const std::string whole = encode(dialect, body, stream, false);
  check(whole.empty() || !sound || keep::json::validate(whole).has_value());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  keep::fuzz::Input input(data, size);
  const std::string body(input.take_text());
  check(keep::json::validate(keep::openai::anthropic::to_error_body(500, body)).has_value());
  const bool sound = is_sound(input.rest());
  namespace dialects = keep::openai::dialects;
  for (const Dialect* const dialect : {&dialects::messages(), &dialects::responses()}) {
    check_translation(*dialect, body);
    const std::string events = encode(*dialect, body, input.rest(), true);
    check(is_whole(events));
    check(!sound || is_sound(events));
    check_whole(*dialect, body, input.rest(), sound);
  }
  for (const Dialect* const dialect : {&dialects::ollama_chat(), &dialects::ollama_generate()}) {
    check_translation(*dialect, body);
    check(keep::json::validate(dialect->error_body(500, body)).has_value());
    const auto own = dialect->answer_here(body, 0);
    check(!own || keep::json::validate(*own).has_value());
    check(are_lines(encode(*dialect, body, input.rest(), true), sound));
    check_whole(*dialect, body, input.rest(), sound);
  }
  return 0;
}
