#include "openai/responses/references.hpp"

#include "base/json/json.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace keep::openai::responses {

namespace {

using json::Value;

struct Swap {
  std::string_view reference;  // in the body
  std::string item;
};

// Of as many bytes at most: a reference is short, and what it stands for may be large.
Result<std::vector<Swap>> find_swaps(
    const Value& input, const std::function<std::string_view(std::string_view id)>& find,
    std::size_t max_bytes) {
  std::vector<Swap> swaps;
  std::size_t bytes = 0;
  for (const Value item : input.elements()) {
    if (item.find("type").plain_string() != "item_reference") continue;
    const std::string_view known = find(item.find("id").string().value_or(""));
    if (known.empty()) continue;
    bytes += known.size();
    if (bytes > max_bytes) {
      return Error(Fault::kTooLarge, Side::kDownstream,
                   "the items that are referred to are larger than a body may be");
    }
    swaps.push_back({item.raw(), std::string(known)});
  }
  return swaps;
}

}  // namespace

Result<> resolve_references(std::string& body,
                            const std::function<std::string_view(std::string_view id)>& find,
                            std::size_t max_bytes) {
  if (body.find("\"item_reference\"") == std::string::npos) return {};
  const auto root = json::validate(body);
  if (!root) return {};
  const std::size_t room = max_bytes - std::min(max_bytes, body.size());
  const auto swaps = find_swaps(root->find("input"), find, room);
  if (!swaps) return swaps.error();
  if (swaps->empty()) return {};
  std::string out;
  std::size_t done = 0;
  for (const Swap& swap : *swaps) {
    const auto at = static_cast<std::size_t>(swap.reference.data() - body.data());
    out.append(body, done, at - done).append(swap.item);
    done = at + swap.reference.size();
  }
  out.append(body, done);
  out.reserve(out.size() + 64);  // room for the parser's padding
  body = std::move(out);
  return {};
}

}  // namespace keep::openai::responses
