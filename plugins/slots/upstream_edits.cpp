#include "plugins/slots/upstream_edits.hpp"

#include "base/json/json.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace keep::slots {

namespace {

struct Present {
  bool slot_id = false, cache_prompt = false;
  json::Value stream_options;
};

Present look_for(const openai::ChatRequest& chat) {
  Present present;
  for (const json::Member& member : chat.fields) {
    if (member.key_is("slot_id")) present.slot_id = true;
    if (member.key_is("cache_prompt")) present.cache_prompt = true;
    if (member.key_is("stream_options")) present.stream_options = member.value;
  }
  return present;
}

// The client's stream_options with include_usage on; all else as it was.
std::string with_usage(const json::Value& options) {
  json::Writer writer;
  writer.begin_object();
  for (const json::Member member : options.members()) {
    if (member.key_is("include_usage")) continue;
    std::string key;
    key.append("\"").append(member.raw_key).append("\"");
    writer.key(json::Value(key).string().value_or("")).raw(member.value.raw());
  }
  return writer.member("include_usage", true).end_object().take();
}

// Probabilities are asked for by a number of tokens, or by a yes.
bool differs_in_a_stream(const json::Member& field) {
  if (field.key_is("reasoning_format")) return field.value.string() == "deepseek-legacy";
  if (!field.key_is("logprobs") && !field.key_is("n_probs")) return false;
  return field.value.boolean().value_or(false) || field.value.number().value_or(0) > 0;
}

}  // namespace

bool may_stream(const openai::ChatRequest& chat) {
  return chat.stream || std::ranges::none_of(chat.fields, differs_in_a_stream);
}

openai::BodyEdits upstream_edits(const openai::ChatRequest& chat, bool translated,
                                 std::optional<int> slot, Reuse reuse) {
  openai::BodyEdits edits;
  const auto set = [&edits](const char* key, std::string json) {
    edits.emplace_back(openai::SetField{key, std::move(json)});
  };
  const Present present = look_for(chat);
  if (slot) set("id_slot", std::to_string(*slot));
  if (slot && present.slot_id) edits.emplace_back(openai::RemoveField{"slot_id"});
  if (reuse == Reuse::kNothing) {
    set("cache_prompt", "false");
  } else if (!present.cache_prompt) {
    set("cache_prompt", "true");
  }
  if (!may_stream(chat)) return edits;
  if (!chat.stream) set("stream", "true");
  if (!chat.return_progress) set("return_progress", "true");
  // Translated and assembled answers carry a usage; llama-server streams it only on request.
  if ((!chat.stream || translated) && !chat.include_usage) {
    set("stream_options", with_usage(present.stream_options));
  }
  return edits;
}

}  // namespace keep::slots
