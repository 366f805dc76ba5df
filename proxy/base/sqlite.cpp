#include "base/sqlite.hpp"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace keep::sqlite {

namespace {

constexpr int kBusyMs = 2000;  // for another process that looks into the file

Error storage(const std::string& path, std::string_view why) {
  return Error(Fault::kStorage, Side::kInternal, path + ": " + std::string(why));
}

// SQLite gives its other files the mode of this one.
Result<> make_private(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (file < 0 && (errno == EACCES || errno == EROFS)) return {};  // it may be there to be read
  if (file < 0) return storage(path, std::strerror(errno));
  const bool done = ::fchmod(file, S_IRUSR | S_IWUSR) == 0;
  const int reason = errno;
  ::close(file);
  if (!done) return storage(path, std::strerror(reason));
  return {};
}

}  // namespace

void Database::Close::operator()(sqlite3* handle) const noexcept { sqlite3_close_v2(handle); }

Result<Database> Database::open(std::string path, const std::string& setup) {
  const auto made = make_private(path);
  if (!made) return made.error();
  sqlite3* handle = nullptr;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
  const int code = sqlite3_open_v2(path.c_str(), &handle, flags, nullptr);
  Database database(std::move(path), handle);
  if (code != SQLITE_OK) return database.failure("open");
  sqlite3_busy_timeout(handle, kBusyMs);
  if (const auto ready = database.run(setup); !ready) return ready.error();
  return database;
}

Result<bool> Database::is_sound(const std::string& path) {
  sqlite3* handle = nullptr;
  const int opened = sqlite3_open_v2(path.c_str(), &handle, SQLITE_OPEN_READWRITE, nullptr);
  const Database database(path, handle);
  if (opened != SQLITE_OK) return database.failure("open");
  sqlite3_busy_timeout(handle, kBusyMs);
  sqlite3_stmt* statement = nullptr;
  int code = sqlite3_prepare_v2(handle, "PRAGMA quick_check(1)", -1, &statement, nullptr);
  const Statement check(database, statement);
  if (code == SQLITE_OK) code = sqlite3_step(statement);
  if (code == SQLITE_ROW) return check.text(0) == "ok";
  const int kind = code & 0xff;
  // SQLITE_ERROR: of a format that there is not.
  if (kind == SQLITE_NOTADB || kind == SQLITE_CORRUPT || kind == SQLITE_ERROR) return false;
  return database.failure("check");
}

Error Database::failure(std::string_view what) const {
  return storage(path_, std::string(what) + ": " + sqlite3_errmsg(handle_.get()));
}

Error Database::refusal(std::string_view why) const { return storage(path_, why); }

Result<> Database::run(const std::string& sql) {
  if (sqlite3_exec(handle_.get(), sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK) return {};
  return failure("execute");
}

std::int64_t Database::last_id() const noexcept { return sqlite3_last_insert_rowid(handle_.get()); }

Result<Statement> Database::prepare(const std::string& sql) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(handle_.get(), sql.c_str(), -1, &statement, nullptr) != SQLITE_OK) {
    return failure("prepare");
  }
  return Statement(*this, statement);
}

void Statement::Finalize::operator()(sqlite3_stmt* statement) const noexcept {
  sqlite3_finalize(statement);
}

Statement::Statement(const Database& database, sqlite3_stmt* statement)
    : database_(&database), statement_(statement) {}

// A parameter that cannot be bound is NULL, which every column here refuses.
Statement& Statement::bind(std::int64_t value) {
  sqlite3_bind_int64(statement_.get(), ++bound_, value);
  return *this;
}

Statement& Statement::bind(std::string_view text) {
  // A null pointer would bind NULL.
  const char* const data = text.empty() ? "" : text.data();
  sqlite3_bind_text64(statement_.get(), ++bound_, data, text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  return *this;
}

Statement& Statement::bind_blob(std::string_view bytes) {
  const char* const data = bytes.empty() ? "" : bytes.data();
  sqlite3_bind_blob64(statement_.get(), ++bound_, data, bytes.size(), SQLITE_TRANSIENT);
  return *this;
}

Result<bool> Statement::step() {
  switch (sqlite3_step(statement_.get())) {
    case SQLITE_ROW: return true;
    case SQLITE_DONE: return false;
    default: return database_->failure("step");
  }
}

Result<> Statement::run() {
  for (;;) {
    const auto row = step();
    if (!row) return row.error();
    if (!*row) return {};
  }
}

std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

std::string Statement::text(int column) const {
  const unsigned char* const data = sqlite3_column_text(statement_.get(), column);
  const int size = sqlite3_column_bytes(statement_.get(), column);
  if (data == nullptr) return {};
  return {reinterpret_cast<const char*>(data), static_cast<std::size_t>(size)};
}

Result<> set_aside(FileSystem& files, const std::string& path) {
  for (const char* const ending : {"", "-journal", "-wal", "-shm"}) {
    const auto moved = files.rename(path + ending, path + ".damaged" + ending);
    if (!moved && moved.error().fault != Fault::kNotFound) return moved.error();
  }
  return {};
}

Result<Transaction> Transaction::begin(Database& database) {
  const auto begun = database.run("BEGIN IMMEDIATE");
  if (!begun) return begun.error();
  return Transaction(database);
}

Transaction::~Transaction() {
  if (database_ == nullptr) return;
  // Fails only when a failure before it has undone everything already.
  static_cast<void>(database_->run("ROLLBACK"));
}

Result<> Transaction::commit() {
  const auto done = database_->run("COMMIT");
  if (!done) return done.error();
  database_ = nullptr;
  return {};
}

}  // namespace keep::sqlite
