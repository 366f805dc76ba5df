// FaultyFileSystem: real files, of which operations fail as planned and of which the loss of power
// forgets what was not synced.
//
// Any thread. What changes something is counted and may fail; what reads goes through.
#pragma once

#include "base/os/posix_file_system.hpp"

#include <cerrno>
#include <cstddef>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace keep::test {

class FaultyFileSystem final : public FileSystem {
 public:
  enum class Operation {
    kCreate,
    kWrite,
    kTruncate,
    kSync,
    kRename,
    kRemove,
    kFolder,
    kSyncFolder
  };
  struct Failure {
    int error = 0;            // of the system; 0: it succeeds
    std::size_t written = 0;  // by a write that fails
  };

  // Until heal(): each of these operations fails.
  void fail_each(std::initializer_list<Operation> operations, Failure failure = {EIO, 0});
  // The operation with that number fails, from 1 for the next; or all from there on.
  void fail_at(std::size_t number, bool for_ever, Failure failure = {EIO, 0});
  // The process ends at once, with kCrashed, instead of the operation with that number.
  static constexpr int kCrashed = 7;
  void crash_at(std::size_t number);
  // Nothing fails any more. -> whether anything has
  bool heal();

  // From here on it is remembered what was synced. What there is already counts as that.
  void follow_syncs();
  // What is there after the loss of power although it was not synced: anything may be.
  struct Luck {
    bool names = false;     // of files and folders made, renamed and removed
    std::size_t bytes = 0;  // that were appended to a file
  };
  // All files are closed, and nobody else has written to those that were written here; what others
  // wrote (SQLite) stays.
  void lose_power(Luck luck);

  Result<std::unique_ptr<File>> open(const std::string& path, File::Mode mode) override;
  Result<File::Info> info(const std::string& path) override { return real_.info(path); }
  Result<> rename(const std::string& from, const std::string& to) override;
  Result<bool> remove(const std::string& path) override;
  Result<bool> make_folder(const std::string& path) override;
  Result<> sync_folder(const std::string& path) override;
  Result<std::vector<std::string>> list_folder(const std::string& path) override {
    return real_.list_folder(path);
  }

 private:
  class FaultyFile;
  // A file, whatever it is called.
  struct Content {
    std::string synced;
    std::string last;  // when somebody asked for it by its name
    std::string left(Luck luck) const;
  };
  using Contents = std::shared_ptr<Content>;  // null: there is nothing
  using Lock = std::lock_guard<std::mutex>;

  Failure ask(Operation operation);
  Contents find(const std::string& path);
  void note_rename(const std::string& from, const Contents& moved, const std::string& to,
                   const Contents& replaced);
  void forget_names(Luck luck);

  PosixFileSystem real_;
  std::mutex mutex_;  // of all below, and held while something changes
  std::function<Failure(Operation)> plan_;
  bool failed_ = false;
  bool follows_ = false;
  std::map<std::string, Contents> files_;   // that were touched, by what they are called
  std::map<std::string, Contents> before_;  // what was called so when the folder was synced
};

// Nothing of what was not synced, all of it, and what is worse: names without bytes and parts.
inline constexpr FaultyFileSystem::Luck kLuck[] = {{false, 0}, {true, 1 << 30}, {true, 0},
                                                   {true, 50}, {false, 50},     {false, 1 << 30}};

}  // namespace keep::test
