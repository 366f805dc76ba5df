#include "openai/answer/response_fields.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace keep::openai {

namespace {

json::Value follow(json::Value value, std::string_view path) {
  for (;;) {
    const std::size_t slash = path.find('/');
    value = value.find(path.substr(0, slash));
    if (slash == std::string_view::npos) return value;
    path.remove_prefix(slash + 1);
  }
}

}  // namespace

ResponseFields::ResponseFields(const json::Value& list) {
  std::size_t seen = 0;
  for (const json::Value element : list.elements()) {
    auto path = element.string();
    if (!path || ++seen > kMaxPaths) {
      paths_.clear();
      return;
    }
    if (std::ranges::find(paths_, *path) == paths_.end()) paths_.push_back(*std::move(path));
  }
}

std::string ResponseFields::pick(const json::Value& object) const {
  json::Writer out;
  out.begin_object();
  for (const std::string& path : paths_) {
    const json::Value found = follow(object, path);
    if (!found.missing()) out.member_raw(path, found.raw());
  }
  return out.end_object().take();
}

}  // namespace keep::openai
