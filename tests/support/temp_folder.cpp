#include "tests/support/temp_folder.hpp"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>

namespace keep::test {

namespace {

std::filesystem::path fastest_parent() {
  const bool in_memory = ::access("/dev/shm", W_OK) == 0;
  return in_memory ? "/dev/shm" : std::filesystem::temp_directory_path();
}

}  // namespace

TempFolder::TempFolder() : TempFolder(fastest_parent()) {}

TempFolder::TempFolder(const std::filesystem::path& parent) {
  path = parent / ("llama-keep-" + std::string(6, 'X'));  // mkdtemp() fills these in
  if (::mkdtemp(path.data()) == nullptr) throw std::runtime_error("no temporary folder");
}

TempFolder::~TempFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path, ignored);
}

}  // namespace keep::test
