#include "openai/ollama/body/images.hpp"

#include "openai/ollama/body/fault.hpp"

#include <algorithm>
#include <string>

namespace keep::openai::ollama {

namespace {

using json::Value;

constexpr std::string_view kDataUrl = "data:";

bool is_base64_digit(char c) noexcept {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' ||
         c == '/';
}

bool is_base64(std::string_view text) noexcept {
  for (int padding = 0; padding < 2 && text.ends_with('='); ++padding) text.remove_suffix(1);
  return !text.empty() && text.size() % 4 != 1 && std::ranges::all_of(text, is_base64_digit);
}

// How the first bytes of a file of each type look in base64.
std::string_view type_of(std::string_view base64) noexcept {
  struct Type {
    std::string_view begin, name;
  };
  constexpr Type kTypes[] = {{"iVBORw0KGgo", "image/png"},
                             {"/9j/", "image/jpeg"},
                             {"R0lGOD", "image/gif"},
                             {"UklGR", "image/webp"},
                             {"Qk", "image/bmp"}};
  for (const Type& type : kTypes) {
    if (base64.starts_with(type.begin)) return type.name;
  }
  return "image/jpeg";
}

Result<> write_image(const Value& image, std::string_view where, json::Writer& out) {
  const auto text = image.string();
  if (!text) return bad_request(where, "must be a string");
  const bool is_url = text->starts_with(kDataUrl);
  if (!is_url && !is_base64(*text)) return bad_request(where, "must be an image in base64");
  std::string url;
  if (!is_url) {
    url.append(kDataUrl).append(type_of(*text)).append(";base64,");
  }
  url += *text;
  out.begin_object().member("type", "image_url").key("image_url");
  out.begin_object().member("url", url).end_object().end_object();
  return {};
}

}  // namespace

Result<> write_images(const Value& images, std::string_view where, json::Writer& out) {
  std::size_t index = 0;
  for (const Value image : images.elements()) {
    const std::string place = std::string(where) + '[' + std::to_string(index++) + ']';
    if (auto done = write_image(image, place, out); !done) return done;
  }
  return {};
}

}  // namespace keep::openai::ollama
