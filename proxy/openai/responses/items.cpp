#include "openai/responses/items.hpp"

#include "openai/json_text.hpp"
#include "openai/request/request_limits.hpp"
#include "openai/responses/content.hpp"
#include "openai/responses/tools.hpp"

#include <string>
#include <string_view>

namespace keep::openai::responses {

namespace {

using json::Member;
using json::Value;

struct Item {
  Value type, role, content, summary, call_id, id, name, space, arguments, input, action, output;
};

Result<Item> read_item(const Value& value, std::string_view where) {
  if (!value.is_object()) return bad_request(where, "must be an object");
  Item item;
  struct Row {
    std::string_view key;
    Value Item::*field;
  };
  constexpr Row kRows[] = {
      {"type", &Item::type},       {"role", &Item::role},       {"content", &Item::content},
      {"summary", &Item::summary}, {"call_id", &Item::call_id}, {"id", &Item::id},
      {"name", &Item::name},       {"namespace", &Item::space}, {"arguments", &Item::arguments},
      {"input", &Item::input},     {"action", &Item::action},   {"output", &Item::output},
  };
  for (const Member member : value.members()) {
    for (const Row& row : kRows) {
      if (!member.key_is(row.key)) continue;
      if (!(item.*row.field).missing()) return bad_request(where, "has a field twice");
      item.*row.field = member.value;
    }
  }
  return item;
}

// The arguments of a call, as a JSON text.
std::string arguments_of(std::string_view type, const Item& item) {
  if (type == "function_call") return item.arguments.string().value_or("{}");
  if (type == "local_shell_call") {
    json::Writer out;
    out.begin_object();
    for (const Member member : item.action.members()) {
      if (!member.key_is("type") && !is_null(member.value)) copy_member(member, out);
    }
    return out.end_object().take();
  }
  json::Writer out;
  out.begin_object().member("input", item.input.string().value_or(""));
  return out.end_object().take();
}

// What one answer consists of: items in a row that become one message.
class Answer {
 public:
  // A second text is a message of its own.
  bool takes_text() const noexcept { return !text_given_; }
  void add_text(const Value& content) {
    any_ = text_given_ = true;
    append_text(content, text_);
  }
  // Of reasoning the text; a summary where there is none; nothing where it is encrypted.
  void add_reasoning(const Item& item) {
    const std::size_t before = reasoning_.size();
    append_text(item.content, reasoning_);
    if (reasoning_.size() == before) append_text(item.summary, reasoning_);
    any_ |= reasoning_.size() > before;
  }
  void add_call(std::string_view type, const Item& item) {
    std::string name = item.name.string().value_or("");
    if (type == "local_shell_call") name = "local_shell";
    if (calls_.str().empty()) calls_.begin_array();
    calls_.begin_object().member_raw("id",
                                     (item.call_id.is_string() ? item.call_id : item.id).raw());
    calls_.member("type", "function").key("function").begin_object();
    calls_.member("name", flat_name(item.space.string().value_or(""), name));
    calls_.member("arguments", arguments_of(type, item)).end_object().end_object();
    any_ = true;
  }

  void write(json::Writer& out) {
    if (!any_) return;
    out.begin_object().member("role", "assistant");
    text_.write(out.key("content"));
    if (!reasoning_.empty()) reasoning_.write(out.key("reasoning_content"));
    if (!calls_.str().empty()) out.member_raw("tool_calls", calls_.end_array().str());
    out.end_object();
    *this = Answer();
  }

 private:
  JsonText text_, reasoning_;
  json::Writer calls_;
  bool any_ = false, text_given_ = false;
};

class Items {
 public:
  explicit Items(json::Writer& out) : out_(out) {}

  Result<> add(const Value& value, std::string_view where) {
    const auto item = read_item(value, where);
    if (!item) return item.error();
    const std::string type = item->type.string().value_or(item->role.missing() ? "" : "message");
    if (type == "message") return add_message(*item, where);
    if (type == "reasoning") {
      answer_.add_reasoning(*item);
      return {};
    }
    if (type == "function_call" || type == "custom_tool_call" || type == "local_shell_call") {
      const Value& id = item->call_id.is_string() ? item->call_id : item->id;
      const bool named = type == "local_shell_call" || item->name.is_string();
      if (!id.is_string() || !named) return bad_request(where, "needs a call_id and a name");
      answer_.add_call(type, *item);
      return {};
    }
    if (type == "function_call_output" || type == "custom_tool_call_output" ||
        type == "local_shell_call_output") {
      return add_output(*item, where);
    }
    if (type.empty()) return bad_request(where, "must have a role or a type");
    return {};  // of a tool that only OpenAI runs, or of what it keeps
  }

  void finish() { answer_.write(out_); }

 private:
  Result<> add_message(const Item& item, std::string_view where) {
    const auto role = item.role.string();
    if (!role) return bad_request(where, "must have a role");
    const std::string place = std::string(where) + ".content";
    if (*role == "assistant") {
      if (!answer_.takes_text()) answer_.write(out_);
      answer_.add_text(item.content);
      return {};
    }
    answer_.write(out_);
    out_.begin_object().member("role", *role).key("content");
    auto written = write_content(item.content, place, out_);
    if (!written) return written;
    out_.end_object();
    return {};
  }

  Result<> add_output(const Item& item, std::string_view where) {
    const Value& id = item.call_id.is_string() ? item.call_id : item.id;
    if (!id.is_string()) return bad_request(where, "needs a call_id");
    answer_.write(out_);
    out_.begin_object().member("role", "tool").member_raw("tool_call_id", id.raw()).key("content");
    if (item.output.is_object()) {
      out_.string(item.output.raw());
    } else {
      auto written = write_content(item.output, std::string(where) + ".output", out_);
      if (!written) return written;
    }
    out_.end_object();
    return {};
  }

  json::Writer& out_;
  Answer answer_;
};

Result<> add_all(const Value& list, std::string_view name, Items& items) {
  if (holds_more(list, RequestLimits::kMessages)) return too_many(name, RequestLimits::kMessages);
  std::size_t index = 0;
  for (const Value item : list.elements()) {
    const std::string where = std::string(name) + '[' + std::to_string(index++) + ']';
    auto done = items.add(item, where);
    if (!done) return done;
  }
  return {};
}

void write_text(std::string_view role, const Value& text, json::Writer& out) {
  out.begin_object().member("role", role).member_raw("content", text.raw()).end_object();
}

}  // namespace

Result<> write_messages(const Value& instructions, const Value& input, json::Writer& out) {
  if (!input.is_string() && !input.is_array()) {
    return bad_request("input", "must be a string or an array");
  }
  out.begin_array();
  Items items(out);
  // An empty text is none; a message for it would change the template's default.
  if (!escaped_bytes(instructions).empty()) write_text("system", instructions, out);
  auto done = add_all(instructions, "instructions", items);
  if (!done) return done;
  if (input.is_string()) {
    items.finish();
    write_text("user", input, out);
  }
  done = add_all(input, "input", items);
  if (!done) return done;
  items.finish();
  out.end_array();
  return {};
}

}  // namespace keep::openai::responses
