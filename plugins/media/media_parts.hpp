// Media parts: what in a message is no text, and a text to stand in for it. Pure.
#pragma once

#include "base/json/json.hpp"
#include "openai/request/message.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace keep::media {

enum class Medium { kImage, kAudio, kVideo, kFile };
std::string_view to_string(Medium medium) noexcept;

// By the part's type; nothing for text and for types that are not known.
std::optional<Medium> medium_of(const json::Value& part) noexcept;

// What a model reads beside text.
class Senses {
 public:
  // By the names in /props: "vision", "audio", "video".
  explicit Senses(std::span<const std::string> modalities);
  bool reads(Medium medium) const noexcept { return reads_[static_cast<std::size_t>(medium)]; }
  bool text_only() const noexcept { return text_only_; }

 private:
  bool reads_[4] = {};
  bool text_only_ = true;
};

struct Replaced {
  std::string json;  // of the whole message
  Medium first = Medium::kImage;
  std::size_t parts = 0, bytes = 0;  // replaced, and the texts that stand in for them
};

// The message with a text in place of each part that cannot be read; nothing when all can be. The
// same bytes for the same message.
std::optional<Replaced> without_unreadable(const openai::Message& message, const Senses& senses);

}  // namespace keep::media
