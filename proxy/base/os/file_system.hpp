// FileSystem: the few file operations that a store needs, with errors as values. They block.
//
// Any thread; one at a time for each File. What is made here only its owner can read: files 0600,
// folders 0700. Every failure is Fault::kStorage with the operation, the path and the reason, but
// Fault::kNotFound for a file or folder that is not there.
//
// What was done survives the end of the process at any moment. After the loss of power a file has
// the bytes that it had at its last sync(), and a folder the names (of what was made, renamed and
// removed in it) that it had at its last sync_folder(); of what came later anything may be left.
#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace keep {

// One that is open, until it is destroyed.
class File {
 public:
  enum class Mode {
    kRead,
    kWrite,   // reading, too; it must exist. Where that is not allowed for reading: writes fail
    kCreate,  // the same; what it held is gone
  };
  struct Info {
    std::uint64_t size = 0;
    std::uint64_t on_disk = 0;  // what the disk has less for it: whole blocks, at least `size`
    std::int64_t modified = 0;  // seconds since 1970, UTC
  };

  virtual ~File() = default;
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  virtual Result<Info> info() const = 0;
  // Less than `size` bytes only at the end of the file.
  virtual Result<std::string> read_at(std::uint64_t offset, std::size_t size) const = 0;
  // On failure a part of it may be there.
  virtual Result<> write_at(std::uint64_t offset, std::string_view bytes) = 0;
  virtual Result<> truncate(std::uint64_t size) = 0;
  virtual Result<> sync() = 0;
  virtual Result<> move_to(std::string path) = 0;  // replaces what is there

 protected:
  File() = default;
};

class FileSystem {
 public:
  virtual ~FileSystem() = default;

  virtual Result<std::unique_ptr<File>> open(const std::string& path, File::Mode mode) = 0;
  virtual Result<File::Info> info(const std::string& path) = 0;
  virtual Result<> rename(const std::string& from, const std::string& to) = 0;  // replaces `to`
  virtual Result<bool> remove(const std::string& path) = 0;       // false: was not there
  virtual Result<bool> make_folder(const std::string& path) = 0;  // false: was there
  virtual Result<> sync_folder(const std::string& path) = 0;
  virtual Result<std::vector<std::string>> list_folder(const std::string& path) = 0;  // any order

  // Of those above.
  // With those above it; fine if it is there. That those exist which it has made survives the loss
  // of power. Of one that was there already nothing is promised: after a failure the folder may be
  // there, and its name not be synced.
  Result<> make_folders(const std::string& path);
  // The whole of a file at once, by way of PATH.new: whoever reads sees what was there before or
  // all of `bytes`, after a failure the former. `sync`: that is so after the loss of power, too,
  // and after success it is `bytes`; when only that is not certain it fails, although they are
  // there.
  Result<> replace(const std::string& path, std::string_view bytes, bool sync);
};

// The folder that it is in.
std::string folder_of(const std::string& path);

// What an operation on that path fails with, by the error number of the system.
Error file_error(const char* operation, const std::string& path, int error);

}  // namespace keep
