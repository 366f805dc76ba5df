#include "plugins/media/media_parts.hpp"

#include <utility>

namespace keep::media {

namespace {

struct Type {
  std::string_view name;
  Medium medium;
};
// Of chat completions, of the Responses API, and of Anthropic where a block came through as it was.
constexpr Type kTypes[] = {
    {"image_url", Medium::kImage},   {"input_image", Medium::kImage}, {"image", Medium::kImage},
    {"input_audio", Medium::kAudio}, {"audio_url", Medium::kAudio},   {"audio", Medium::kAudio},
    {"input_video", Medium::kVideo}, {"video_url", Medium::kVideo},   {"video", Medium::kVideo},
    {"input_file", Medium::kFile},   {"file", Medium::kFile},
};

std::string stand_in(Medium medium, const Senses& senses) {
  std::string text = "[";
  text += to_string(medium);
  text += senses.text_only() ? " omitted: this model reads text only]"
                             : " omitted: this model does not read it]";
  return text;
}

std::string text_part(std::string_view text) {
  json::Writer part;
  part.begin_object().member("type", "text").member("text", text).end_object();
  return part.take();
}

}  // namespace

std::string_view to_string(Medium medium) noexcept {
  switch (medium) {
    case Medium::kImage: return "image";
    case Medium::kAudio: return "audio";
    case Medium::kVideo: return "video";
    case Medium::kFile: break;
  }
  return "file";
}

std::optional<Medium> medium_of(const json::Value& part) noexcept {
  const std::string_view name = part.find("type").plain_string().value_or(std::string_view());
  for (const Type& type : kTypes) {
    if (type.name == name) return type.medium;
  }
  return std::nullopt;
}

Senses::Senses(std::span<const std::string> modalities) {
  constexpr std::pair<std::string_view, Medium> kNames[] = {
      {"vision", Medium::kImage}, {"audio", Medium::kAudio}, {"video", Medium::kVideo}};
  for (const std::string& present : modalities) {
    for (const auto& [name, medium] : kNames) {
      if (present != name) continue;
      reads_[static_cast<std::size_t>(medium)] = true;
      text_only_ = false;
    }
  }
}

std::optional<Replaced> without_unreadable(const openai::Message& message, const Senses& senses) {
  if (!message.content.is_array()) return std::nullopt;
  Replaced replaced;
  json::Writer parts;
  parts.begin_array();
  for (const json::Value part : message.content.elements()) {
    const auto medium = medium_of(part);
    if (!medium || senses.reads(*medium)) {
      parts.raw(part.raw());
      continue;
    }
    const std::string text = stand_in(*medium, senses);
    if (replaced.parts++ == 0) replaced.first = *medium;
    replaced.bytes += text.size();
    parts.raw(text_part(text));
  }
  if (replaced.parts == 0) return std::nullopt;
  const std::string_view whole = message.raw.raw(), old = message.content.raw();
  const auto begin = static_cast<std::size_t>(old.data() - whole.data());
  replaced.json = whole.substr(0, begin);
  replaced.json += parts.end_array().take();
  replaced.json += whole.substr(begin + old.size());
  return replaced;
}

}  // namespace keep::media
