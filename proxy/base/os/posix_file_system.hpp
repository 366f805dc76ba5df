// PosixFileSystem: the files of this machine.
#pragma once

#include "base/os/file_system.hpp"

namespace keep {

class PosixFileSystem final : public FileSystem {
 public:
  Result<std::unique_ptr<File>> open(const std::string& path, File::Mode mode) override;
  Result<File::Info> info(const std::string& path) override;
  Result<> rename(const std::string& from, const std::string& to) override;
  Result<bool> remove(const std::string& path) override;
  Result<bool> make_folder(const std::string& path) override;
  Result<> sync_folder(const std::string& path) override;
  Result<std::vector<std::string>> list_folder(const std::string& path) override;
};

}  // namespace keep
