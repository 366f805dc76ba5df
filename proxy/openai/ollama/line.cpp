#include "openai/ollama/line.hpp"

#include "base/text/format.hpp"

namespace keep::openai::ollama {

Line::Line(Call call, std::string_view model, std::string_view created_at)
    : chat_(call == Call::kChat) {
  begin_ = "{\"model\":" + json::quoted(model) + ",\"created_at\":" + json::quoted(created_at);
  begin_ += chat_ ? R"(,"message":{"role":"assistant","content":")" : R"(,"response":")";
}

// Once per token, so without a writer.
void Line::say(const Said& said, std::string& out) const {
  out.append(begin_).append(said.text).append("\"");
  if (!said.thinking.empty()) out.append(R"(,"thinking":")").append(said.thinking).append("\"");
  if (!said.calls.empty()) out.append(R"(,"tool_calls":[)").append(said.calls).append("]");
  if (chat_) out += '}';
}

void Line::piece(const Said& said, std::string& out) const {
  say(said, out);
  out += ",\"done\":false}\n";
}

void Line::last(const Said& said, const Summary& summary, std::string& out) const {
  say(said, out);
  json::Writer end;
  end.begin_object().member("done", true).member("done_reason", summary.reason);
  end.member("total_duration", summary.prompt_time + summary.time).member("load_duration", 0);
  end.member("prompt_eval_count", summary.prompt_tokens);
  end.member("prompt_eval_duration", summary.prompt_time);
  end.member("eval_count", summary.tokens).member("eval_duration", summary.time);
  if (!summary.x_keep.empty()) end.member_raw("x_keep", summary.x_keep);
  const std::string members = end.end_object().take();
  out.append(",").append(members, 1).append("\n");
}

std::string empty_line(Call call, std::string_view model, std::int64_t now) {
  std::string out;
  Line(call, model, timestamp(now)).piece({}, out);
  return out;
}

std::string timestamp(std::int64_t seconds) { return format_utc(seconds, "%FT%TZ"); }

}  // namespace keep::openai::ollama
