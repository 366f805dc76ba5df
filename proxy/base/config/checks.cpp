#include "base/config/checks.hpp"

#include "base/config/values.hpp"
#include "base/text/url.hpp"

#include <algorithm>
#include <utility>

namespace keep::config {

Check one_of(std::vector<std::string_view> choices) {
  return [choices = std::move(choices)](std::string& text) -> Result<> {
    if (std::ranges::find(choices, text) != choices.end()) return {};
    return no_choice(choices, text);
  };
}

Error no_choice(std::span<const std::string_view> choices, std::string_view text) {
  std::string list;
  for (const std::string_view choice : choices) {
    list.append(list.empty() ? "\"" : ", \"").append(choice).append("\"");
  }
  return bad_value("expected one of " + list + ", not \"" + std::string(text) + "\"");
}

namespace {

// Not a name and a password that may stand in it.
std::string instead_of(const std::string& url) {
  return url.find('@') == std::string::npos ? ", not \"" + url + "\"" : "";
}

}  // namespace

Result<> check_server_url(std::string& text) {
  text = trim(text);
  if (text.starts_with("https://")) {
    return bad_value(
        "TLS to the upstream is not supported; put a local TLS-terminating proxy in front of it "
        "and name that one as http://host:port");
  }
  while (text.ends_with('/')) text.pop_back();
  const auto address = url::parse(text);
  if (!address || address->scheme != "http" || address->authority.host.empty()) {
    return bad_value("expected http://host:port" + instead_of(text));
  }
  if (!address->is_origin) {
    return bad_value("expected http://host:port without path or user name" + instead_of(text));
  }
  if (address->authority.port_number().value_or(0) == 0) {
    return bad_value("expected http://host:port with a port from 1 to 65535" + instead_of(text));
  }
  return {};
}

}  // namespace keep::config
