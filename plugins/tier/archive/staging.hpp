// Staging: the folder in which one llama-server leaves what it saves (its --slot-save-path), and
// finds what it is to restore. Best in memory (tmpfs): files are there for moments.
//
// Loop thread; what blocks is done in pools.disk.
#pragma once

#include "exchange/interfaces/services.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace keep::tier {

// What may still come: a server that was not waited for writes its file when it gets to it.
using LateFiles = std::vector<std::string>;  // paths, the oldest first

// The name of a file that is nobody else's. What has that name is removed in the end; where nothing
// has it yet, later.
class StagedFile {
 public:
  StagedFile(Services& services, std::shared_ptr<LateFiles> late, std::string folder,
             std::string name)
      : services_(&services),
        late_(std::move(late)),
        folder_(std::move(folder)),
        name_(std::move(name)) {}
  StagedFile(const StagedFile&) = delete;
  StagedFile& operator=(const StagedFile&) = delete;
  ~StagedFile();

  const std::string& name() const noexcept { return name_; }
  std::string path() const { return folder_ + "/" + name_; }

 private:
  Services* services_;
  std::shared_ptr<LateFiles> late_;
  std::string folder_, name_;
};

class Staging {
 public:
  Staging(Services& services, std::string folder);

  const std::string& folder() const noexcept { return folder_; }
  // Whether the folder is there; what an earlier run has left in it is removed.
  Task<> clear();
  // Removes late ones, too, that have come meanwhile.
  std::unique_ptr<StagedFile> make(const char* kind);

 private:
  Services& services_;
  const std::string folder_;
  const std::string prefix_;  // of this run's files
  std::size_t count_ = 0;
  const std::shared_ptr<LateFiles> late_ = std::make_shared<LateFiles>();
};

}  // namespace keep::tier
