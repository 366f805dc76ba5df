#include "openai/answer/chunk_merge.hpp"

#include <algorithm>

namespace keep::openai {

void ChunkEnvelope::add(const EventInfo& info, std::int64_t choice, bool choice_ended) {
  if (choice < 0) choice = last_ended_;
  if (choice_ended) last_ended_ = choice;
  const bool counts = choice == 0;
  for (const json::Member member : info.root.members()) {
    const std::string_view key = member.raw_key;
    const bool known = key == "choices" || key == "object" || key == "prompt_progress";
    if (known || is_null(member.value)) continue;
    if (key == "usage") {
      if (counts || usage_.empty()) usage_ = member.value.raw();
    } else if (key == "timings") {
      if (!counts && !timings_.empty()) continue;
      timings_ = member.value.raw();
      read_timings_ = info.timings;
    } else if (key == "created" || key == "model" || key == "system_fingerprint" || key == "id") {
      head_.set(member);
    } else {
      others_.set(member);
    }
  }
}

void ChunkEnvelope::write(std::string_view object, json::Writer& out) const {
  for (const char* key : {"created", "model", "system_fingerprint"}) {
    const std::string_view raw = head_.find(key);
    if (!raw.empty()) out.member_raw(key, raw);
  }
  out.member("object", object);
  write_usage(out);
  const std::string_view id = head_.find("id");
  if (!id.empty()) out.member_raw("id", id);
  others_.write(out);
  if (!timings_.empty()) out.member_raw("timings", timings_);
}

// Without the usage chunk the timings say the same.
void ChunkEnvelope::write_usage(json::Writer& out) const {
  if (!usage_.empty()) {
    out.member_raw("usage", usage_);
    return;
  }
  if (!read_timings_) return;
  const std::int64_t prompt = read_timings_->cache_n + read_timings_->prompt_n;
  const std::int64_t completion = read_timings_->predicted_n;
  out.key("usage").begin_object();
  out.member("completion_tokens", completion).member("prompt_tokens", prompt);
  out.member("total_tokens", prompt + completion);
  out.key("prompt_tokens_details").begin_object();
  out.member("cached_tokens", read_timings_->cache_n).end_object().end_object();
}

void MergedLogprobs::add(const json::Value& logprobs) {
  if (!logprobs.is_object()) return;
  seen_ = true;
  for (const json::Member member : logprobs.members()) {
    if (!member.value.is_array()) continue;
    const auto same = [&](const auto& list) { return list.first == member.raw_key; };
    auto list = std::find_if(lists_.begin(), lists_.end(), same);
    if (list == lists_.end()) list = lists_.emplace(lists_.end(), member.raw_key, "");
    append_elements(list->second, member.value);
  }
}

void MergedLogprobs::write(json::Writer& out) const {
  if (!seen_) {
    out.null();
    return;
  }
  out.begin_object();
  for (const auto& [name, elements] : lists_) {
    out.raw('"' + name + "\":").begin_array();
    if (!elements.empty()) out.raw(elements);
    out.end_array();
  }
  out.end_object();
}

void append_elements(std::string& elements, const json::Value& array) {
  const std::string_view inner = inner_of_array(array);
  if (inner.empty()) return;
  if (!elements.empty()) elements += ',';
  elements += inner;
}

}  // namespace keep::openai
