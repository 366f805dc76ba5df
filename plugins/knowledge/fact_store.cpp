#include "plugins/knowledge/fact_store.hpp"

#include "plugins/knowledge/fact_schema.hpp"
#include "plugins/knowledge/fact_words.hpp"

#include <string_view>
#include <utility>

namespace keep::knowledge {

namespace {

using sqlite::Statement;
using sqlite::Transaction;

// FULL: what is answered as stored is on the disk, also in a write-ahead log.
constexpr const char* kSetup = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;";

std::int64_t bytes_of(const NewFact& fact) {
  return static_cast<std::int64_t>(fact.topic.size() + fact.key.size() + fact.value.size() +
                                   fact.source.size());
}

std::int64_t sum_of(const Fact& fact) {
  return checksum(fact.topic + '\n' + fact.key, fact.version, fact.value, fact.source);
}

// Facts by what follows FROM; the scope is in the first three parameters (bind_scope()).
std::string select_facts(std::string_view rest) {
  return "SELECT f.id, f.topic, f.key, f.value, f.source, f.version, f.updated, f.sum FROM " +
         std::string(rest);
}
constexpr std::string_view kInScope = "f.tenant = ?1 AND (?2 = 0 OR f.topic = ?3)";

Fact fact_in(const Statement& row) {
  Fact fact;
  fact.id = row.integer(0);
  fact.topic = row.text(1);
  fact.key = row.text(2);
  fact.value = row.text(3);
  fact.source = row.text(4);
  fact.version = static_cast<std::uint32_t>(row.integer(5));
  fact.updated = row.integer(6);
  fact.damaged = row.integer(7) != sum_of(fact);
  if (fact.damaged) fact.value.clear();
  return fact;
}

void bind_scope(Statement& statement, std::int64_t tenant, const FactScope& scope) {
  statement.bind(tenant).bind(scope.topic ? 1 : 0).bind(scope.topic.value_or(""));
}

// Rows until there are no more or they are `max_bytes`; `whole` tells which.
struct Rows {
  std::vector<Fact> facts;
  bool whole = true;
};
Result<Rows> read_rows(Statement& statement, std::size_t max_bytes) {
  Rows rows;
  std::size_t bytes = 0;
  for (;;) {
    const auto row = statement.step();
    if (!row) return row.error();
    if (!*row) return rows;
    Fact fact = fact_in(statement);
    bytes += fact.value.size();
    if (bytes > max_bytes) {
      rows.whole = false;
      return rows;
    }
    rows.facts.push_back(std::move(fact));
  }
}

}  // namespace

Result<FactStore> FactStore::open(std::string path, std::uint64_t max_bytes) {
  auto database = sqlite::Database::open(std::move(path), kSetup);
  if (!database) return database.error();
  FactStore store(*std::move(database), max_bytes);
  const auto ready = prepare_schema(store.database_, max_bytes);
  if (!ready) return ready.error();
  return store;
}

Result<> FactStore::charge(std::int64_t tenant, std::int64_t bytes) {
  auto counted = database_.prepare("UPDATE tenants SET bytes = bytes + ?1 WHERE id = ?2");
  if (!counted) return counted.error();
  if (const auto done = counted->bind(bytes).bind(tenant).run(); !done) return done.error();
  if (bytes <= 0) return {};
  const auto own =
      number(database_, "SELECT bytes FROM tenants WHERE id = " + std::to_string(tenant));
  if (!own) return own.error();
  const auto used =
      number(database_,
             "SELECT (c.page_count - f.freelist_count) * s.page_size FROM pragma_page_count() c, "
             "pragma_freelist_count() f, pragma_page_size() s");
  if (!used) return used.error();
  if (*own <= static_cast<std::int64_t>(max_bytes_) - *used) return {};
  return Error(Fault::kStorage, Side::kInternal,
               "your facts take all the room there is for one key");
}

// 0: there is no such tenant.
Result<std::int64_t> FactStore::tenant_id(const std::string& tenant, bool create) {
  auto asked = database_.prepare("SELECT id FROM tenants WHERE name = ?1");
  if (!asked) return asked.error();
  const auto row = asked->bind(tenant).step();
  if (!row) return row.error();
  if (*row) return asked->integer(0);
  if (!create) return 0;
  auto added = database_.prepare("INSERT INTO tenants(name) VALUES(?1)");
  if (!added) return added.error();
  const auto done = added->bind(tenant).run();
  if (!done) return done.error();
  return database_.last_id();
}

Result<std::optional<Fact>> FactStore::find(std::int64_t tenant, const NewFact& name) {
  auto asked = database_.prepare(
      select_facts("facts f WHERE f.tenant = ?1 AND f.topic = ?2 AND f.key = ?3"));
  if (!asked) return asked.error();
  const auto row = asked->bind(tenant).bind(name.topic).bind(name.key).step();
  if (!row) return row.error();
  if (!*row) return std::optional<Fact>();
  return std::optional(fact_in(*asked));
}

Result<Stored> FactStore::store(const std::string& tenant, const NewFact& fact, std::int64_t now) {
  auto transaction = Transaction::begin(database_);
  if (!transaction) return transaction.error();
  const auto owner = tenant_id(tenant, true);
  if (!owner) return owner.error();
  const auto old = find(*owner, fact);
  if (!old) return old.error();
  if (*old) {
    if (!(*old)->damaged && (*old)->value == fact.value && (*old)->source == fact.source) {
      return Stored{(*old)->version, false};
    }
    const auto changed = change(*owner, **old, fact, now);
    if (!changed) return changed.error();
  } else {
    auto added = database_.prepare(
        "INSERT INTO facts(tenant, topic, key, value, source, version, updated, sum) "
        "VALUES(?1, ?2, ?3, ?4, ?5, 1, ?6, ?7)");
    if (!added) return added.error();
    added->bind(*owner).bind(fact.topic).bind(fact.key).bind(fact.value).bind(fact.source);
    const std::int64_t sum = checksum(fact.topic + '\n' + fact.key, 1, fact.value, fact.source);
    const auto done = added->bind(now).bind(sum).run();
    if (!done) return done.error();
    const auto indexed = index(*owner, database_.last_id(), fact, false);
    if (!indexed) return indexed.error();
  }
  const NewFact added_to{*old ? "" : fact.topic, *old ? "" : fact.key, fact.value, fact.source};
  if (const auto room = charge(*owner, bytes_of(added_to)); !room) return room.error();
  const auto done = transaction->commit();
  if (!done) return done.error();
  return Stored{*old ? (*old)->version + 1 : 1, !*old};
}

Result<> FactStore::change(std::int64_t tenant, const Fact& old, const NewFact& fact,
                           std::int64_t now) {
  if (!old.damaged) {
    const auto kept = keep_old(tenant, old);
    if (!kept) return kept.error();
  }
  auto changed = database_.prepare(
      "UPDATE facts SET value = ?1, source = ?2, version = ?3, updated = ?4, sum = ?5 "
      "WHERE id = ?6");
  if (!changed) return changed.error();
  const std::int64_t version = std::int64_t{old.version} + 1;
  const std::int64_t sum = checksum(old.topic + '\n' + old.key, version, fact.value, fact.source);
  changed->bind(fact.value).bind(fact.source).bind(version).bind(now).bind(sum);
  const auto done = changed->bind(old.id).run();
  if (!done) return done.error();
  return index(tenant, old.id, fact, false);
}

// And takes out its words. Those of a damaged value are not known, and stay.
Result<> FactStore::keep_old(std::int64_t tenant, const Fact& old) {
  auto kept = database_.prepare(
      "INSERT INTO old_values(fact, version, value, source, stored, sum) "
      "VALUES(?1, ?2, ?3, ?4, ?5, ?6)");
  if (!kept) return kept.error();
  kept->bind(old.id).bind(old.version).bind(old.value).bind(old.source);
  if (const auto done = kept->bind(old.updated).bind(sum_of(old)).run(); !done) return done.error();
  if (const auto done = drop_old(tenant, old); !done) return done.error();
  const NewFact gone{old.topic, old.key, old.value, old.source};
  return index(tenant, old.id, gone, true);
}

Result<> FactStore::drop_old(std::int64_t tenant, const Fact& old) {
  const std::string which = " FROM old_values WHERE fact = " + std::to_string(old.id) +
                            " AND version <= " + std::to_string(old.version - kMaxOldValues);
  const auto bytes =
      number(database_, "SELECT coalesce(sum(length(value) + length(source)), 0)" + which);
  if (!bytes) return bytes.error();
  if (const auto done = database_.run("DELETE" + which); !done) return done.error();
  return charge(tenant, -*bytes);
}

Result<> FactStore::index(std::int64_t tenant, std::int64_t id, const NewFact& fact, bool remove) {
  auto statement = database_.prepare(
      remove ? "INSERT INTO words(rowid, tenant, topic, key, value, words) "
               "VALUES(?1, ?2, ?3, ?4, ?5, 'delete')"
             : "INSERT INTO words(rowid, tenant, topic, key, value) VALUES(?1, ?2, ?3, ?4, ?5)");
  if (!statement) return statement.error();
  statement->bind(id).bind(tenant_word(tenant)).bind(fact.topic).bind(fact.key);
  return statement->bind(fact.value).run();
}

Result<std::vector<Fact>> FactStore::candidates(const FactScope& scope, std::string_view question) {
  const auto owner = tenant_id(scope.tenant, false);
  if (!owner) return owner.error();
  auto all =
      database_.prepare(select_facts("facts f WHERE " + std::string(kInScope) + " LIMIT ?4"));
  if (!all) return all.error();
  bind_scope(*all, *owner, scope);
  all->bind(static_cast<std::int64_t>(kAll + 1));
  auto few = read_rows(*all, kAllBytes);
  if (!few) return few.error();
  if (few->whole && few->facts.size() <= kAll) return std::move(few->facts);

  const std::string match = match_expression(*owner, question);
  if (match.empty()) return std::vector<Fact>();
  // The tenant's word tells nothing about relevance.
  auto found = database_.prepare(
      select_facts("words JOIN facts f ON f.id = words.rowid WHERE " + std::string(kInScope) +
                   " AND words MATCH ?4 ORDER BY bm25(words, 0, 1, 1, 1) LIMIT ?5"));
  if (!found) return found.error();
  bind_scope(*found, *owner, scope);
  found->bind(match).bind(static_cast<std::int64_t>(kMaxCandidates));
  auto best = read_rows(*found, kMaxCandidateBytes);
  if (!best) return best.error();
  return std::move(best->facts);
}

Result<std::vector<Fact>> FactStore::containing(const FactScope& scope, std::string_view text,
                                                std::size_t limit) {
  const auto owner = tenant_id(scope.tenant, false);
  if (!owner) return owner.error();
  auto found = database_.prepare(
      select_facts("facts f WHERE " + std::string(kInScope) +
                   " AND (f.topic LIKE ?4 ESCAPE '\\' OR f.key LIKE ?4 ESCAPE '\\' OR "
                   "f.value LIKE ?4 ESCAPE '\\') ORDER BY f.updated DESC, f.id LIMIT ?5"));
  if (!found) return found.error();
  bind_scope(*found, *owner, scope);
  found->bind(like_pattern(text)).bind(static_cast<std::int64_t>(limit));
  auto rows = read_rows(*found, kMaxCandidateBytes);
  if (!rows) return rows.error();
  return std::move(rows->facts);
}

Result<std::vector<OldValue>> FactStore::old_values(std::int64_t fact) {
  auto asked = database_.prepare(
      "SELECT o.version, o.value, o.source, o.stored, o.sum, f.topic, f.key FROM old_values o "
      "JOIN facts f ON f.id = o.fact WHERE o.fact = ?1 ORDER BY o.version DESC");
  if (!asked) return asked.error();
  asked->bind(fact);
  std::vector<OldValue> values;
  for (;;) {
    const auto row = asked->step();
    if (!row) return row.error();
    if (!*row) return values;
    OldValue old{static_cast<std::uint32_t>(asked->integer(0)), asked->text(1), asked->text(2),
                 asked->integer(3)};
    const std::string name = asked->text(5) + '\n' + asked->text(6);
    old.damaged = asked->integer(4) != checksum(name, old.version, old.value, old.source);
    if (old.damaged) old.value.clear();
    values.push_back(std::move(old));
  }
}

Result<std::vector<Topic>> FactStore::topics(const std::string& tenant) {
  const auto owner = tenant_id(tenant, false);
  if (!owner) return owner.error();
  auto asked = database_.prepare(
      "SELECT topic, count(*) FROM facts WHERE tenant = ?1 GROUP BY topic ORDER BY topic");
  if (!asked) return asked.error();
  asked->bind(*owner);
  std::vector<Topic> topics;
  for (;;) {
    const auto row = asked->step();
    if (!row) return row.error();
    if (!*row) return topics;
    topics.push_back({asked->text(0), static_cast<std::uint64_t>(asked->integer(1))});
  }
}

Result<std::map<std::string, std::uint64_t, std::less<>>> FactStore::counts() {
  auto asked = database_.prepare(
      "SELECT t.name, count(*) FROM facts f JOIN tenants t ON t.id = f.tenant GROUP BY f.tenant");
  if (!asked) return asked.error();
  std::map<std::string, std::uint64_t, std::less<>> counts;
  for (;;) {
    const auto row = asked->step();
    if (!row) return row.error();
    if (!*row) return counts;
    counts.emplace(asked->text(0), static_cast<std::uint64_t>(asked->integer(1)));
  }
}

}  // namespace keep::knowledge
