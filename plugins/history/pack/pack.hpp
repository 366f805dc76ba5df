// Pack: the files of small conversations, together in one database (../FORMATS.md).
//
// A file takes whole blocks of the disk however little is in it; here a conversation takes about
// what it says. Blocking; one thread at a time. What change() has done survives the loss of power,
// and what it has deleted is overwritten. Missing: made by the first conversation that comes in.
// Damaged: set aside, and made anew of what can still be read. Full: change() fails, and nothing
// has changed. A pack of a newer version is left alone: nothing is found in it and it takes
// nothing. In memory are about 110 bytes for each conversation in it.
#pragma once

#include "base/os/file_system.hpp"
#include "base/sqlite.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

namespace keep::history {

// The bytes of a conversation's files, sidecars in the order of Sidecar; empty: there is none.
struct PackedFiles {
  std::string tail;
  std::array<std::string, 2> sidecars;
  std::int64_t modified = 0;  // the tail; seconds since 1970, UTC

  std::uint64_t bytes() const noexcept {
    return tail.size() + sidecars[0].size() + sidecars[1].size();
  }
};

struct PackedConversation {
  std::string key;  // the name of its files without their endings
  PackedFiles files;
};

class Pack {
 public:
  Pack(FileSystem& files, std::string path) : files_(files), path_(std::move(path)) {}

  struct Opened {
    bool damaged = false;            // and set aside
    std::vector<std::string> notes;  // one line each, for the log
  };
  // Before anything else.
  Result<Opened> open(const std::function<void(PackedConversation)>& on_each);

  bool holds(const std::string& key) const { return rows_.contains(key); }
  // Nothing: it is not in here. Fault::kStorage: it was, and cannot be read.
  Result<std::optional<PackedFiles>> find(const std::string& key);
  // Deletes those that are gone, as far as they are in here, and puts in the fresh ones, in the
  // place of what there is of them; of several of one key the last one. All or nothing.
  Result<> change(std::span<const std::string> gone, std::span<const PackedConversation> fresh);

  std::uint64_t disk_bytes() const;  // what the disk has less for all of it

 private:
  Result<bool> connect();
  Result<> set_aside(Opened& opened);
  Result<std::size_t> salvage(const std::string& damaged);
  Result<> read_all(const std::function<void(PackedConversation)>& on_each);
  // What a transaction has changed so far, by key: which row it is, or that there is none.
  using Changes = std::unordered_map<std::string, std::optional<std::int64_t>>;
  Result<> erase(std::int64_t id);
  Result<> erase(const std::string& key, Changes& changes);
  Result<> insert(const PackedConversation& one, Changes& changes);

  FileSystem& files_;
  const std::string path_;
  std::optional<sqlite::Database> database_;
  bool newer_ = false;
  std::unordered_map<std::string, std::int64_t> rows_;  // by key: which row it is
  std::vector<std::int64_t> outdated_;                  // older rows of keys, to be deleted
};

}  // namespace keep::history
