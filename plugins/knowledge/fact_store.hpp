// FactStore: facts on disk, STATE/knowledge.db. One thread at a time; blocks.
//
// A key of a topic has one value; a new one makes a new version, and the old one is kept with its
// time. Full: of one fact the kMaxOldValues latest old values are kept; a file of kMaxBytes takes
// no more, and a tenant that has as much as is left in it stores no more, so that none can fill it
// (both Fault::kStorage). A file of a newer schema is refused and left as it is. Damaged: every
// value has a checksum; one that is not what was stored is told as damaged, and empty.
#pragma once

#include "base/sqlite.hpp"
#include "exchange/interfaces/knowledge.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace keep::knowledge {

struct NewFact {
  std::string topic, key, value, source;
};

struct Stored {
  std::uint32_t version = 0;
  bool is_new = false;  // there was no such key
};

struct OldValue {
  std::uint32_t version = 0;
  std::string value, source;
  std::int64_t stored = 0;  // seconds since 1970, UTC
  bool damaged = false;
};

struct Topic {
  std::string name;
  std::uint64_t facts = 0;
};

// Whose facts are looked at: all, or those of one topic.
struct FactScope {
  std::string tenant;
  std::optional<std::string> topic;
};

class FactStore {
 public:
  static constexpr std::int64_t kMaxOldValues = 100;
  static constexpr std::uint64_t kMaxBytes = std::uint64_t{2} << 30;
  // What a search looks at. Up to kAll facts of kAllBytes it is all of them.
  static constexpr std::size_t kAll = 256, kAllBytes = 256 << 10;
  static constexpr std::size_t kMaxCandidates = 200, kMaxCandidateBytes = 1 << 20;

  // Makes the file when it is missing.
  static Result<FactStore> open(std::string path, std::uint64_t max_bytes = kMaxBytes);

  // The value that is stored already: nothing happens, and its version is told.
  Result<Stored> store(const std::string& tenant, const NewFact& fact, std::int64_t now);

  // Facts that may have to do with the question, for somebody else to rank.
  Result<std::vector<Fact>> candidates(const FactScope& scope, std::string_view question);
  // Facts that contain the text letter by letter, the last changed first.
  Result<std::vector<Fact>> containing(const FactScope& scope, std::string_view text,
                                       std::size_t limit);
  Result<std::vector<OldValue>> old_values(std::int64_t fact);  // newest first
  Result<std::vector<Topic>> topics(const std::string& tenant);
  Result<std::map<std::string, std::uint64_t, std::less<>>> counts();  // facts by tenant

 private:
  FactStore(sqlite::Database database, std::uint64_t max_bytes)
      : database_(std::move(database)), max_bytes_(max_bytes) {}
  // Counts what a tenant has; refuses what leaves less for others than that.
  Result<> charge(std::int64_t tenant, std::int64_t bytes);
  Result<std::int64_t> tenant_id(const std::string& tenant, bool create);
  Result<> change(std::int64_t tenant, const Fact& old, const NewFact& fact, std::int64_t now);
  Result<> drop_old(std::int64_t tenant, const Fact& old);
  Result<> keep_old(std::int64_t tenant, const Fact& old);
  Result<> index(std::int64_t tenant, std::int64_t id, const NewFact& fact, bool remove);
  Result<std::optional<Fact>> find(std::int64_t tenant, const NewFact& name);

  sqlite::Database database_;
  std::uint64_t max_bytes_;
};

}  // namespace keep::knowledge
