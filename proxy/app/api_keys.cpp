#include "app/api_keys.hpp"

#include "base/config/values.hpp"
#include "base/hash.hpp"
#include "base/log.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <utility>

namespace keep {

namespace {

constexpr std::size_t kMaxKeyBytes = 4096;
constexpr std::size_t kMaxTenantBytes = 64;

Error storage(std::string detail) {
  return Error(Fault::kStorage, Side::kInternal, std::move(detail));
}

// A secret ends up in a header, where a control character would begin another one.
bool is_plain(std::string_view key) {
  return key.size() <= kMaxKeyBytes &&
         std::all_of(key.begin(), key.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

Result<std::vector<std::string>> read_lines(const std::string& path) {
  std::ifstream in(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) {
    line = config::trim(line);
    if (line.empty() || line.front() == '#') continue;
    if (!is_plain(line)) {
      return storage("a line of " + path + " is no key: white space inside, or too long");
    }
    lines.push_back(std::move(line));
  }
  if (!in.eof()) return storage("cannot read " + path);
  if (lines.empty()) return storage(path + " holds no key");
  return lines;
}

// Empty when nobody else may read or write the file.
Result<std::string> check_permissions(const std::string& path) {
  namespace fs = std::filesystem;
  std::error_code ec;
  const fs::perms mode = fs::status(path, ec).permissions();
  if (ec || !fs::exists(path, ec)) return storage("cannot read " + path + ": no such file");
  const auto has = [&](fs::perms bits) { return (mode & bits) != fs::perms::none; };
  if (has(fs::perms::others_write)) {
    return storage("everybody may write " + path + "; chmod 600 it and check its keys");
  }
  // systemd guards its credentials with an access list that shows as group permissions.
  const bool credential = path.starts_with("/run/credentials/");
  const auto foreign = fs::perms::group_read | fs::perms::group_write | fs::perms::others_read;
  if (has(foreign) && !credential) {
    return "others may read " + path + "; chmod 600 it";
  }
  return std::string();
}

std::string to_tenant(std::string_view key) { return hash128_hex(key).substr(0, 16); }

// A name as it is, anything else hashed: dropping characters would make two tenants one.
std::string named_tenant(std::string_view name) {
  const bool plain = std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.' || c == '@';
  });
  if (plain && name.size() <= kMaxTenantBytes) return std::string(name);
  return "hash-" + to_tenant(name);
}

std::string_view bearer_token(std::string_view authorization) {
  constexpr std::string_view kScheme = "bearer ";
  if (authorization.size() < kScheme.size() ||
      !equal_ignoring_case(authorization.substr(0, kScheme.size()), kScheme)) {
    return {};
  }
  authorization.remove_prefix(kScheme.size());
  authorization.remove_prefix(std::min(authorization.find_first_not_of(' '), authorization.size()));
  return authorization;
}

}  // namespace

ApiKeys::ApiKeys(std::vector<std::string> keys) {
  for (std::string& key : keys) {
    std::string tenant = to_tenant(key);
    keys_.push_back(Entry{std::move(key), std::move(tenant)});
  }
}

Result<ApiKeys> ApiKeys::load(const std::string& path) {
  if (path.empty()) return ApiKeys();
  auto warning = check_permissions(path);
  if (!warning) return warning.error();
  auto lines = read_lines(path);
  if (!lines) return lines.error();
  ApiKeys keys(std::move(*lines));
  keys.warning_ = std::move(*warning);
  if (!keys.warning_.empty()) log::warn(keys.warning_);
  return keys;
}

const ApiKeys::Entry* ApiKeys::find(std::string_view presented) const noexcept {
  if (presented.empty() || presented.size() > kMaxKeyBytes) return nullptr;
  const Entry* found = nullptr;
  for (const Entry& entry : keys_) {  // no early end: the time must not tell which one
    const bool same = equal_constant_time(presented, entry.key);
    found = same ? &entry : found;
  }
  return found;
}

std::optional<std::string> ApiKeys::tenant_for(const Headers& headers) const {
  if (!enabled()) return named_tenant(headers.find("x-tenant-id").value_or(""));
  const Entry* bearer = find(bearer_token(headers.find("authorization").value_or("")));
  const Entry* plain = find(headers.find("x-api-key").value_or(""));
  const Entry* known = bearer ? bearer : plain;
  if (!known) return std::nullopt;
  return known->tenant;
}

Result<std::string> read_secret(const std::string& path) {
  const auto allowed = check_permissions(path);
  if (!allowed) return allowed.error();
  auto lines = read_lines(path);
  if (!lines) return lines.error();
  if (lines->size() > 1) return storage(path + " holds more than one line");
  return std::move(lines->front());
}

}  // namespace keep
