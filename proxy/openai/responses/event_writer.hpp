// EventWriter: the events of a response's stream, numbered in order. Pure.
#pragma once

#include "base/error.hpp"
#include "openai/responses/output_item.hpp"
#include "openai/responses/response_object.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace keep::openai::responses {

class EventWriter {
 public:
  // Appends to `out`; `sequence` is the number of the next event.
  EventWriter(std::string& out, std::int64_t& sequence) : out_(out), sequence_(sequence) {}

  void response(std::string_view event, const ResponseState& state, const RequestEcho& echo);
  void open(const OutputItem& item);
  void delta(const OutputItem& item, std::string_view escaped);
  void close(const OutputItem& item, std::string_view status);
  void error(const Error& error);

 private:
  json::Writer begin(std::string_view event);
  void end(std::string_view event, json::Writer data);
  void part(std::string_view event, const OutputItem& item, bool whole);
  void done(const OutputItem& item);

  std::string& out_;
  std::int64_t& sequence_;
};

}  // namespace keep::openai::responses
