// Recorded streams, fed to an encoder event by event, and JSON compared without its order.
#pragma once

#include "base/json/json.hpp"
#include "openai/answer/response_encoder.hpp"
#include "openai/event/sse_parser.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace keep::openai {

inline std::string golden(const std::string& name) {
  std::ifstream file(std::string(KEEP_TESTS_DIR) + "/golden/" + name, std::ios::binary);
  EXPECT_TRUE(file) << name;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// A stream of `data:` events.
inline std::string events(std::initializer_list<std::string_view> data) {
  std::string stream;
  for (const std::string_view text : data) {
    stream += "data: ";
    stream += text;
    stream += "\n\n";
  }
  return stream;
}

// What the encoder gave for each event; the last element is what finish() gave.
struct Replayed {
  std::vector<std::string> pieces;
  Result<> finished;
  std::string text() const {
    std::string all;
    for (const std::string& piece : pieces) all += piece;
    return all;
  }
};

inline Replayed replay(const std::string& stream, ResponseEncoder& encoder) {
  Replayed replayed;
  SseParser parser;
  EXPECT_TRUE(parser.feed(stream));
  SseEvent event;
  while (parser.next(event)) {
    std::string out;
    encoder.on_event(event, read_event(event), out);
    replayed.pieces.push_back(std::move(out));
  }
  std::string out;
  replayed.finished = encoder.finish(out);
  replayed.pieces.push_back(std::move(out));
  return replayed;
}

inline Replayed replay(const std::string& stream, const EncoderOptions& options) {
  return replay(stream, *make_encoder(options));
}

// Members sorted, white space gone, and the values of `masked` members replaced by their type.
inline std::string canonical(const json::Value& value,
                             const std::vector<std::string>& masked = {}) {
  std::string text;
  if (value.is_array()) {
    for (const json::Value element : value.elements()) text += canonical(element, masked) + ',';
    return '[' + text + ']';
  }
  if (!value.is_object()) return std::string(value.raw());
  std::vector<std::string> members;
  for (const json::Member member : value.members()) {
    const std::string key(member.raw_key);
    const bool mask = std::find(masked.begin(), masked.end(), key) != masked.end();
    const std::string type = "<" + std::to_string(static_cast<int>(member.value.type())) + ">";
    members.push_back(key + ':' + (mask ? type : canonical(member.value, masked)));
  }
  std::sort(members.begin(), members.end());
  for (const std::string& member : members) text += member + "\n";
  return '{' + text + '}';
}

inline std::string canonical(const std::string& text, const std::vector<std::string>& masked = {}) {
  const auto value = json::validate(text);
  EXPECT_TRUE(value) << text;
  return value ? canonical(*value, masked) : std::string();
}

}  // namespace keep::openai
