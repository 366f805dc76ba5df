#include "openai/responses/references.hpp"

#include "base/json.hpp"

#include <utility>
#include <vector>

namespace keep::openai::responses {

namespace {

using json::Value;

struct Swap {
  std::string_view reference;  // in the body
  std::string item;
};

std::vector<Swap> find_swaps(const Value& input,
                             const std::function<std::string_view(std::string_view id)>& find) {
  std::vector<Swap> swaps;
  for (const Value item : input.elements()) {
    if (item.find("type").plain_string() != "item_reference") continue;
    const std::string_view known = find(item.find("id").string().value_or(""));
    if (!known.empty()) swaps.push_back({item.raw(), std::string(known)});
  }
  return swaps;
}

}  // namespace

void resolve_references(std::string& body,
                        const std::function<std::string_view(std::string_view id)>& find) {
  if (body.find("\"item_reference\"") == std::string::npos) return;
  const auto root = json::validate(body);
  if (!root) return;
  const auto swaps = find_swaps(root->find("input"), find);
  if (swaps.empty()) return;
  std::string out;
  std::size_t done = 0;
  for (const Swap& swap : swaps) {
    const auto at = static_cast<std::size_t>(swap.reference.data() - body.data());
    out.append(body, done, at - done).append(swap.item);
    done = at + swap.reference.size();
  }
  out.append(body, done);
  out.reserve(out.size() + 64);  // room for the parser's padding
  body = std::move(out);
}

}  // namespace keep::openai::responses
