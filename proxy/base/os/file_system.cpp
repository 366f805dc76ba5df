#include "base/os/file_system.hpp"

#include <cerrno>
#include <system_error>

namespace keep {

Result<> FileSystem::make_folders(const std::string& path) {
  const std::string above = folder_of(path);
  auto made = make_folder(path);
  const bool orphan = !made && made.error().fault == Fault::kNotFound;
  if (orphan && above.size() < path.size()) {
    if (auto done = make_folders(above); !done) return done;
    made = make_folder(path);
  }
  if (!made) return made.error();
  return *made ? sync_folder(above) : Result<>();
}

Result<> FileSystem::replace(const std::string& path, std::string_view bytes, bool sync) {
  const std::string fresh = path + ".new";
  auto file = open(fresh, File::Mode::kCreate);
  if (!file) return file.error();
  auto done = (*file)->write_at(0, bytes);
  if (done && sync) done = (*file)->sync();
  if (done) done = rename(fresh, path);
  if (!done) {
    (void)remove(fresh);  // it may be what the disk has no room for
    return done;
  }
  return sync ? sync_folder(folder_of(path)) : done;
}

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.find_last_of('/', path.find_last_not_of('/'));
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

Error file_error(const char* operation, const std::string& path, int error) {
  const std::string reason = std::generic_category().message(error);
  return Error(error == ENOENT ? Fault::kNotFound : Fault::kStorage, Side::kInternal,
               std::string(operation) + " " + path + ": " + reason);
}

}  // namespace keep
