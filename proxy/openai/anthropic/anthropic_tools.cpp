#include "openai/anthropic/anthropic_tools.hpp"

#include "openai/anthropic/anthropic_content.hpp"
#include "openai/json_text.hpp"

#include <optional>
#include <string>

namespace keep::openai::anthropic {

namespace {

using json::Member;
using json::Value;

struct Tool {
  Value name, description, schema, type, strict;
};

Tool read_tool(const Value& value) noexcept {
  Tool tool;
  for (const Member member : value.members()) {
    if (member.key_is("name")) tool.name = member.value;
    if (member.key_is("description")) tool.description = member.value;
    if (member.key_is("input_schema")) tool.schema = member.value;
    if (member.key_is("type")) tool.type = member.value;
    if (member.key_is("strict")) tool.strict = member.value;
  }
  return tool;
}

bool can_run(const Tool& tool) noexcept {
  if (tool.schema.is_object()) return true;
  return !tool.type.is_string() || tool.type.plain_string() == "custom";
}

void write_tool(const Tool& tool, json::Writer& out) {
  out.begin_object().member("type", "function").key("function").begin_object();
  out.member_raw("name", tool.name.raw());
  if (tool.description.is_string()) out.member_raw("description", tool.description.raw());
  const bool has_schema = tool.schema.is_object();
  out.member_raw("parameters",
                 has_schema ? tool.schema.raw() : R"({"type":"object","properties":{}})");
  if (tool.strict.type() == json::Type::kBool) out.member_raw("strict", tool.strict.raw());
  out.end_object().end_object();
}

struct Choice {
  std::string word;                // auto, required, none; empty when not given
  std::optional<std::string> one;  // the tool that must be called
  std::optional<bool> parallel;
};

Result<Choice> read_choice(const Value& value) {
  Choice choice;
  if (value.missing() || is_null(value)) return choice;
  const std::string type = value.find("type").string().value_or("");
  if (type == "auto" || type == "none") {
    choice.word = type;
  } else if (type == "any") {
    choice.word = "required";
  } else if (type == "tool") {
    choice.word = "required";
    choice.one = value.find("name").string();
    if (!choice.one) return bad_request("tool_choice.name", "must be a string");
  } else {
    return bad_request("tool_choice.type", "must be auto, any, tool or none");
  }
  const auto disabled = value.find("disable_parallel_tool_use").boolean();
  if (disabled) choice.parallel = !*disabled;
  return choice;
}

}  // namespace

Result<> write_tools(const Value& tools, const Value& choice_value, json::Writer& out) {
  if (tools.missing() || is_null(tools)) return {};
  if (!tools.is_array()) return bad_request("tools", "must be an array");
  const auto choice = read_choice(choice_value);
  if (!choice) return choice.error();
  json::Writer list;
  list.begin_array();
  std::size_t written = 0, index = 0;
  for (const Value value : tools.elements()) {
    const std::string place = element_of("tools", index++);
    const Tool tool = read_tool(value);
    if (!tool.name.is_string()) return bad_request(place, "name must be a string");
    if (!can_run(tool)) continue;
    if (choice->one && tool.name.string() != choice->one) continue;
    write_tool(tool, list);
    ++written;
  }
  if (choice->one && written == 0) return bad_request("tool_choice.name", "no such tool");
  if (written == 0) return {};
  out.member_raw("tools", list.end_array().str());
  if (!choice->word.empty()) out.member("tool_choice", choice->word);
  if (choice->parallel) out.member("parallel_tool_calls", *choice->parallel);
  return {};
}

}  // namespace keep::openai::anthropic
