#include "openai/responses/event_writer.hpp"

#include "openai/event/upstream_error.hpp"

#include <utility>

namespace keep::openai::responses {

namespace {

using Kind = OutputItem::Kind;

void place(const OutputItem& item, json::Writer& data) {
  data.member("item_id", item.id).member("output_index", item.index);
  if (item.has_part()) data.member("content_index", 0);
}

}  // namespace

json::Writer EventWriter::begin(std::string_view event) {
  json::Writer data;
  data.begin_object().member("type", event).member("sequence_number", sequence_++);
  return data;
}

void EventWriter::end(std::string_view event, json::Writer data) {
  out_.append("event: ").append(event).append("\ndata: ");
  out_.append(data.end_object().str()).append("\n\n");
}

void EventWriter::response(std::string_view event, const ResponseState& state,
                           const RequestEcho& echo) {
  json::Writer data = begin(event);
  write_response(state, echo, data.key("response"));
  end(event, std::move(data));
}

void EventWriter::open(const OutputItem& item) {
  constexpr std::string_view kEvent = "response.output_item.added";
  json::Writer data = begin(kEvent);
  write_item(item, "in_progress", data.member("output_index", item.index).key("item"));
  end(kEvent, std::move(data));
  if (item.has_part()) part("response.content_part.added", item, false);
}

void EventWriter::part(std::string_view event, const OutputItem& item, bool whole) {
  json::Writer data = begin(event);
  place(item, data);
  write_part(item, whole, data.key("part"));
  end(event, std::move(data));
}

// Once per token, so without a writer.
void EventWriter::delta(const OutputItem& item, std::string_view escaped) {
  const std::string_view name = event_name(item.kind);
  out_.append("event: response.").append(name).append(".delta\ndata: {\"type\":\"response.");
  out_.append(name).append(".delta\",\"sequence_number\":").append(std::to_string(sequence_++));
  out_.append(",\"item_id\":\"").append(item.id).append("\",\"output_index\":");
  out_.append(std::to_string(item.index));
  if (item.has_part()) out_.append(",\"content_index\":0");
  if (item.kind == Kind::kMessage) out_.append(",\"logprobs\":[]");
  out_.append(",\"delta\":\"").append(escaped).append("\"}\n\n");
}

void EventWriter::done(const OutputItem& item) {
  const std::string event = "response." + std::string(event_name(item.kind)) + ".done";
  json::Writer data = begin(event);
  place(item, data);
  switch (item.kind) {
    case Kind::kFunctionCall:
      item.text.write(data.member("name", item.name).key("arguments"));
      break;
    case Kind::kCustomCall: data.member("input", custom_input(item)); break;
    case Kind::kMessage: data.member_raw("logprobs", "[]"); [[fallthrough]];
    default: item.text.write(data.key("text"));
  }
  end(event, std::move(data));
}

void EventWriter::close(const OutputItem& item, std::string_view status) {
  if (item.kind == Kind::kCustomCall) {
    JsonText input;
    input.append_text(custom_input(item));
    std::string literal;
    json::Writer quoted;
    input.write(quoted);
    literal = quoted.take();
    delta(item, std::string_view(literal).substr(1, literal.size() - 2));
  }
  if (item.kind != Kind::kShellCall) done(item);
  if (item.has_part()) part("response.content_part.done", item, true);
  constexpr std::string_view kEvent = "response.output_item.done";
  json::Writer data = begin(kEvent);
  write_item(item, status, data.member("output_index", item.index).key("item"));
  end(kEvent, std::move(data));
}

// The clients look for `error` in any event.
void EventWriter::error(const Error& error) {
  const ErrorWords words = error_words(error);
  json::Writer data = begin("error");
  data.member("code", words.code).member("message", error.detail).key("param").null();
  data.key("error").begin_object().member("message", error.detail).member("type", words.type);
  data.key("param").null().member("code", words.code).end_object();
  end("error", std::move(data));
}

}  // namespace keep::openai::responses
