// Files: the few file operations that a store needs, with errors as values. Any thread; they block.
//
// What is made here only its owner can read: files 0600, folders 0700. Every failure is
// Fault::kStorage with the operation, the path and the reason, but Fault::kNotFound for a file or
// folder that is not there.
#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace keep {

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

  static Result<File> open(std::string path, Mode mode);

  File() = default;  // not open
  File(File&& other) noexcept;
  File& operator=(File&& other) noexcept;
  ~File();

  bool is_open() const noexcept { return descriptor_ >= 0; }
  const std::string& path() const noexcept { return path_; }

  Result<Info> info() const;
  // Less than `size` bytes only at the end of the file.
  Result<std::string> read_at(std::uint64_t offset, std::size_t size) const;
  // On failure a part of it may be there.
  Result<> write_at(std::uint64_t offset, std::string_view bytes);
  Result<> truncate(std::uint64_t size);
  Result<> sync();                     // of the data; survives the loss of power
  Result<> move_to(std::string path);  // replaces what is there

 private:
  File(std::string path, int descriptor) : path_(std::move(path)), descriptor_(descriptor) {}
  Error failure(const char* operation) const;

  std::string path_;
  int descriptor_ = -1;
};

namespace files {

Result<> make_folder(const std::string& path);  // with those above it; fine if it is there
Result<> sync_folder(const std::string& path);  // which files it has survives the loss of power
Result<std::vector<std::string>> list_folder(const std::string& path);  // names, in no order
Result<> rename(const std::string& from, const std::string& to);        // replaces `to`
Result<bool> remove(const std::string& path);                           // false: was not there
Result<File::Info> info(const std::string& path);
// The whole of a file at once, by way of PATH.new: whoever reads sees what was there before or all
// of `bytes`, after a failure the former. `sync`: survives the loss of power.
Result<> replace(const std::string& path, std::string_view bytes, bool sync);

// For tests of storage that fails: asked before every operation that changes something, with its
// name (create, write, truncate, sync, rename, remove, folder). An error number other than 0 makes
// it fail, a write after `written` bytes.
struct Failure {
  int error = 0;
  std::size_t written = 0;
};
using FailurePlan = Failure (*)(std::string_view operation);
void plan_failures(FailurePlan plan) noexcept;  // nullptr: none

}  // namespace files

}  // namespace keep
