// TempFolder: a folder of its own for a test, deleted with everything in it.
#pragma once

#include <filesystem>
#include <string>

namespace keep::test {

struct TempFolder {
  TempFolder();  // in memory where possible: some tests wait for thousands of writes to be on disk
  explicit TempFolder(const std::filesystem::path& parent);
  ~TempFolder();
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  std::string path;
};

}  // namespace keep::test
