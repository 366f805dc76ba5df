#include "openai/answer/chat_assembler.hpp"

#include "openai/answer/chunk_merge.hpp"
#include "openai/answer/indexed.hpp"

#include <algorithm>

namespace keep::openai {

namespace {

using json::Member;
using json::Value;

struct ToolCall {
  std::int64_t index = 0;
  std::string type = "\"function\"";  // raw
  std::string id;                     // raw
  JsonText name, arguments;
};

struct Choice {
  std::int64_t index = 0;
  std::string role = "\"assistant\"";  // raw
  JsonText content;
  std::vector<std::pair<std::string, JsonText>> texts;  // reasoning_content, refusal ...
  NewestMembers others;                                 // of the delta
  Indexed<ToolCall> tool_calls;
  MergedLogprobs logprobs;
  std::string finish_reason;  // raw; empty until the end
};

void add_tool_call(const Value& part, Choice& choice) {
  ToolCall& call = choice.tool_calls.at(part.find("index").integer().value_or(0));
  for (const Member member : part.members()) {
    if (member.raw_key == "id" && member.value.is_string()) call.id = member.value.raw();
    if (member.raw_key == "type" && member.value.is_string()) call.type = member.value.raw();
    if (member.raw_key != "function") continue;
    for (const Member field : member.value.members()) {
      if (field.raw_key == "name") call.name.append(field.value);
      if (field.raw_key == "arguments") call.arguments.append(field.value);
    }
  }
}

void add_text(const Member& member, Choice& choice) {
  const auto same = [&](const auto& text) { return text.first == member.raw_key; };
  auto text = std::find_if(choice.texts.begin(), choice.texts.end(), same);
  if (text == choice.texts.end()) {
    text = choice.texts.emplace(choice.texts.end(), member.raw_key, JsonText());
  }
  text->second.append(member.value);
}

void add_delta(const Value& delta, Choice& choice) {
  for (const Member member : delta.members()) {
    if (is_null(member.value)) continue;
    if (member.raw_key == "role") {
      choice.role = member.value.raw();
    } else if (member.raw_key == "content") {
      choice.content.append(member.value);
    } else if (member.raw_key == "tool_calls") {
      for (const Value part : member.value.elements()) add_tool_call(part, choice);
    } else if (member.value.is_string()) {
      add_text(member, choice);
    } else {
      choice.others.set(member);
    }
  }
}

void write_tool_calls(const Indexed<ToolCall>& calls, json::Writer& out) {
  out.key("tool_calls").begin_array();
  for (const ToolCall& call : calls) {
    out.begin_object().member_raw("type", call.type).key("function").begin_object();
    call.name.write(out.key("name"));
    call.arguments.write(out.key("arguments"));
    out.end_object();
    if (!call.id.empty()) out.member_raw("id", call.id);
    out.end_object();
  }
  out.end_array();
}

// Where the markup of a tool call may begin that the client wrote itself; the end if nowhere.
std::size_t begin_of_call(std::string_view prefill) noexcept {
  constexpr std::string_view kOpeners[] = {"<tool_call", "<function", "<|tool", "<|python_tag|>",
                                           "[TOOL_CALLS]"};
  std::size_t begin = prefill.size();
  for (const std::string_view opener : kOpeners) begin = std::min(begin, prefill.find(opener));
  return begin;
}

class ChatAssembler final : public Assembler {
 public:
  explicit ChatAssembler(const EncoderOptions& options) : Assembler(options) {
    const std::size_t call = begin_of_call(options.prefill);
    prefill_.append_text(options.prefill.substr(0, call));
    held_.append_text(options.prefill.substr(call));
  }

 private:
  void add(const EventInfo& info) override {
    whole_ = whole_ || info.whole;
    std::int64_t first = -1;
    bool ended = false;
    const Value choices = info.root.find("choices");
    count_kept(choices.raw().size());
    for (const Value element : choices.elements()) {
      const std::int64_t index = element.find("index").integer().value_or(0);
      if (first < 0) first = index;
      ended |= add_choice(element, choices_.at(index));
    }
    envelope_.add(info, first, ended);
  }

  // True when the choice is at its end.
  static bool add_choice(const Value& element, Choice& choice) {
    for (const Member member : element.members()) {
      if (member.raw_key == "delta") add_delta(member.value, choice);
      if (member.raw_key == "logprobs") choice.logprobs.add(member.value);
      if (member.raw_key == "finish_reason" && member.value.is_string()) {
        choice.finish_reason = member.value.raw();
      }
    }
    return !choice.finish_reason.empty();
  }

  bool complete() const noexcept override {
    const auto ended = [](const Choice& choice) { return !choice.finish_reason.empty(); };
    return !choices_.empty() && std::all_of(choices_.begin(), choices_.end(), ended);
  }

  void write(std::string& out) const override {
    std::vector<const Choice*> sorted;
    sorted.reserve(choices_.size());
    for (const Choice& choice : choices_) sorted.push_back(&choice);
    std::sort(sorted.begin(), sorted.end(),
              [](const Choice* a, const Choice* b) { return a->index < b->index; });
    json::Writer body;
    body.begin_object().key("choices").begin_array();
    for (const Choice* choice : sorted) write_choice(*choice, body);
    body.end_array();
    envelope_.write("chat.completion", body);
    out += body.end_object().str();
  }

  void write_choice(const Choice& choice, json::Writer& out) const {
    out.begin_object().member_raw("finish_reason", choice.finish_reason);
    out.member("index", choice.index).key("message").begin_object();
    out.member_raw("role", choice.role);
    write_content(choice, out);
    for (const auto& [name, text] : choice.texts) {
      out.raw('"' + name + "\":");
      text.write(out);
    }
    if (!choice.tool_calls.empty()) write_tool_calls(choice.tool_calls, out);
    choice.others.write(out);
    out.end_object();
    if (choice.logprobs.seen()) choice.logprobs.write(out.key("logprobs"));
    out.end_object();
  }

  // llama-server 0.7.0 says "" where nothing was said, not null. It repeats the beginning that the
  // client gave. From the markup of a call on it holds that back as if the model had said it: what
  // came of it is a call, or nothing, or the stream has it.
  void write_content(const Choice& choice, json::Writer& out) const {
    JsonText content;
    if (!whole_) content.append_escaped(prefill_);
    const bool streamed = choice.content.empty() || choice.content.starts_with(held_);
    if (!whole_ && !streamed) content.append_escaped(held_);
    content.append_escaped(choice.content);
    content.write(out.key("content"));
  }

  Indexed<Choice> choices_;
  ChunkEnvelope envelope_;
  JsonText prefill_, held_;
  bool whole_ = false;  // the text is a whole reply's
};

}  // namespace

std::unique_ptr<ResponseEncoder> make_chat_assembler(const EncoderOptions& options) {
  return std::make_unique<ChatAssembler>(options);
}

}  // namespace keep::openai
