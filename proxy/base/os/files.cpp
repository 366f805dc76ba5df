#include "base/os/files.hpp"

#include "base/time/unix_time.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <memory>
#include <system_error>
#include <utility>

namespace keep {

namespace {

constexpr mode_t kFileMode = 0600;
constexpr mode_t kFolderMode = 0700;

std::atomic<files::FailurePlan> failure_plan{nullptr};

Error to_error(const char* operation, const std::string& path, int error) {
  const std::string reason = std::generic_category().message(error);
  return Error(error == ENOENT ? Fault::kNotFound : Fault::kStorage, Side::kInternal,
               std::string(operation) + " " + path + ": " + reason);
}

files::Failure planned(std::string_view operation) {
  const files::FailurePlan plan = failure_plan.load(std::memory_order_relaxed);
  return plan == nullptr ? files::Failure() : plan(operation);
}

// Sets errno when the operation is to fail.
bool is_to_fail(std::string_view operation) {
  const int error = planned(operation).error;
  if (error != 0) errno = error;
  return error != 0;
}

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

}  // namespace

Result<File> File::open(std::string path, Mode mode) {
  const int flags = flags_of(mode);
  if ((flags & O_CREAT) != 0 && is_to_fail("create")) return to_error("create", path, errno);
  int descriptor = ::open(path.c_str(), flags | O_CLOEXEC, kFileMode);
  if (descriptor < 0 && mode == Mode::kWrite && (errno == EACCES || errno == EROFS)) {
    descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  }
  if (descriptor < 0) return to_error("open", path, errno);
  return File(std::move(path), descriptor);
}

File::File(File&& other) noexcept
    : path_(std::move(other.path_)), descriptor_(std::exchange(other.descriptor_, -1)) {}

File& File::operator=(File&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

File::~File() {
  if (is_open()) ::close(descriptor_);
}

Error File::failure(const char* operation) const { return to_error(operation, path_, errno); }

Result<File::Info> File::info() const {
  struct stat status {};
  if (::fstat(descriptor_, &status) != 0) return failure("stat");
  return to_info(status);
}

Result<std::string> File::read_at(std::uint64_t offset, std::size_t size) const {
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

Result<> File::write_at(std::uint64_t offset, std::string_view bytes) {
  const files::Failure plan = planned("write");
  std::string_view left = plan.error == 0 ? bytes : bytes.substr(0, plan.written);
  while (!left.empty()) {
    const ssize_t put = ::pwrite(descriptor_, left.data(), left.size(), static_cast<off_t>(offset));
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return failure("write");
    offset += static_cast<std::uint64_t>(put);
    left.remove_prefix(static_cast<std::size_t>(put));
  }
  if (plan.error != 0) return to_error("write", path_, plan.error);
  return {};
}

Result<> File::truncate(std::uint64_t size) {
  if (is_to_fail("truncate") || ::ftruncate(descriptor_, static_cast<off_t>(size)) != 0) {
    return failure("truncate");
  }
  return {};
}

Result<> File::sync() {
  if (is_to_fail("sync") || ::fdatasync(descriptor_) != 0) return failure("sync");
  return {};
}

Result<> File::move_to(std::string path) {
  if (auto renamed = files::rename(path_, path); !renamed) return renamed;
  path_ = std::move(path);
  return {};
}

namespace files {

Result<> make_folder(const std::string& path) {
  if (is_to_fail("folder")) return to_error("make folder", path, errno);
  if (::mkdir(path.c_str(), kFolderMode) == 0 || errno == EEXIST) return {};
  const std::size_t slash = path.find_last_of('/');
  if (errno != ENOENT || slash == std::string::npos || slash == 0) {
    return to_error("make folder", path, errno);
  }
  if (auto above = make_folder(path.substr(0, slash)); !above) return above;
  if (::mkdir(path.c_str(), kFolderMode) == 0 || errno == EEXIST) return {};
  return to_error("make folder", path, errno);
}

Result<> sync_folder(const std::string& path) {
  auto folder = File::open(path, File::Mode::kRead);
  if (!folder) return folder.error();
  return folder->sync();
}

Result<std::vector<std::string>> list_folder(const std::string& path) {
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir(path.c_str()), &::closedir);
  if (folder == nullptr) return to_error("list", path, errno);
  std::vector<std::string> names;
  for (errno = 0; const dirent* const entry = ::readdir(folder.get()); errno = 0) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  if (errno != 0) return to_error("list", path, errno);
  return names;
}

Result<> rename(const std::string& from, const std::string& to) {
  if (is_to_fail("rename") || ::rename(from.c_str(), to.c_str()) != 0) {
    return to_error("rename", from, errno);
  }
  return {};
}

Result<bool> remove(const std::string& path) {
  if (!is_to_fail("remove") && ::unlink(path.c_str()) == 0) return true;
  if (errno == ENOENT) return false;
  return to_error("remove", path, errno);
}

Result<File::Info> info(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return to_error("stat", path, errno);
  return to_info(status);
}

Result<> replace(const std::string& path, std::string_view bytes, bool sync) {
  const std::string fresh = path + ".new";
  auto file = File::open(fresh, File::Mode::kCreate);
  if (!file) return file.error();
  auto done = file->write_at(0, bytes);
  if (done && sync) done = file->sync();
  if (done) done = file->move_to(path);
  if (!done) (void)files::remove(fresh);  // it may be what the disk has no room for
  return done;
}

void plan_failures(FailurePlan plan) noexcept {
  failure_plan.store(plan, std::memory_order_relaxed);
}

}  // namespace files

}  // namespace keep
