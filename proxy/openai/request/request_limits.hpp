// How many things a request may hold, whatever their size. Clients send some thousands of messages
// at most, and a handful of parts in each; a body of millions would cost more to go through than
// the same bytes of text, in every stage. And what is said of a body that is wrong. Pure.
#pragma once

#include "base/json/json.hpp"
#include "base/result.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace keep::openai {

struct RequestLimits {
  static constexpr std::size_t kFields = 10'000;     // members of the body
  static constexpr std::size_t kMessages = 100'000;  // or items of /v1/responses
  static constexpr std::size_t kParts = 10'000;      // of the content of one message
  static constexpr std::size_t kCalls = 10'000;      // of tools, in one message
  static constexpr std::size_t kTools = 10'000;
  static constexpr std::size_t kModelBytes = 4096;  // of its name: lines of an answer repeat it
};

// Stops at the limit; a short text is not looked at, since an element and its comma are two bytes.
inline bool holds_more(const json::Value& list, std::size_t limit) noexcept {
  if (list.raw().size() <= 2 * limit) return false;
  std::size_t count = 0;
  for ([[maybe_unused]] const json::Value element : list.elements()) {
    if (++count > limit) return true;
  }
  return false;
}

// What is wrong with a body, and where: "'messages[3].content' must be a string".
inline Error bad_request(std::string_view where, std::string_view what) {
  std::string detail = "'";
  detail.append(where).append("' ").append(what);
  return Error(Fault::kBadRequest, Side::kDownstream, std::move(detail));
}

// What the client is told: "'tools' must hold 10000 elements at most".
inline Error too_many(std::string_view where, std::size_t limit,
                      std::string_view what = "elements") {
  std::string why = "must hold ";
  why.append(std::to_string(limit)).append(" ").append(what).append(" at most");
  return bad_request(where, why);
}

}  // namespace keep::openai
