#include "exchange/http/http_message.hpp"

#include <algorithm>
#include <array>
#include <iterator>

namespace keep {

namespace {

constexpr std::size_t kUsualCount = 12;  // of fields: room from the start

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

std::string_view trim(std::string_view text) noexcept {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// Calls visit(token) for each element of a comma-separated list until it answers true.
template <class Visit>
bool any_token(std::string_view list, Visit visit) {
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    if (visit(trim(list.substr(0, comma)))) return true;
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return false;
}

std::string to_lower(std::string_view text) {
  std::string low(text);
  std::ranges::transform(low, low.begin(), lower);
  return low;
}

// What Connection names, sorted: a head may name thousands of fields and have thousands.
std::vector<std::string> named_by_connection(const Headers& headers) {
  std::vector<std::string> names;
  for (const Header& h : headers) {
    if (!equal_ignoring_case(h.name, "Connection")) continue;
    any_token(h.value, [&names](std::string_view token) {
      names.push_back(to_lower(token));
      return false;
    });
  }
  std::ranges::sort(names);
  return names;
}

bool is_hop_by_hop(std::string_view name) noexcept {
  static constexpr std::array<std::string_view, 11> kNames{"connection",
                                                           "keep-alive",
                                                           "te",
                                                           "trailer",
                                                           "upgrade",
                                                           "transfer-encoding",
                                                           "expect",
                                                           "content-length",
                                                           "proxy-connection",
                                                           "proxy-authorization",
                                                           "proxy-authenticate"};
  return std::any_of(kNames.begin(), kNames.end(),
                     [name](std::string_view n) { return equal_ignoring_case(n, name); });
}

}  // namespace

bool detail::same_letters(std::string_view a, std::string_view b) noexcept {
  return std::ranges::equal(a, b, {}, lower, lower);
}

void Headers::add(std::string_view name, std::string_view value) {
  if (fields_.empty()) fields_.reserve(kUsualCount);
  fields_.push_back(Header{std::string(name), std::string(value)});
}

void Headers::set(std::string_view name, std::string_view value) {
  remove(name);
  add(name, value);
}

void Headers::set_all(Headers others) {
  std::erase_if(fields_, [&others](const Header& h) { return others.find(h.name).has_value(); });
  std::ranges::move(others.fields_, std::back_inserter(fields_));
}

void Headers::remove(std::string_view name) {
  remove_if([name](std::string_view other) { return equal_ignoring_case(other, name); });
}

std::optional<std::string_view> Headers::find(std::string_view name) const noexcept {
  for (const Header& h : fields_) {
    if (equal_ignoring_case(h.name, name)) return std::string_view(h.value);
  }
  return std::nullopt;
}

bool Headers::has_token(std::string_view name, std::string_view token) const noexcept {
  for (const Header& h : fields_) {
    if (!equal_ignoring_case(h.name, name)) continue;
    if (any_token(h.value, [&](std::string_view t) { return equal_ignoring_case(t, token); })) {
      return true;
    }
  }
  return false;
}

Headers end_to_end(Headers headers) {
  const auto named = named_by_connection(headers);
  headers.remove_if([&named](std::string_view name) {
    if (is_hop_by_hop(name)) return true;
    return !named.empty() && std::ranges::binary_search(named, to_lower(name));
  });
  return headers;
}

std::string_view Request::path() const noexcept {
  const std::string_view all(target);
  return all.substr(0, all.find('?'));
}

bool ResponseHead::is_event_stream() const noexcept {
  const auto type = headers.find("Content-Type");
  return type && equal_ignoring_case(type->substr(0, 17), "text/event-stream");
}

}  // namespace keep
