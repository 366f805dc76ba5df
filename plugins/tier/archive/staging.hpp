// Staging: the folder in which one llama-server leaves what it saves (its --slot-save-path), and
// finds what it is to restore. Best in memory (tmpfs): files are there for moments.
//
// Loop thread; what blocks is done in pools.disk.
#pragma once

#include "exchange/interfaces/services.hpp"

#include <cstddef>
#include <memory>
#include <string>

namespace keep::tier {

// The name of a file that is nobody else's. What has that name is removed in the end, also when it
// is being written still.
class StagedFile {
 public:
  StagedFile(Services& services, std::string folder, std::string name)
      : services_(&services), folder_(std::move(folder)), name_(std::move(name)) {}
  StagedFile(const StagedFile&) = delete;
  StagedFile& operator=(const StagedFile&) = delete;
  ~StagedFile();

  const std::string& name() const noexcept { return name_; }
  std::string path() const { return folder_ + "/" + name_; }

 private:
  Services* services_;
  std::string folder_, name_;
};

class Staging {
 public:
  Staging(Services& services, std::string folder);

  const std::string& folder() const noexcept { return folder_; }
  // Whether the folder is there; what an earlier run has left in it is removed.
  Task<> clear();
  std::unique_ptr<StagedFile> make(const char* kind);

 private:
  Services& services_;
  const std::string folder_;
  const std::string prefix_;  // of this run's files
  std::size_t count_ = 0;
};

}  // namespace keep::tier
