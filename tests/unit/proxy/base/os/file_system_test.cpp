#include "base/os/file_system.hpp"

#include "tests/support/faulty_file_system.hpp"
#include "tests/support/temp_folder.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <string>

namespace keep {
namespace {

using Operation = test::FaultyFileSystem::Operation;

class FileSystemTest : public testing::Test {
 protected:
  std::string text() {
    const auto file = files_.open(path_, File::Mode::kRead);
    return file ? (*file)->read_at(0, 100).value() : file.error().detail;
  }

  const test::TempFolder temporary_;
  const std::string folder_ = temporary_.path, path_ = folder_ + "/file";
  test::FaultyFileSystem files_;
};

TEST_F(FileSystemTest, MakesTheFoldersAbove) {
  ASSERT_TRUE(files_.make_folders(folder_ + "/a/b/c"));
  ASSERT_TRUE(files_.make_folders(folder_ + "/a/b/c"));
  EXPECT_FALSE(files_.make_folder(folder_ + "/a/b/c").value());
  ASSERT_TRUE(files_.replace(path_, "a file", false));
  EXPECT_EQ(files_.make_folders(path_ + "/a/b").error().fault, Fault::kStorage);
}

TEST_F(FileSystemTest, FoldersSurviveTheLossOfPower) {
  files_.follow_syncs();
  const std::string path = folder_ + "/a/b/c";
  ASSERT_TRUE(files_.make_folders(path));
  files_.lose_power({});
  EXPECT_TRUE(files_.info(path));
  files_.fail_each({Operation::kSyncFolder});
  EXPECT_FALSE(files_.make_folders(path + "/d"));
}

TEST_F(FileSystemTest, ReplacesAllOrNothingAndLeavesNothingBehind) {
  ASSERT_TRUE(files_.replace(path_, "before", true));
  for (const Operation failing :
       {Operation::kCreate, Operation::kWrite, Operation::kSync, Operation::kRename}) {
    files_.fail_each({failing}, {ENOSPC, 3});
    EXPECT_FALSE(files_.replace(path_, "after", true));
    EXPECT_TRUE(files_.heal());
    EXPECT_EQ(text(), "before");
    EXPECT_EQ(files_.list_folder(folder_)->size(), 1U);
  }
  ASSERT_TRUE(files_.replace(path_, "after", false));
  EXPECT_EQ(text(), "after");
}

// Whatever the disk has done by itself when the power is lost, at whatever operation.
TEST_F(FileSystemTest, AReplacedFileIsTheOldOneOrTheNewOneAfterTheLossOfPower) {
  for (const auto luck : test::kLuck) {
    bool lost = true;
    for (std::size_t at = 1; lost; ++at) {
      test::FaultyFileSystem files;
      files.follow_syncs();
      ASSERT_TRUE(files.replace(path_, "before", true));
      files.fail_at(at, true);
      const auto done = files.replace(path_, "after that", true);
      lost = files.heal();
      EXPECT_NE(done.has_value(), lost);
      files.lose_power(luck);
      EXPECT_TRUE(text() == "after that" || (lost && text() == "before")) << at << ": " << text();
    }
  }
}

TEST_F(FileSystemTest, KnowsWhereAFileIs) {
  EXPECT_EQ(folder_of("/a/b/c"), "/a/b");
  EXPECT_EQ(folder_of("/a/b/"), "/a");
  EXPECT_EQ(folder_of("/a"), "/");
  EXPECT_EQ(folder_of("/"), "/");
  EXPECT_EQ(folder_of("a"), ".");
}

// As the fake has it, which every test of durable storage builds on.
TEST_F(FileSystemTest, OnlyWhatWasSyncedSurvivesTheLossOfPower) {
  files_.follow_syncs();
  {
    const auto file = files_.open(path_, File::Mode::kCreate).value();
    ASSERT_TRUE(file->write_at(0, "synced"));
    ASSERT_TRUE(file->sync());
    ASSERT_TRUE(file->write_at(6, ", and more"));
  }
  ASSERT_TRUE(files_.sync_folder(folder_));
  ASSERT_TRUE(files_.make_folder(folder_ + "/new"));
  ASSERT_TRUE(files_.open(folder_ + "/new/file", File::Mode::kCreate));
  ASSERT_TRUE(files_.rename(path_, folder_ + "/renamed"));
  ASSERT_TRUE(files_.remove(folder_ + "/renamed"));
  files_.lose_power({});
  EXPECT_EQ(text(), "synced");
  EXPECT_EQ(files_.list_folder(folder_)->size(), 1U);
}

TEST_F(FileSystemTest, OtherThingsMaySurviveItAsWell) {
  files_.follow_syncs();
  {
    const auto file = files_.open(path_ + "1", File::Mode::kCreate).value();
    ASSERT_TRUE(file->write_at(0, "not synced"));
    ASSERT_TRUE(file->move_to(path_));
  }
  files_.lose_power({.names = true, .bytes = 3});
  EXPECT_EQ(text(), "not");
  EXPECT_EQ(files_.list_folder(folder_)->size(), 1U);
}

TEST_F(FileSystemTest, SaysWhatFailedAndWhy) {
  EXPECT_EQ(file_error("open", "x", ENOENT).fault, Fault::kNotFound);
  const Error full = file_error("write", "x", ENOSPC);
  EXPECT_EQ(full.fault, Fault::kStorage);
  EXPECT_EQ(full.detail, "write x: No space left on device");
}

}  // namespace
}  // namespace keep
