#include "openai/responses/request_echo.hpp"

namespace keep::openai::responses {

using json::Value;

std::size_t RequestEcho::bytes() const noexcept {
  std::size_t bytes = 0;
  for (const Value& value : settings) bytes += value.raw().size();
  return bytes;
}

RequestEcho read_echo(const Value& request) {
  RequestEcho echo;
  Value tools;
  for (const json::Member member : request.members()) {
    for (std::size_t i = 0; i < kSettings.size(); ++i) {
      Value& value = echo.settings[i];
      if (value.missing() && member.key_is(kSettings[i].key)) value = member.value;
    }
    if (tools.missing() && member.key_is("tools")) tools = member.value;
  }
  std::size_t room = RequestEcho::kMaxBytes;
  for (Value& value : echo.settings) {
    if (value.raw().size() > room) value = Value();
    room -= value.raw().size();
  }
  echo.tools = read_tools(tools);
  return echo;
}

}  // namespace keep::openai::responses
