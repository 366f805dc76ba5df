#include "openai/ollama/body/turns.hpp"

#include "base/text/format.hpp"
#include "openai/ollama/body/fault.hpp"
#include "openai/ollama/body/images.hpp"
#include "openai/ollama/body/open_calls.hpp"
#include "openai/request/request_limits.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace keep::openai::ollama {

namespace {

using json::Member;
using json::Value;

struct Fields {
  Value role, content, images, thinking, tool_calls, tool_name, tool_call_id;
};

Value* field_of(Fields& fields, const Member& member) noexcept {
  if (member.key_is("role")) return &fields.role;
  if (member.key_is("content")) return &fields.content;
  if (member.key_is("images")) return &fields.images;
  if (member.key_is("thinking")) return &fields.thinking;
  if (member.key_is("tool_calls")) return &fields.tool_calls;
  if (member.key_is("tool_name")) return &fields.tool_name;
  if (member.key_is("tool_call_id")) return &fields.tool_call_id;
  return nullptr;
}

Result<Fields> read_fields(const Value& message, std::string_view where) {
  if (!message.is_object()) return bad_request(where, "must be an object");
  Fields fields;
  for (const Member member : message.members()) {
    Value* const field = field_of(fields, member);
    if (field == nullptr) continue;
    const std::string place = std::string(where) + '.' + std::string(member.raw_key);
    if (!field->missing()) return bad_request(place, "appears twice");
    *field = member.value;
  }
  struct Limit {
    const Value& list;
    std::string_view name;
    std::size_t most;
  };
  for (const Limit& limit : {Limit{fields.content, ".content", RequestLimits::kParts},
                             Limit{fields.images, ".images", RequestLimits::kParts},
                             Limit{fields.tool_calls, ".tool_calls", RequestLimits::kCalls}}) {
    if (!holds_more(limit.list, limit.most)) continue;
    return too_many(std::string(where).append(limit.name), limit.most);
  }
  return fields;
}

// An array is taken for the parts of OpenAI's chat, which some send here, too. Images come first:
// that is where Ollama puts them. `owner` stands before their name: "messages[0]."
Result<> write_content(const Value& content, const Value& images, std::string_view owner,
                       json::Writer& out) {
  const std::string shown = std::string(owner) + "images";
  if (is_said(images) && !images.is_array()) return bad_request(shown, "must be an array");
  if (inner_of_array(images).empty()) {
    out.raw(is_said(content) ? content.raw() : std::string_view(R"("")"));
    return {};
  }
  out.begin_array();
  if (auto done = write_images(images, shown, out); !done) return done;
  for (const Value part : content.elements()) out.raw(part.raw());
  if (content.is_string() && !escaped_bytes(content).empty()) {
    out.begin_object().member("type", "text").member_raw("text", content.raw()).end_object();
  }
  out.end_array();
  return {};
}

// Writes one message after the other, because a result belongs to a call before it.
class Turns {
 public:
  explicit Turns(json::Writer& out) : out_(out) {}

  Result<> write(const Value& message, std::string_view where) {
    const auto fields = read_fields(message, where);
    if (!fields) return fields.error();
    const auto role = fields->role.string();
    constexpr std::string_view kRoles[] = {"system", "user", "assistant", "tool", "developer"};
    if (!role || std::ranges::find(kRoles, *role) == std::end(kRoles)) {
      return bad_request(std::string(where) + ".role", "must be system, user, assistant or tool");
    }
    const bool readable = fields->content.is_string() || fields->content.is_array();
    if (is_said(fields->content) && !readable) {
      return bad_request(std::string(where) + ".content", "must be a string");
    }
    out_.begin_object().member("role", *role).key("content");
    auto done = write_content(fields->content, fields->images, std::string(where) + '.', out_);
    if (done && *role == "assistant") done = write_said(*fields, where);
    if (done && *role == "tool") write_result(*fields);
    out_.end_object();
    return done;
  }

 private:
  Result<> write_said(const Fields& fields, std::string_view where) {
    if (fields.thinking.is_string() && !escaped_bytes(fields.thinking).empty()) {
      out_.member_raw("reasoning_content", fields.thinking.raw());
    }
    const std::string place = std::string(where) + ".tool_calls";
    if (!is_said(fields.tool_calls)) return {};
    if (!fields.tool_calls.is_array()) return bad_request(place, "must be an array");
    if (inner_of_array(fields.tool_calls).empty()) return {};
    open_.clear();
    out_.key("tool_calls").begin_array();
    std::size_t index = 0;
    for (const Value call : fields.tool_calls.elements()) {
      const std::string one = place + '[' + std::to_string(index++) + ']';
      if (auto done = write_call(call, one); !done) return done;
    }
    out_.end_array();
    return {};
  }

  Result<> write_call(const Value& call, const std::string& where) {
    const Value function = call.find("function");
    auto name = function.find("name").string();
    if (!name) return bad_request(where + ".function.name", "must be a string");
    const Value arguments = function.find("arguments");
    if (is_said(arguments) && !arguments.is_object() && !arguments.is_string()) {
      return bad_request(where + ".function.arguments", "must be an object");
    }
    std::string id = call.find("id").string().value_or(next_id());
    out_.begin_object().member("id", id).member("type", "function");
    out_.key("function").begin_object().member("name", *name).key("arguments");
    if (arguments.is_string()) {
      out_.raw(arguments.raw());
    } else {
      out_.string(arguments.is_object() ? arguments.raw() : std::string_view("{}"));
    }
    out_.end_object().end_object();
    open_.add(std::move(id), std::move(*name));
    return {};
  }

  void write_result(const Fields& fields) {
    const std::string id = fields.tool_call_id.string().value_or("");
    const std::string name = fields.tool_name.string().value_or("");
    auto call = open_.take(id, name);
    if (!call && !id.empty()) call = id;
    if (call) out_.member("tool_call_id", *call);
    if (!name.empty()) out_.member("name", name);
  }

  // Some chat templates want nine characters.
  std::string next_id() { return fmt::format("call{:05}", calls_++); }

  json::Writer& out_;
  OpenCalls open_;  // of the newest message with calls
  std::size_t calls_ = 0;
};

}  // namespace

Result<> write_messages(const Value& messages, json::Writer& out) {
  if (!messages.is_array()) return bad_request("messages", "must be an array");
  if (holds_more(messages, RequestLimits::kMessages)) {
    return too_many("messages", RequestLimits::kMessages);
  }
  out.begin_array();
  Turns turns(out);
  std::size_t index = 0;
  for (const Value message : messages.elements()) {
    const std::string where = "messages[" + std::to_string(index++) + ']';
    if (auto done = turns.write(message, where); !done) return done;
  }
  out.end_array();
  return {};
}

Result<> write_prompt(const Value& system, const Value& prompt, const Value& images,
                      json::Writer& out) {
  if (is_said(system) && !system.is_string()) return bad_request("system", "must be a string");
  if (is_said(prompt) && !prompt.is_string()) return bad_request("prompt", "must be a string");
  if (holds_more(images, RequestLimits::kParts)) return too_many("images", RequestLimits::kParts);
  out.begin_array();
  if (!escaped_bytes(system).empty()) {
    out.begin_object().member("role", "system").member_raw("content", system.raw()).end_object();
  }
  out.begin_object().member("role", "user").key("content");
  auto done = write_content(prompt, images, "", out);
  out.end_object().end_array();
  return done;
}

}  // namespace keep::openai::ollama
