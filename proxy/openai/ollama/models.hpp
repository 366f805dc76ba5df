// Models: what Ollama tells of its models, made from what llama-server tells of its own. Pure.
#pragma once

#include "base/json/json.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace keep::openai::ollama {

struct ServedModel {
  json::Value listed;       // an element of `data` of /v1/models
  std::int64_t window = 0;  // tokens of one conversation; 0: not known
  std::string chat_template;
  std::vector<std::string> modalities;  // "vision", "audio" ...
};

// Ollama's clients say "name:latest" where a name has no tag.
inline std::string_view without_latest(std::string_view name) noexcept {
  constexpr std::string_view kLatest = ":latest";
  if (name.ends_with(kLatest)) name.remove_suffix(kLatest.size());
  return name;
}

// The one that is meant by `name`: with or without the tag ":latest". One model alone answers to
// any name, as it does where llama-server is asked for an answer. nullptr: none.
const ServedModel* find_model(std::span<const ServedModel> models, std::string_view name);

std::string tags_body(std::span<const ServedModel> models);  // of /api/tags
std::string ps_body(std::span<const ServedModel> models);    // of /api/ps
std::string show_body(const ServedModel& model);             // of /api/show

// Of Ollama: clients refuse one that is older than what they need.
inline constexpr std::string_view kVersion = "0.12.11";
std::string version_body();

}  // namespace keep::openai::ollama
