// KeysFile: a file of API keys, as auth.keys_file names one; gone with the object.
#pragma once

#include "tests/support/temp_folder.hpp"

#include <filesystem>
#include <fstream>
#include <string>

namespace keep::test {

class KeysFile {
 public:
  explicit KeysFile(const std::string& lines) {
    using std::filesystem::perms;
    std::ofstream(path()) << lines;
    std::filesystem::permissions(path(), perms::owner_read | perms::owner_write);
  }
  std::string path() const { return folder_.path + "/keys"; }

 private:
  TempFolder folder_;
};

}  // namespace keep::test
