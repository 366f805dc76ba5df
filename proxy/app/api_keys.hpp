// ApiKeys: who may ask, and which tenant a request belongs to. Immutable once loaded; reading
// files blocks, so load() is for start-up and reloads only.
#pragma once

#include "base/result.hpp"
#include "exchange/http/http_message.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace keep {

class ApiKeys {
 public:
  ApiKeys() = default;  // keys are off: everybody may ask

  // One key per line, # comments; an empty path means keys are off. Refused: a file that everybody
  // may write, that cannot be read, or that holds no key. A file that others may read is logged.
  static Result<ApiKeys> load(const std::string& path);
  explicit ApiKeys(std::vector<std::string> keys);

  bool enabled() const noexcept { return !keys_.empty(); }
  std::size_t size() const noexcept { return keys_.size(); }
  // What load() found questionable; empty when nothing.
  const std::string& warning() const noexcept { return warning_; }

  // The tenant: with keys a hash of the key in `Authorization: Bearer` or `x-api-key`, empty
  // optional when neither is known. Without keys X-Tenant-ID (hashed when it is odd), or "".
  // Takes the same time whichever key it is.
  std::optional<std::string> tenant_for(const Headers& headers) const;

 private:
  struct Entry {
    std::string key, tenant;
  };
  const Entry* find(std::string_view presented) const noexcept;

  std::vector<Entry> keys_;
  std::string warning_;
};

// The single line of a file that holds a secret, without white space around it.
Result<std::string> read_secret(const std::string& path);

}  // namespace keep
