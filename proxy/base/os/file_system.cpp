#include "base/os/file_system.hpp"

#include <cerrno>
#include <system_error>

namespace keep {

Result<> FileSystem::make_folders(const std::string& path) {
  const auto made = make_folder(path);
  if (made) return {};
  const std::size_t slash = path.find_last_of('/');
  const bool orphan = made.error().fault == Fault::kNotFound;
  if (!orphan || slash == std::string::npos || slash == 0) return made.error();
  if (auto above = make_folders(path.substr(0, slash)); !above) return above;
  if (const auto again = make_folder(path); !again) return again.error();
  return {};
}

Result<> FileSystem::replace(const std::string& path, std::string_view bytes, bool sync) {
  const std::string fresh = path + ".new";
  auto file = open(fresh, File::Mode::kCreate);
  if (!file) return file.error();
  auto done = (*file)->write_at(0, bytes);
  if (done && sync) done = (*file)->sync();
  if (done) done = rename(fresh, path);
  if (!done) (void)remove(fresh);  // it may be what the disk has no room for
  return done;
}

Error file_error(const char* operation, const std::string& path, int error) {
  const std::string reason = std::generic_category().message(error);
  return Error(error == ENOENT ? Fault::kNotFound : Fault::kStorage, Side::kInternal,
               std::string(operation) + " " + path + ": " + reason);
}

}  // namespace keep
