// Sqlite: a database in one file and its statements, with errors as values. The only door to it.
//
// One thread at a time; blocks. The file is 0600 and made when it is missing. Every failure is
// Fault::kStorage with the path and the reason.
#pragma once

#include "base/os/file_system.hpp"
#include "base/result.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

struct sqlite3;
struct sqlite3_stmt;

namespace keep::sqlite {

class Database;

// Parameters are numbered from 1, columns from 0. What is bound is copied.
class Statement {
 public:
  Statement& bind(std::int64_t value);
  Statement& bind(std::string_view text);
  Statement& bind_blob(std::string_view bytes);
  Result<bool> step();  // true: a row is there
  Result<> run();       // to its end; rows are passed over

  std::int64_t integer(int column) const;
  std::string text(int column) const;  // or the bytes of a blob

 private:
  friend class Database;
  Statement(const Database& database, sqlite3_stmt* statement);

  struct Finalize {
    void operator()(sqlite3_stmt* statement) const noexcept;
  };
  const Database* database_;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  int bound_ = 0;
};

class Database {
 public:
  // `setup`: statements that are run on every new connection, for pragmas.
  static Result<Database> open(std::string path, const std::string& setup);
  // Whether the file can be used as far as SQLite tells; it may be another program's, or damaged.
  // An Error when that cannot be found out now. Reads all of it.
  static Result<bool> is_sound(const std::string& path);

  Result<Statement> prepare(const std::string& sql);
  Result<> run(const std::string& sql);  // several statements, no parameters
  std::int64_t last_id() const noexcept;
  Error failure(std::string_view what) const;  // with what SQLite says
  Error refusal(std::string_view why) const;

 private:
  struct Close {
    void operator()(sqlite3* handle) const noexcept;
  };
  Database(std::string path, sqlite3* handle) : path_(std::move(path)), handle_(handle) {}

  std::string path_;
  std::unique_ptr<sqlite3, Close> handle_;
};

// Renames a database that is not open, with whatever lies beside it, to PATH.damaged. What was
// there by that name is gone.
Result<> set_aside(FileSystem& files, const std::string& path);

// All or nothing: what was not committed is undone.
class Transaction {
 public:
  static Result<Transaction> begin(Database& database);
  Transaction(Transaction&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();
  Result<> commit();

 private:
  explicit Transaction(Database& database) : database_(&database) {}
  Database* database_;
};

}  // namespace keep::sqlite
