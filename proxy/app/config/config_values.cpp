#include "app/config/config_values.hpp"

#include "app/config/config.hpp"
#include "base/text/tokens.hpp"
#include "base/text/url.hpp"

#include <boost/asio/ip/address.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>

namespace keep {

namespace config {

namespace {

constexpr std::string_view kSpace = " \t\r\n";

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

struct Unit {
  std::string_view name;
  double factor;
};

constexpr std::array<Unit, 11> kSizes{{{"", 1},
                                       {"b", 1},
                                       {"k", 1024},
                                       {"kb", 1024},
                                       {"kib", 1024},
                                       {"m", 1 << 20},
                                       {"mb", 1 << 20},
                                       {"mib", 1 << 20},
                                       {"g", 1 << 30},
                                       {"gb", 1 << 30},
                                       {"gib", 1 << 30}}};
constexpr std::array<Unit, 5> kTimes{
    {{"", 1000}, {"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}}};

// A number with one of the units, in the smallest unit; empty when it is not that.
template <std::size_t N>
std::optional<double> parse_with_unit(std::string_view text, const std::array<Unit, N>& units) {
  const std::string value = lower(trim(text));
  double number = 0;
  const auto [end, ec] =
      std::from_chars(value.data(), value.data() + value.size(), number, std::chars_format::fixed);
  if (ec != std::errc() || !std::isfinite(number) || number < 0) return std::nullopt;
  const std::string unit = trim({end, static_cast<std::size_t>(value.data() + value.size() - end)});
  for (const Unit& known : units) {
    if (known.name == unit && number * known.factor < 9e15) return number * known.factor;
  }
  return std::nullopt;
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t changed = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({changed, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

}  // namespace

Error bad_value(std::string detail) {
  return Error(Fault::kBadRequest, Side::kInternal, std::move(detail));
}

std::string trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(kSpace) - first + 1));
}

Result<bool> parse_bool(std::string_view text) {
  const std::string value = lower(trim(text));
  if (value == "true" || value == "on" || value == "yes" || value == "1") return true;
  if (value == "false" || value == "off" || value == "no" || value == "0") return false;
  return bad_value("expected true or false, not \"" + value + "\"");
}

Result<std::uint64_t> parse_count(std::string_view text) {
  const std::string value = trim(text);
  std::uint64_t number = 0;
  const auto [end, ec] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (ec != std::errc() || end != value.data() + value.size()) {
    return bad_value("expected a whole number, not \"" + value + "\"");
  }
  return number;
}

Result<std::uint64_t> parse_bytes(std::string_view text) {
  const auto bytes = parse_with_unit(text, kSizes);
  if (!bytes || *bytes != std::floor(*bytes)) {
    return bad_value("expected a size as 65536, \"64KB\", \"64MB\" or \"1GB\", not \"" +
                     trim(text) + "\"");
  }
  return static_cast<std::uint64_t>(*bytes);
}

Result<std::chrono::milliseconds> parse_duration(std::string_view text) {
  const auto amount = parse_with_unit(text, kTimes);
  if (!amount) {
    return bad_value("expected seconds or \"500ms\", \"30s\", \"10m\", \"1h\", not \"" +
                     trim(text) + "\"");
  }
  return std::chrono::milliseconds(std::llround(*amount));
}

std::string format_bytes(std::uint64_t bytes) {
  static constexpr std::array<std::string_view, 3> kNames{"KB", "MB", "GB"};
  std::string_view name;
  for (const std::string_view next : kNames) {
    if (bytes == 0 || bytes % 1024 != 0) break;
    bytes /= 1024;
    name = next;
  }
  return std::to_string(bytes).append(name);
}

Result<double> parse_fraction(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  if (whole && std::isfinite(value)) return value;
  return bad_value("expected a number such as 0.5, not \"" + std::string(text) + "\"");
}

std::string format_fraction(double value) {
  char digits[32];
  const auto [end, error] = std::to_chars(digits, digits + sizeof digits, value);
  std::string text(digits, error == std::errc() ? end : digits);
  return text.find('.') == std::string::npos ? text + ".0" : text;
}

std::string format_seconds(std::chrono::milliseconds duration) {
  std::string out = std::to_string(duration.count() / 1000);
  if (const auto rest = duration.count() % 1000; rest != 0) {
    std::string digits = std::to_string(1000 + rest).substr(1);
    digits.erase(digits.find_last_not_of('0') + 1);
    out.append(".").append(digits);
  }
  return out;
}

Result<> check_listen_address(std::string& text) {
  text = trim(text);
  const auto parsed = parse_listen_address(text);
  if (!parsed) return parsed.error();
  return {};
}

namespace {

// In lower case, and without the port that the scheme has anyway.
std::string as_browsers_send(const url::Url& origin) {
  std::string sent = std::string(origin.scheme) + "://" + std::string(origin.authority.host);
  for (char& c : sent) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  const std::string_view usual = sent.starts_with("https:") ? "443" : "80";
  const std::string_view port = origin.authority.port;
  if (!port.empty() && port != usual) sent.append(":").append(port);
  return sent;
}

}  // namespace

Result<> check_cors_origins(std::string& text) {
  text = trim(text);
  if (text.empty() || text == "*") return {};
  std::string normal;
  for (std::string_view item : tokens_of(text)) {
    if (item.ends_with('/')) item.remove_suffix(1);  // as it stands in an address bar
    const auto origin = url::parse(item);
    const bool whole = origin && origin->is_origin && !origin->authority.host.empty() &&
                       origin->authority.host.find('*') == std::string_view::npos;
    if (!whole) {
      return bad_value("expected scheme://host or scheme://host:port, not \"" + std::string(item) +
                       "\"");
    }
    normal.append(normal.empty() ? "" : ", ").append(as_browsers_send(*origin));
  }
  text = normal;
  return {};
}

Result<> check_upstream_url(std::string& text) {
  text = trim(text);
  if (text.starts_with("https://")) {
    return bad_value(
        "TLS to the upstream is not supported; put a local TLS-terminating proxy in front of it "
        "and name that one as http://host:port");
  }
  while (text.ends_with('/')) text.pop_back();
  const auto address = url::parse(text);
  if (!address || address->scheme != "http" || address->authority.host.empty()) {
    return bad_value("expected http://host:port, not \"" + text + "\"");
  }
  if (!address->is_origin) {
    return bad_value("expected http://host:port without path or user name, not \"" + text + "\"");
  }
  if (address->authority.port_number().value_or(0) == 0) {
    return bad_value("expected http://host:port with a port from 1 to 65535, not \"" + text + "\"");
  }
  return {};
}

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    if (std::string item = trim(text.substr(0, comma)); !item.empty()) out.push_back(item);
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return out;
}

std::string nearest(std::string_view name, const std::vector<std::string>& candidates) {
  // A third of the letters wrong is still a typing error; more is another word.
  std::size_t best_distance = std::max<std::size_t>(2, name.size() / 3) + 1;
  std::string best;
  for (const std::string& candidate : candidates) {
    const std::size_t distance = edit_distance(name, candidate);
    if (distance < best_distance) {
      best_distance = distance;
      best = candidate;
    }
  }
  return best;
}

std::string suggestion(std::string_view name, const std::vector<std::string>& candidates) {
  const std::string near = nearest(name, candidates);
  return near.empty() ? std::string() : "; did you mean " + near + "?";
}

}  // namespace config

Result<HostPort> parse_listen_address(const std::string& text) {
  const auto authority = url::parse_authority(text);
  if (!authority || !authority->port_number()) {
    return config::bad_value("expected host:port or [::1]:port, not \"" + text + "\"");
  }
  HostPort parts{std::string(authority->address()), *authority->port_number()};
  if (parts.host == "localhost") parts.host = asio::ip::address_v4::loopback().to_string();
  boost::system::error_code ec;
  asio::ip::make_address(parts.host, ec);
  if (ec) {
    return config::bad_value("\"" + parts.host +
                             "\" is no IP address; 0.0.0.0 or [::] listens on every interface");
  }
  return parts;
}

}  // namespace keep
