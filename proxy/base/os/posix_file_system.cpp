#include "base/os/posix_file_system.hpp"

#include "base/time/unix_time.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <utility>

namespace keep {

namespace {

constexpr mode_t kFileMode = 0600;
constexpr mode_t kFolderMode = 0700;

int flags_of(File::Mode mode) noexcept {
  switch (mode) {
    case File::Mode::kRead: return O_RDONLY;
    case File::Mode::kWrite: return O_RDWR;
    case File::Mode::kCreate: break;
  }
  return O_RDWR | O_CREAT | O_TRUNC;
}

File::Info to_info(const struct stat& status) noexcept {
  File::Info info;
  constexpr std::uint64_t kBlock = 512;  // whatever the file system's own are
  info.size = static_cast<std::uint64_t>(status.st_size);
  info.on_disk = std::max(info.size, static_cast<std::uint64_t>(status.st_blocks) * kBlock);
  info.modified = to_unix_time(status.st_mtim.tv_sec);
  return info;
}

Result<> rename_file(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) return file_error("rename", from, errno);
  return {};
}

class PosixFile final : public File {
 public:
  PosixFile(std::string path, int descriptor) : path_(std::move(path)), descriptor_(descriptor) {}
  ~PosixFile() override { ::close(descriptor_); }

  Result<Info> info() const override;
  Result<std::string> read_at(std::uint64_t offset, std::size_t size) const override;
  Result<> write_at(std::uint64_t offset, std::string_view bytes) override;
  Result<> truncate(std::uint64_t size) override;
  Result<> sync() override;
  Result<> move_to(std::string path) override;

 private:
  Error failure(const char* operation) const { return file_error(operation, path_, errno); }

  std::string path_;
  const int descriptor_;
};

Result<File::Info> PosixFile::info() const {
  struct stat status {};
  if (::fstat(descriptor_, &status) != 0) return failure("stat");
  return to_info(status);
}

Result<std::string> PosixFile::read_at(std::uint64_t offset, std::size_t size) const {
  std::string bytes(size, '\0');
  std::size_t done = 0;
  while (done < size) {
    const ssize_t got =
        ::pread(descriptor_, bytes.data() + done, size - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failure("read");
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  bytes.resize(done);
  return bytes;
}

Result<> PosixFile::write_at(std::uint64_t offset, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t put =
        ::pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return failure("write");
    offset += static_cast<std::uint64_t>(put);
    bytes.remove_prefix(static_cast<std::size_t>(put));
  }
  return {};
}

Result<> PosixFile::truncate(std::uint64_t size) {
  if (::ftruncate(descriptor_, static_cast<off_t>(size)) != 0) return failure("truncate");
  return {};
}

Result<> PosixFile::sync() {
  if (::fdatasync(descriptor_) != 0) return failure("sync");
  return {};
}

Result<> PosixFile::move_to(std::string path) {
  if (auto renamed = rename_file(path_, path); !renamed) return renamed;
  path_ = std::move(path);
  return {};
}

}  // namespace

Result<std::unique_ptr<File>> PosixFileSystem::open(const std::string& path, File::Mode mode) {
  int descriptor = ::open(path.c_str(), flags_of(mode) | O_CLOEXEC, kFileMode);
  if (descriptor < 0 && mode == File::Mode::kWrite && (errno == EACCES || errno == EROFS)) {
    descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  }
  if (descriptor < 0) return file_error("open", path, errno);
  return std::make_unique<PosixFile>(path, descriptor);
}

Result<File::Info> PosixFileSystem::info(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return file_error("stat", path, errno);
  return to_info(status);
}

Result<> PosixFileSystem::rename(const std::string& from, const std::string& to) {
  return rename_file(from, to);
}

Result<bool> PosixFileSystem::remove(const std::string& path) {
  if (::unlink(path.c_str()) == 0) return true;
  if (errno == ENOENT) return false;
  return file_error("remove", path, errno);
}

Result<bool> PosixFileSystem::make_folder(const std::string& path) {
  if (::mkdir(path.c_str(), kFolderMode) == 0) return true;
  if (errno == EEXIST) return false;
  return file_error("make folder", path, errno);
}

Result<> PosixFileSystem::sync_folder(const std::string& path) {
  const int folder = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return file_error("open", path, errno);
  // Not fdatasync(): names need not be data. EINVAL: this file system has nothing to sync there.
  const int error = ::fsync(folder) == 0 || errno == EINVAL ? 0 : errno;
  ::close(folder);
  return error == 0 ? Result<>() : Result<>(file_error("sync", path, error));
}

Result<std::vector<std::string>> PosixFileSystem::list_folder(const std::string& path) {
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir(path.c_str()), &::closedir);
  if (folder == nullptr) return file_error("list", path, errno);
  std::vector<std::string> names;
  for (errno = 0; const dirent* const entry = ::readdir(folder.get()); errno = 0) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  if (errno != 0) return file_error("list", path, errno);
  return names;
}

}  // namespace keep
