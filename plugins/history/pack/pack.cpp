#include "plugins/history/pack/pack.hpp"

#include "base/text/format.hpp"

#include <algorithm>
#include <utility>

namespace keep::history {

namespace {

constexpr std::int64_t kVersion = 1;
constexpr std::size_t kAtOnce = 128;  // conversations in one transaction when all are read

// What was committed is on the disk. A journal that is cut off at the end of every transaction,
// unlike a write-ahead log, keeps nothing of what was deleted.
constexpr const char* kSetup =
    "PRAGMA journal_mode=TRUNCATE; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON; "
    "PRAGMA cell_size_check=ON;";
// The file shrinks with what is in it, which a quota counts on.
constexpr const char* kShape = "PRAGMA page_size=8192; PRAGMA auto_vacuum=FULL;";

// Rows are found by their number, which is remembered for every key: an index would be one more
// thing that can be damaged.
constexpr const char* kCreate =
    "CREATE TABLE packed(id INTEGER PRIMARY KEY, key TEXT NOT NULL, modified INTEGER NOT NULL, "
    "tail BLOB NOT NULL, zone BLOB NOT NULL, recalled BLOB NOT NULL); PRAGMA user_version=1;";
constexpr const char* kSelect = "SELECT id, key, modified, tail, zone, recalled FROM packed";

PackedConversation row_in(const sqlite::Statement& row) {
  PackedConversation one;
  one.key = row.text(1);
  one.files.modified = row.integer(2);
  one.files.tail = row.text(3);
  one.files.sidecars = {row.text(4), row.text(5)};
  return one;
}

Result<std::int64_t> version_of(sqlite::Database& database) {
  auto asked = database.prepare("PRAGMA user_version");
  if (!asked) return asked.error();
  const auto row = asked->step();
  if (!row) return row.error();
  return asked->integer(0);
}

Result<> create_table(sqlite::Database& database) {
  if (auto shaped = database.run(kShape); !shaped) return shaped;
  auto transaction = sqlite::Transaction::begin(database);
  if (!transaction) return transaction.error();
  if (auto created = database.run(kCreate); !created) return created;
  return transaction->commit();
}

}  // namespace

Result<Pack::Opened> Pack::open(const std::function<void(PackedConversation)>& on_each) {
  Opened opened;
  const auto there = files_.info(path_);
  if (!there || there->size == 0) return opened;
  const auto sound = sqlite::Database::is_sound(path_);
  if (!sound) return sound.error();
  const auto ours = *sound ? connect() : Result<bool>(false);
  if (!ours) return ours.error();
  if (newer_) opened.notes.push_back(path_ + " was written by a newer version; it is left alone");
  if (!*ours) {
    if (const auto aside = set_aside(opened); !aside) return aside.error();
  }
  if (const auto read = read_all(on_each); !read) opened.notes.push_back(read.error().detail);
  // What is not deleted now is with the next change.
  if (const auto done = change({}, {}); !done) opened.notes.push_back(done.error().detail);
  return opened;
}

// false: what is there is no pack.
Result<bool> Pack::connect() {
  auto database = sqlite::Database::open(path_, kSetup);
  if (!database) return database.error();
  const auto version = version_of(*database);
  if (!version) return version.error();
  newer_ = *version > kVersion;
  if (newer_) return true;
  if (!database->prepare(kSelect)) {
    if (*version == kVersion) return false;
    if (const auto created = create_table(*database); !created) return created.error();
  }
  database_ = *std::move(database);
  return true;
}

Result<> Pack::set_aside(Opened& opened) {
  opened.damaged = true;
  database_.reset();
  if (auto moved = sqlite::set_aside(files_, path_); !moved) return moved;
  const auto saved = salvage(path_ + ".damaged");
  opened.notes.push_back("damaged, set aside: " + path_ + "; conversations read from it: " +
                         (saved ? std::to_string(*saved) : saved.error().detail));
  return {};
}

// From both ends, up to where it is damaged: how many. Of several rows of a key the newest counts.
// What they say has checksums of its own.
Result<std::size_t> Pack::salvage(const std::string& damaged) {
  auto database = sqlite::Database::open(damaged, "");
  if (!database) return database.error();
  std::unordered_map<std::string, std::int64_t> taken;  // by key: from which row
  for (const char* const order : {"ORDER BY id DESC", "ORDER BY id"}) {
    auto rows = database->prepare(fmt::format("{} {}", kSelect, order));
    bool more = rows.has_value();
    std::vector<PackedConversation> some;
    while (more) {
      const auto row = rows->step();
      more = row && *row;
      if (more) {
        PackedConversation one = row_in(*rows);
        const std::int64_t id = rows->integer(0);
        const auto [at, first] = taken.try_emplace(one.key, id);
        if (first || at->second < id) some.push_back(std::move(one));
        at->second = std::max(at->second, id);
      }
      if (more && some.size() < kAtOnce) continue;
      if (const auto saved = change({}, some); !saved) return saved.error();
      some.clear();
    }
  }
  return rows_.size();
}

// The newest first: what comes again is older.
Result<> Pack::read_all(const std::function<void(PackedConversation)>& on_each) {
  if (!database_) return {};
  rows_.clear();  // what was salvaged is read like the rest
  auto rows = database_->prepare(fmt::format("{} ORDER BY id DESC", kSelect));
  if (!rows) return rows.error();
  for (;;) {
    const auto row = rows->step();
    if (!row) return row.error();
    if (!*row) return {};
    PackedConversation one = row_in(*rows);
    const std::int64_t id = rows->integer(0);
    if (rows_.try_emplace(one.key, id).second) {
      on_each(std::move(one));
    } else {
      outdated_.push_back(id);
    }
  }
}

Result<std::optional<PackedFiles>> Pack::find(const std::string& key) {
  const auto at = rows_.find(key);
  if (at == rows_.end()) return std::optional<PackedFiles>();
  auto asked = database_->prepare(fmt::format("{} WHERE id = ?1 AND key = ?2", kSelect));
  if (!asked) return asked.error();
  const auto row = asked->bind(at->second).bind(key).step();
  if (!row) return row.error();
  if (!*row) return database_->refusal(key + " is lost");
  return std::optional(std::move(row_in(*asked).files));
}

Result<> Pack::erase(std::int64_t id) {
  auto erased = database_->prepare("DELETE FROM packed WHERE id = ?1");
  if (!erased) return erased.error();
  return erased->bind(id).run();
}

// The row that there is now: one that was put in just before, and not one that is gone already,
// whose number may be another's by now.
Result<> Pack::erase(const std::string& key, Changes& changes) {
  const auto [change, first] = changes.try_emplace(key);
  if (const auto at = rows_.find(key); first && at != rows_.end()) change->second = at->second;
  if (!change->second) return {};
  auto erased = erase(*change->second);
  change->second.reset();
  return erased;
}

Result<> Pack::insert(const PackedConversation& one, Changes& changes) {
  if (auto erased = erase(one.key, changes); !erased) return erased;
  auto added = database_->prepare(
      "INSERT INTO packed(key, modified, tail, zone, recalled) VALUES(?1, ?2, ?3, ?4, ?5)");
  if (!added) return added.error();
  added->bind(one.key).bind(one.files.modified).bind_blob(one.files.tail);
  added->bind_blob(one.files.sidecars[0]).bind_blob(one.files.sidecars[1]);
  if (const auto done = added->run(); !done) return done.error();
  changes[one.key] = database_->last_id();
  return {};
}

Result<> Pack::change(std::span<const std::string> gone,
                      std::span<const PackedConversation> fresh) {
  if (gone.empty() && fresh.empty() && outdated_.empty()) return {};
  if (!database_) {
    if (fresh.empty()) return {};
    if (newer_) return Error(Fault::kStorage, Side::kInternal, path_ + " is of a newer version");
    const auto ours = connect();
    if (!ours) return ours.error();
    if (!database_) return Error(Fault::kStorage, Side::kInternal, path_ + " is no pack");
  }
  auto transaction = sqlite::Transaction::begin(*database_);
  if (!transaction) return transaction.error();
  for (const std::int64_t id : outdated_) {
    if (auto erased = erase(id); !erased) return erased;
  }
  Changes changes;
  for (const std::string& key : gone) {
    if (auto erased = erase(key, changes); !erased) return erased;
  }
  for (const PackedConversation& one : fresh) {
    if (auto inserted = insert(one, changes); !inserted) return inserted;
  }
  if (auto done = transaction->commit(); !done) return done;
  outdated_.clear();
  for (const auto& [key, id] : changes) {
    if (id) {
      rows_[key] = *id;
    } else {
      rows_.erase(key);
    }
  }
  return {};
}

std::uint64_t Pack::disk_bytes() const {
  const auto info = files_.info(path_);
  return info ? info->on_disk : 0;
}

}  // namespace keep::history
