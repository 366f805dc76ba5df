// FolderLock: the right to write in a state folder, which one process has at a time.
//
// Two that append to the same logs would overwrite each other's turns and both say that they are
// kept. The kernel holds the lock (flock), so it ends with the process, however that ends.
#pragma once

#include "base/os/file_system.hpp"
#include "base/result.hpp"

#include <string>

namespace keep {

class FolderLock {
 public:
  // Makes the folder where it is missing. Fault::kStorage with the other's process id when it is
  // taken, and for a folder that cannot be written. A file system without locks is warned about and
  // used all the same.
  static Result<FolderLock> take(FileSystem& files, const std::string& folder);

  FolderLock() = default;  // of nothing
  FolderLock(FolderLock&& other) noexcept;
  FolderLock& operator=(FolderLock&& other) noexcept;
  ~FolderLock();

 private:
  explicit FolderLock(int descriptor) : descriptor_(descriptor) {}

  int descriptor_ = -1;
};

}  // namespace keep
