#include "openai/request/known_members.hpp"

#include "openai/request/request_limits.hpp"

namespace keep::openai {

Result<std::vector<json::Value>> read_known(const json::Value& root, Names names, MakeFault fault) {
  if (!root.is_object()) {
    return Error(Fault::kBadRequest, Side::kDownstream, "the body must be a JSON object");
  }
  std::vector<json::Value> values(names.size());
  std::size_t count = 0;
  for (const json::Member member : root.members()) {
    if (++count > RequestLimits::kFields) {
      return too_many("body", RequestLimits::kFields, "fields");
    }
    const std::size_t place = place_in(names, member);
    if (place == names.size()) continue;
    if (!values[place].missing()) return fault(names[place], "appears twice");
    values[place] = member.value;
  }
  return values;
}

std::string take_body(json::Writer& out) {
  constexpr std::size_t kPadding = 64;
  std::string text = out.take();
  text.reserve(text.size() + kPadding);
  return text;
}

}  // namespace keep::openai
