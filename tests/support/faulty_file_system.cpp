#include "tests/support/faulty_file_system.hpp"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>
#include <vector>

namespace keep::test {

namespace {

using Operation = FaultyFileSystem::Operation;

std::string read_all(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void write_all(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

}  // namespace

class FaultyFileSystem::FaultyFile final : public File {
 public:
  FaultyFile(FaultyFileSystem& system, std::string path, std::unique_ptr<File> real,
             Contents content)
      : system_(system),
        path_(std::move(path)),
        real_(std::move(real)),
        content_(std::move(content)) {}

  Result<Info> info() const override { return real_->info(); }
  Result<std::string> read_at(std::uint64_t offset, std::size_t size) const override {
    return real_->read_at(offset, size);
  }
  Result<> write_at(std::uint64_t offset, std::string_view bytes) override;
  Result<> truncate(std::uint64_t size) override;
  Result<> sync() override;
  Result<> move_to(std::string path) override;

 private:
  FaultyFileSystem& system_;
  std::string path_;
  const std::unique_ptr<File> real_;
  const Contents content_;
};

Result<> FaultyFileSystem::FaultyFile::write_at(std::uint64_t offset, std::string_view bytes) {
  const Lock lock(system_.mutex_);
  const Failure failure = system_.ask(Operation::kWrite);
  if (failure.error == 0) return real_->write_at(offset, bytes);
  if (auto done = real_->write_at(offset, bytes.substr(0, failure.written)); !done) return done;
  return file_error("write", path_, failure.error);
}

Result<> FaultyFileSystem::FaultyFile::truncate(std::uint64_t size) {
  const Lock lock(system_.mutex_);
  const int error = system_.ask(Operation::kTruncate).error;
  return error == 0 ? real_->truncate(size) : Result<>(file_error("truncate", path_, error));
}

// To the real disk it need not go: that one keeps its power.
Result<> FaultyFileSystem::FaultyFile::sync() {
  const Lock lock(system_.mutex_);
  const int error = system_.ask(Operation::kSync).error;
  if (error != 0) return file_error("sync", path_, error);
  if (content_ != nullptr) content_->synced = read_all(path_);
  return {};
}

Result<> FaultyFileSystem::FaultyFile::move_to(std::string path) {
  const Lock lock(system_.mutex_);
  const int error = system_.ask(Operation::kRename).error;
  if (error != 0) return file_error("rename", path_, error);
  const Contents replaced = system_.find(path);
  if (auto moved = real_->move_to(path); !moved) return moved;
  system_.note_rename(path_, content_, path, replaced);
  path_ = std::move(path);
  return {};
}

void FaultyFileSystem::fail_each(std::initializer_list<Operation> operations, Failure failure) {
  const Lock lock(mutex_);
  failed_ = false;
  plan_ = [these = std::vector<Operation>(operations), failure](Operation operation) {
    return std::ranges::find(these, operation) == these.end() ? Failure() : failure;
  };
}

void FaultyFileSystem::fail_at(std::size_t number, bool for_ever, Failure failure) {
  const Lock lock(mutex_);
  failed_ = false;
  plan_ = [number, for_ever, failure, asked = std::size_t{0}](Operation) mutable {
    ++asked;
    return asked == number || (for_ever && asked > number) ? failure : Failure();
  };
}

void FaultyFileSystem::crash_at(std::size_t number) {
  const Lock lock(mutex_);
  plan_ = [number, asked = std::size_t{0}](Operation) mutable {
    if (++asked == number) ::_exit(kCrashed);
    return Failure();
  };
}

bool FaultyFileSystem::heal() {
  const Lock lock(mutex_);
  plan_ = nullptr;
  return std::exchange(failed_, false);
}

std::string FaultyFileSystem::Content::left(Luck luck) const {
  return last.starts_with(synced) ? last.substr(0, synced.size() + luck.bytes) : synced;
}

void FaultyFileSystem::follow_syncs() {
  const Lock lock(mutex_);
  follows_ = true;
}

FaultyFileSystem::Failure FaultyFileSystem::ask(Operation operation) {
  const Failure failure = plan_ ? plan_(operation) : Failure();
  failed_ = failed_ || failure.error != 0;
  return failure;
}

FaultyFileSystem::Contents FaultyFileSystem::find(const std::string& path) {
  if (!follows_ || !std::filesystem::is_regular_file(path)) return nullptr;
  Contents& content = files_[path];
  std::string now = read_all(path);
  if (content == nullptr) content = std::make_shared<Content>(Content{now, {}});
  content->last = std::move(now);
  return content;
}

Result<std::unique_ptr<File>> FaultyFileSystem::open(const std::string& path, File::Mode mode) {
  if (mode == File::Mode::kRead) return real_.open(path, mode);
  const Lock lock(mutex_);
  if (mode == File::Mode::kCreate) {
    if (const int error = ask(Operation::kCreate).error; error != 0) {
      return file_error("create", path, error);
    }
  }
  Contents content = find(path);
  auto real = real_.open(path, mode);
  if (!real) return real;
  if (follows_ && content == nullptr) {
    content = files_[path] = std::make_shared<Content>();
    before_.try_emplace(path);
  }
  return std::make_unique<FaultyFile>(*this, path, *std::move(real), std::move(content));
}

Result<> FaultyFileSystem::rename(const std::string& from, const std::string& to) {
  const Lock lock(mutex_);
  const int error = ask(Operation::kRename).error;
  if (error != 0) return file_error("rename", from, error);
  const Contents moved = find(from), replaced = find(to);
  if (auto done = real_.rename(from, to); !done) return done;
  note_rename(from, moved, to, replaced);
  return {};
}

void FaultyFileSystem::note_rename(const std::string& from, const Contents& moved,
                                   const std::string& to, const Contents& replaced) {
  if (!follows_) return;
  before_.try_emplace(from, moved);
  before_.try_emplace(to, replaced);
  files_.erase(from);
  files_.erase(to);
  if (moved != nullptr) files_[to] = moved;
}

Result<bool> FaultyFileSystem::remove(const std::string& path) {
  const Lock lock(mutex_);
  const int error = ask(Operation::kRemove).error;
  if (error != 0) return file_error("remove", path, error);
  const Contents content = find(path);
  auto removed = real_.remove(path);
  if (!follows_ || !removed || !*removed) return removed;
  before_.try_emplace(path, content);
  files_.erase(path);
  return removed;
}

Result<bool> FaultyFileSystem::make_folder(const std::string& path) {
  const Lock lock(mutex_);
  const int error = ask(Operation::kFolder).error;
  if (error != 0) return file_error("make folder", path, error);
  auto made = real_.make_folder(path);
  if (follows_ && made && *made) before_.try_emplace(path);
  return made;
}

Result<> FaultyFileSystem::sync_folder(const std::string& path) {
  const Lock lock(mutex_);
  const int error = ask(Operation::kSyncFolder).error;
  if (error != 0) return file_error("sync", path, error);
  if (auto there = real_.info(path); !there) return there.error();
  std::erase_if(before_, [&path](const auto& one) {
    return std::filesystem::path(one.first).parent_path() == std::filesystem::path(path);
  });
  return {};
}

void FaultyFileSystem::lose_power(Luck luck) {
  const Lock lock(mutex_);
  for (const auto& [path, content] : files_) {
    content->last = read_all(path);
    write_all(path, content->left(luck));
  }
  if (!luck.names) forget_names(luck);
  files_.clear();
  before_.clear();
}

void FaultyFileSystem::forget_names(Luck luck) {
  for (const auto& [path, content] : before_) {
    if (content == nullptr) std::filesystem::remove_all(path);
  }
  for (const auto& [path, content] : before_) {  // but in a folder that is gone
    if (content != nullptr) write_all(path, content->left(luck));
  }
}

}  // namespace keep::test
