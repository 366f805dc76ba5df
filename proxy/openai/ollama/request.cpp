#include "openai/ollama/body/fault.hpp"
#include "openai/ollama/body/options.hpp"
#include "openai/ollama/body/turns.hpp"
#include "openai/ollama/ollama.hpp"
#include "openai/request/known_members.hpp"
#include "openai/request/request_limits.hpp"

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

namespace keep::openai::ollama {

namespace {

using json::Member;
using json::Value;

enum Known : std::size_t {
  kMessages,
  kTools,
  kPrompt,
  kSystem,
  kImages,
  kTemplate,
  kSuffix,
  kRaw,
  kFormat,
  kOptions,
  kStream,
  kThink,
  kKeepAlive,
  kKnownCount,
};
constexpr std::string_view kNames[] = {
    "messages", "tools",  "prompt",  "system", "images", "template",   "suffix",
    "raw",      "format", "options", "stream", "think",  "keep_alive",
};
static_assert(std::size(kNames) == kKnownCount);

// Without a meaning for llama-server, or with another one there.
constexpr std::string_view kDropped[] = {"context", "logprobs", "top_logprobs", "stream_options",
                                         "n",       "width",    "height",       "steps"};

using Fields = std::vector<Value>;  // by Known

Result<Fields> read_fields(const Value& root) {
  auto fields = read_known(root, kNames, bad_request);
  if (fields && holds_more((*fields)[kTools], RequestLimits::kTools)) {
    return too_many("tools", RequestLimits::kTools);
  }
  return fields;
}

bool is_empty(const Value& value) noexcept {
  if (value.is_array()) return inner_of_array(value).empty();
  return !is_said(value) || (value.is_string() && escaped_bytes(value).empty());
}

// Whether another member that is written says the same.
bool is_replaced(const Member& member, const Fields& fields, const Options& options) noexcept {
  if (member.key_is("response_format")) return !is_empty(fields[kFormat]);
  if (member.key_is("chat_template_kwargs")) return !is_empty(fields[kThink]);
  return options.has(member);
}

void write_others(const Value& root, const Fields& fields, const Options& options,
                  json::Writer& out) {
  for (const Member member : root.members()) {
    if (is_in(kNames, member) || is_in(kDropped, member)) continue;
    if (!is_replaced(member, fields, options)) copy_member(member, out);
  }
}

Result<> write_format(const Value& format, json::Writer& out) {
  if (is_empty(format)) return {};
  if (format.string() == "json") {
    out.member_raw("response_format", R"({"type":"json_object"})");
    return {};
  }
  if (!format.is_object()) return bad_request("format", "must be \"json\" or a JSON schema");
  out.key("response_format").begin_object().member("type", "json_schema");
  out.key("json_schema").begin_object().member("name", "output");
  out.member_raw("schema", format.raw()).end_object().end_object();
  return {};
}

Result<> write_think(const Value& think, json::Writer& out) {
  if (is_empty(think)) return {};
  constexpr std::string_view kLevels[] = {"low", "medium", "high", "max"};
  const auto flag = think.boolean();
  const auto level = think.string();
  if (!flag && (!level || std::ranges::find(kLevels, *level) == std::end(kLevels))) {
    return bad_request("think", "must be true, false, \"low\", \"medium\", \"high\" or \"max\"");
  }
  out.key("chat_template_kwargs").begin_object().member("enable_thinking", flag.value_or(true));
  if (level) out.member("reasoning_effort", *level);
  out.end_object();
  return {};
}

Result<> write_tools(const Value& tools, json::Writer& out) {
  if (is_empty(tools)) return {};
  if (!tools.is_array()) return bad_request("tools", "must be an array");
  out.member_raw("tools", tools.raw());
  return {};
}

// What is asked: messages or a prompt.
Result<> write_question(Call call, const Fields& fields, json::Writer& out) {
  for (const Known name : {kTemplate, kSuffix}) {
    if (call != Call::kChat && !is_empty(fields[name])) {
      return bad_request(kNames[name], "is not supported here: the model's own template is used");
    }
  }
  if (call == Call::kChat) return write_messages(fields[kMessages], out.key("messages"));
  if (call == Call::kGenerate) {
    return write_prompt(fields[kSystem], fields[kPrompt], fields[kImages], out.key("messages"));
  }
  if (!is_empty(fields[kImages])) return bad_request("images", "cannot be shown with 'raw'");
  if (!fields[kPrompt].is_string()) return bad_request("prompt", "must be a string");
  out.member_raw("prompt", fields[kPrompt].raw());
  return {};
}

bool unloads(const Value& keep_alive) {
  if (const auto number = keep_alive.number()) return *number == 0;
  const auto text = keep_alive.string();
  return text == "0" || text == "0s";
}

}  // namespace

bool is_raw(const std::string& body) { return Value(body).find("raw").boolean().value_or(false); }

Result<std::string> to_upstream_body(Call call, const std::string& body) {
  const auto root = json::validate(body);
  if (!root) return root.error();
  const auto fields = read_fields(*root);
  if (!fields) return fields.error();
  const auto options = Options::read((*fields)[kOptions]);
  if (!options) return options.error();
  const Value& stream = (*fields)[kStream];
  if (is_said(stream) && !stream.boolean()) return bad_request("stream", "must be true or false");

  json::Writer out;
  out.begin_object();
  write_others(*root, *fields, *options, out);
  out.member("stream", stream.boolean().value_or(true));
  options->write(out);
  auto done = write_format((*fields)[kFormat], out);
  if (done && call != Call::kRaw) done = write_think((*fields)[kThink], out);
  if (done && call == Call::kChat) done = write_tools((*fields)[kTools], out);
  if (done) done = write_question(call, *fields, out);
  if (!done) return done.error();
  out.end_object();
  return take_body(out);
}

std::optional<std::string> load_answer(Call call, const std::string& body, std::int64_t now) {
  const Value root(body);
  const auto fields = read_fields(root);
  if (!fields) return std::nullopt;
  const bool chat = call == Call::kChat;
  const bool asks = chat ? !is_empty((*fields)[kMessages])
                         : !is_empty((*fields)[kPrompt]) || !is_empty((*fields)[kImages]);
  if (asks || !json::validate(body)) return std::nullopt;
  json::Writer out;
  out.begin_object().member("model", root.find("model").string().value_or(""));
  out.member("created_at", timestamp(now));
  if (chat) {
    out.member_raw("message", R"({"role":"assistant","content":""})");
  } else {
    out.member("response", "");
  }
  out.member("done", true);
  out.member("done_reason", unloads((*fields)[kKeepAlive]) ? "unload" : "load");
  return out.end_object().take() + '\n';
}

}  // namespace keep::openai::ollama
