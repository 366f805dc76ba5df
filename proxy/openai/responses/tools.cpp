#include "openai/responses/tools.hpp"

#include "openai/json_text.hpp"

#include <algorithm>
#include <optional>
#include <unordered_set>
#include <utility>

namespace keep::openai::responses {

namespace {

using json::Value;

constexpr std::string_view kLocalShell = "local_shell";
constexpr std::string_view kShellParameters =
    R"({"type":"object","properties":{"command":{"type":"array","items":{"type":"string"}},)"
    R"("working_directory":{"type":"string"},"timeout_ms":{"type":"integer"}},"required":["command"]})";
constexpr std::string_view kInputParameters =
    R"({"type":"object","properties":{"input":{"type":"string"}},"required":["input"]})";

std::string text_of(const Value& object, std::string_view key) {
  return object.find(key).string().value_or(std::string());
}

void read_tool(const Value& source, const std::string& space, std::vector<Tool>& out) {
  std::optional<std::string> given_type, name;  // the first of each counts
  Value tools;
  for (const json::Member member : source.members()) {
    if (!given_type && member.key_is("type")) given_type = member.value.string().value_or("");
    if (!name && member.key_is("name")) name = member.value.string().value_or("");
    if (tools.missing() && member.key_is("tools")) tools = member.value;
  }
  const std::string type = std::move(given_type).value_or("");
  Tool tool;
  tool.name = std::move(name).value_or("");
  tool.space = space;
  tool.source = source;
  if (type == "namespace") {
    for (const Value inner : tools.elements()) read_tool(inner, tool.name, out);
    return;
  }
  if (type == kLocalShell) {
    tool.kind = Tool::Kind::kLocalShell;
    tool.name = kLocalShell;
  } else if (type == "custom") {
    tool.kind = Tool::Kind::kCustom;
  } else if (type != "function") {
    return;
  }
  if (tool.name.empty()) return;
  tool.flat = flat_name(tool.space, tool.name);
  out.push_back(std::move(tool));
}

std::string description_of(const Tool& tool) {
  std::string text = text_of(tool.source, "description");
  if (tool.kind == Tool::Kind::kLocalShell && text.empty()) {
    text = "Runs a command on the user's machine.";
  }
  const Value format = tool.source.find("format");
  if (tool.kind != Tool::Kind::kCustom || text_of(format, "type") != "grammar") return text;
  if (!text.empty()) text += "\n\n";
  return text + "The input has to follow this grammar (" + text_of(format, "syntax") + "):\n" +
         text_of(format, "definition");
}

std::string_view parameters_of(const Tool& tool) {
  if (tool.kind == Tool::Kind::kLocalShell) return kShellParameters;
  if (tool.kind == Tool::Kind::kCustom) return kInputParameters;
  const Value parameters = tool.source.find("parameters");
  return parameters.is_object() ? parameters.raw() : R"({"type":"object","properties":{}})";
}

void write_tool(const Tool& tool, json::Writer& out) {
  out.begin_object().member("type", "function").key("function").begin_object();
  out.member("name", tool.flat);
  const std::string description = description_of(tool);
  if (!description.empty()) out.member("description", description);
  out.member_raw("parameters", parameters_of(tool));
  const Value strict = tool.source.find("strict");
  if (strict.type() == json::Type::kBool) out.member_raw("strict", strict.raw());
  out.end_object().end_object();
}

struct Choice {
  std::string word;                              // auto, required, none; empty when not given
  std::optional<std::vector<std::string>> only;  // names of the tools that may be called
};

std::string name_in(const Value& tool) {
  const std::string name = text_of(tool, "name");
  if (name.empty() && text_of(tool, "type") == kLocalShell) return std::string(kLocalShell);
  return flat_name(text_of(tool, "namespace"), name);
}

Choice read_choice(const Value& value) {
  Choice choice;
  if (const auto word = value.string()) {
    choice.word = *word;
  } else if (text_of(value, "type") == "allowed_tools") {
    choice.word = text_of(value, "mode");
    choice.only.emplace();
    for (const Value tool : value.find("tools").elements()) choice.only->push_back(name_in(tool));
  } else if (value.is_object()) {
    const std::string name = name_in(value);
    if (name.empty()) return choice;  // a tool that is not offered
    choice.word = "required";
    choice.only.emplace().push_back(name);
  }
  return choice;
}

}  // namespace

std::string flat_name(std::string_view space, std::string_view name) {
  std::string flat(space);
  if (!flat.empty() && !flat.ends_with("__")) flat += "__";
  return flat.append(name);
}

std::vector<Tool> read_tools(const Value& tools) {
  std::vector<Tool> out;
  for (const Value tool : tools.elements()) read_tool(tool, {}, out);
  return out;
}

const Tool* find_tool(const std::vector<Tool>& tools, std::string_view flat) noexcept {
  const auto at = std::ranges::find(tools, flat, &Tool::flat);
  return at == tools.end() ? nullptr : &*at;
}

void write_tools(const Value& tools, const Value& choice, json::Writer& out) {
  std::vector<Tool> offered = read_tools(tools);
  const Choice chosen = read_choice(choice);
  if (chosen.only) {
    const std::unordered_set<std::string> only(chosen.only->begin(), chosen.only->end());
    const auto left_out = [&](const Tool& tool) { return !only.contains(tool.flat); };
    std::erase_if(offered, left_out);
  }
  if (offered.empty()) return;
  out.key("tools").begin_array();
  for (const Tool& tool : offered) write_tool(tool, out);
  out.end_array();
  if (!chosen.word.empty()) out.member("tool_choice", chosen.word);
}

}  // namespace keep::openai::responses
