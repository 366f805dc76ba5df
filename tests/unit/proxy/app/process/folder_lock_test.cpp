#include "app/process/folder_lock.hpp"

#include "base/os/posix_file_system.hpp"
#include "tests/support/temp_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <optional>
#include <string>

namespace keep {
namespace {

TEST(FolderLock, OneAtATimeAndTheOtherIsNamed) {
  const test::TempFolder folder;
  PosixFileSystem files;
  const std::string state = folder.path + "/state/keep";
  std::optional<Result<FolderLock>> first = FolderLock::take(files, state);
  ASSERT_TRUE(*first) << first->error().detail;
  const auto second = FolderLock::take(files, state);
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().detail, testing::HasSubstr(state + " is in use"));
  EXPECT_THAT(second.error().detail,
              testing::HasSubstr("(process " + std::to_string(::getpid()) + ")"));
  first.reset();
  EXPECT_TRUE(FolderLock::take(files, state));
}

TEST(FolderLock, ItsFileIsTheOwnersAndTheOneThatDiedLeavesIsTaken) {
  const test::TempFolder folder;
  PosixFileSystem files;
  { const auto taken = FolderLock::take(files, folder.path); }
  struct stat info {};
  ASSERT_EQ(::stat((folder.path + "/lock").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
  EXPECT_TRUE(FolderLock::take(files, folder.path));
}

TEST(FolderLock, SaysWhereItCannotWrite) {
  const test::TempFolder folder;
  PosixFileSystem files;
  std::filesystem::create_directory(folder.path + "/lock");
  const auto taken = FolderLock::take(files, folder.path);
  ASSERT_FALSE(taken);
  EXPECT_THAT(taken.error().detail, testing::HasSubstr(folder.path + "/lock"));
}

}  // namespace
}  // namespace keep
