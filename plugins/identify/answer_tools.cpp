#include "plugins/identify/answer_tools.hpp"

namespace keep::identify {

namespace {

constexpr std::size_t kMaxNames = 256;

}  // namespace

void gather_tool_names(const openai::SseEvent& event, const openai::EventInfo& info,
                       std::vector<std::string>& names) {
  // Called per event: most end here.
  if ((!info.content.empty() && !info.whole) || event.data.find("\"name\"") == event.data.npos)
    return;
  const auto add = [&names](const json::Value& name) {
    auto text = name.string();
    if (text && !text->empty() && names.size() < kMaxNames) names.push_back(*std::move(text));
  };
  for (const json::Value choice : info.root.find("choices").elements()) {
    if (choice.find("index").integer().value_or(0) != 0) continue;
    for (const json::Value call : choice.find("delta").find("tool_calls").elements()) {
      add(call.find("function").find("name"));
    }
  }
}

}  // namespace keep::identify
