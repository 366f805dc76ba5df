#include "plugins/knowledge/fact_schema.hpp"

#include "base/hash.hpp"

#include <string>
#include <utility>

namespace keep::knowledge {

namespace {

constexpr std::int64_t kSchema = 3;

// What `words` has is read from nowhere else: a fact is indexed and taken out by its own words.
constexpr const char* kCreate = R"(
CREATE TABLE tenants(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,
  bytes INTEGER NOT NULL DEFAULT 0);
CREATE TABLE facts(id INTEGER PRIMARY KEY, tenant INTEGER NOT NULL, topic TEXT NOT NULL,
  key TEXT NOT NULL, value TEXT NOT NULL, source TEXT NOT NULL, version INTEGER NOT NULL,
  updated INTEGER NOT NULL, sum INTEGER NOT NULL, UNIQUE(tenant, topic, key));
CREATE TABLE old_values(id INTEGER PRIMARY KEY, fact INTEGER NOT NULL, version INTEGER NOT NULL,
  value TEXT NOT NULL, source TEXT NOT NULL, stored INTEGER NOT NULL, sum INTEGER NOT NULL,
  UNIQUE(fact, version));
CREATE VIRTUAL TABLE words USING fts5(tenant, topic, key, value, content='',
  tokenize='porter unicode61 remove_diacritics 2');
PRAGMA user_version=3;
)";

// Schema 1 had no checksums: what is there is taken for what was stored.
constexpr const char* kAddSums = R"(
ALTER TABLE facts ADD COLUMN sum INTEGER NOT NULL DEFAULT 0;
ALTER TABLE old_values ADD COLUMN sum INTEGER NOT NULL DEFAULT 0;
)";

// Schema 2 did not know how much each tenant has.
constexpr const char* kAddBytes = R"(
ALTER TABLE tenants ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0;
UPDATE tenants SET bytes =
  coalesce((SELECT sum(length(f.topic) + length(f.key) + length(f.value) + length(f.source))
    FROM facts f WHERE f.tenant = tenants.id), 0) +
  coalesce((SELECT sum(length(o.value) + length(o.source)) FROM old_values o
    JOIN facts f ON f.id = o.fact WHERE f.tenant = tenants.id), 0);
PRAGMA user_version=3;
)";

Result<> add_checksums(sqlite::Database& database) {
  if (auto added = database.run(kAddSums); !added) return added;
  for (const char* const table : {"facts", "old_values"}) {
    const bool old = std::string_view(table) == "old_values";
    auto rows = database.prepare(
        old ? "SELECT o.id, f.topic, f.key, o.version, o.value, o.source FROM old_values o "
              "JOIN facts f ON f.id = o.fact"
            : "SELECT id, topic, key, version, value, source FROM facts");
    if (!rows) return rows.error();
    for (;;) {
      const auto row = rows->step();
      if (!row) return row.error();
      if (!*row) break;
      auto set = database.prepare("UPDATE " + std::string(table) + " SET sum = ?1 WHERE id = ?2");
      if (!set) return set.error();
      const std::string name = rows->text(1) + '\n' + rows->text(2);
      set->bind(checksum(name, rows->integer(3), rows->text(4), rows->text(5)))
          .bind(rows->integer(0));
      if (const auto done = set->run(); !done) return done.error();
    }
  }
  return {};
}

Result<> bring_up_to_date(sqlite::Database& database, std::int64_t schema) {
  if (schema == 0) return database.run(kCreate);
  if (schema == 1) {
    if (auto done = add_checksums(database); !done) return done;
  }
  return database.run(kAddBytes);
}

}  // namespace

// Of what a fact says, which another fact's or version's is not.
std::int64_t checksum(std::string_view name, std::int64_t version, std::string_view value,
                      std::string_view source) {
  std::uint64_t sum = hash_combine(hash64(name), static_cast<std::uint64_t>(version));
  sum = hash_combine(hash_combine(sum, hash64(value)), hash64(source));
  return static_cast<std::int64_t>(sum);
}
Result<std::int64_t> number(sqlite::Database& database, const std::string& sql) {
  auto asked = database.prepare(sql);
  if (!asked) return asked.error();
  const auto row = asked->step();
  if (!row) return row.error();
  return asked->integer(0);
}

Result<> prepare_schema(sqlite::Database& database, std::uint64_t max_bytes) {
  const auto schema = number(database, "PRAGMA user_version");
  if (!schema) return schema.error();
  if (*schema > kSchema) {
    return database.refusal("written by a newer llama-keep (schema " + std::to_string(*schema) +
                            ", this one knows " + std::to_string(kSchema) + ")");
  }
  const auto page = number(database, "PRAGMA page_size");
  if (!page) return page.error();
  const std::uint64_t pages = max_bytes / static_cast<std::uint64_t>(*page);
  auto limited = database.run("PRAGMA max_page_count=" + std::to_string(pages));
  if (!limited || *schema == kSchema) return limited;
  auto transaction = sqlite::Transaction::begin(database);
  if (!transaction) return transaction.error();
  if (auto done = bring_up_to_date(database, *schema); !done) return done;
  return transaction->commit();
}

}  // namespace keep::knowledge
