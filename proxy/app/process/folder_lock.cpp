#include "app/process/folder_lock.hpp"

#include "base/log.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <utility>

namespace keep {

namespace {

Error refusal(std::string detail) {
  return Error(Fault::kStorage, Side::kInternal, std::move(detail));
}

// What the holder has written of itself: a number and a newline.
std::string holder_of(int descriptor) {
  std::array<char, 32> text;
  const ssize_t size = ::pread(descriptor, text.data(), text.size(), 0);
  std::string pid;
  for (ssize_t i = 0; i < size; ++i) {
    const char c = text[static_cast<std::size_t>(i)];
    if (c < '0' || c > '9') break;
    pid += c;
  }
  return pid.empty() ? std::string("another llama-keep")
                     : "another llama-keep (process " + pid + ")";
}

// For people and for holder_of(); the lock does not depend on it.
void write_holder(int descriptor) {
  const std::string pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(descriptor, 0) != 0) return;
  [[maybe_unused]] const ssize_t written = ::pwrite(descriptor, pid.data(), pid.size(), 0);
}

}  // namespace

Result<FolderLock> FolderLock::take(FileSystem& files, const std::string& folder) {
  if (const auto made = files.make_folders(folder); !made) return made.error();
  const std::string path = folder + "/lock";
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (descriptor < 0) return refusal("cannot open " + path + ": " + std::strerror(errno));
  FolderLock lock(descriptor);
  if (::flock(descriptor, LOCK_EX | LOCK_NB) == 0) {
    write_holder(descriptor);
    return lock;
  }
  if (errno == EWOULDBLOCK) {
    return refusal(folder + " is in use by " + holder_of(descriptor) +
                   "; stop it, or give this one a folder of its own (--history.folder)");
  }
  log::warn("the state folder cannot be locked: two processes in it would lose turns",
            {{"folder", folder}, {"why", std::strerror(errno)}});
  return lock;
}

FolderLock::FolderLock(FolderLock&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)) {}

FolderLock& FolderLock::operator=(FolderLock&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

FolderLock::~FolderLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace keep
