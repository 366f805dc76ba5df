// ResponseFields: which members of the last event of /completion a client wants to see. Pure.
//
// Where upstream leaves the others out, nobody can tell from its last event that it is the last, or
// what the answer has cost. So it is not told, and its event is cut down here, as it would have.
#pragma once

#include "base/json/json.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace keep::openai {

class ResponseFields {
 public:
  ResponseFields() = default;
  // More paths than there are members to see: everything is given then, as each is looked for in
  // the whole event.
  static constexpr std::size_t kMaxPaths = 256;
  // The request's `response_fields`. What is no list of strings wants everything, as does [].
  explicit ResponseFields(const json::Value& list);

  bool everything() const noexcept { return paths_.empty(); }
  // An object of what each path ("a/b": member b of member a) leads to, under the whole path and in
  // the order of the request. Paths that lead nowhere are left out.
  std::string pick(const json::Value& object) const;

 private:
  std::vector<std::string> paths_;  // each once
};

}  // namespace keep::openai
