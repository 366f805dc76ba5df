#include "tests/support/temp_folder.hpp"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <stdexcept>

namespace keep::test {

TempFolder::TempFolder() {
  const bool in_memory = ::access("/dev/shm", W_OK) == 0;
  const std::filesystem::path parent =
      in_memory ? "/dev/shm" : std::filesystem::temp_directory_path();
  path = parent / "llama-keep-XXXXXX";
  if (::mkdtemp(path.data()) == nullptr) throw std::runtime_error("no temporary folder");
}

TempFolder::~TempFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path, ignored);
}

}  // namespace keep::test
