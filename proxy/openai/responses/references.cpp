#include "openai/responses/references.hpp"

#include "base/json/json.hpp"
#include "openai/request/request_limits.hpp"

#include <algorithm>
#include <utility>

namespace keep::openai::responses {

using json::Value;

std::vector<Reference> find_references(const std::string& body) {
  std::vector<Reference> references;
  if (body.find("\"item_reference\"") == std::string::npos) return references;
  const auto root = json::validate(body);
  if (!root) return references;
  const Value input = root->find("input");
  if (holds_more(input, RequestLimits::kMessages)) return references;
  for (const Value item : input.elements()) {
    if (item.find("type").plain_string() != "item_reference") continue;
    const std::string_view raw = item.raw();
    const auto at = static_cast<std::size_t>(raw.data() - body.data());
    references.push_back({at, raw.size(), item.find("id").string().value_or("")});
  }
  return references;
}

// Of as many bytes at most: a reference is short, and what it stands for may be large.
Result<std::vector<Swap>> look_up(const std::vector<Reference>& references, const FindItem& find,
                                  std::size_t max_bytes) {
  std::vector<Swap> swaps;
  std::size_t bytes = 0;
  for (const Reference& reference : references) {
    const std::string_view known = find(reference.id);
    if (known.empty()) continue;
    bytes += known.size();
    if (bytes > max_bytes) {
      return Error(Fault::kTooLarge, Side::kDownstream,
                   "the items that are referred to are larger than a body may be");
    }
    swaps.push_back({reference.at, reference.size, std::string(known)});
  }
  return swaps;
}

std::string with_items(const std::string& body, const std::vector<Swap>& swaps) {
  std::string out;
  std::size_t done = 0;
  for (const Swap& swap : swaps) {
    out.append(body, done, swap.at - done).append(swap.item);
    done = swap.at + swap.size;
  }
  out.append(body, done);
  out.reserve(out.size() + 64);  // room for the parser's padding
  return out;
}

Result<> resolve_references(std::string& body, const FindItem& find, std::size_t max_bytes) {
  const std::size_t room = max_bytes - std::min(max_bytes, body.size());
  const auto swaps = look_up(find_references(body), find, room);
  if (!swaps) return swaps.error();
  if (!swaps->empty()) body = with_items(body, *swaps);
  return {};
}

}  // namespace keep::openai::responses
