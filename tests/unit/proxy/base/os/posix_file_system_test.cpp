#include "base/os/posix_file_system.hpp"

#include "tests/support/temp_folder.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

namespace keep {
namespace {

class PosixFileSystemTest : public testing::Test {
 protected:
  static unsigned mode_of(const std::string& path) {
    struct stat status {};
    EXPECT_EQ(::stat(path.c_str(), &status), 0);
    return status.st_mode & 0777U;
  }
  std::unique_ptr<File> create(const std::string& path) {
    return files_.open(path, File::Mode::kCreate).value();
  }
  std::string text_of(const std::string& path) {
    return files_.open(path, File::Mode::kRead).value()->read_at(0, 100).value();
  }

  const test::TempFolder temporary_;
  const std::string folder_ = temporary_.path;
  PosixFileSystem files_;
};

TEST_F(PosixFileSystemTest, WritesAndReadsAnywhere) {
  const std::string path = folder_ + "/file";
  EXPECT_EQ(files_.open(path, File::Mode::kRead).error().fault, Fault::kNotFound);
  EXPECT_EQ(files_.open(path, File::Mode::kWrite).error().fault, Fault::kNotFound);
  const auto file = create(path);
  EXPECT_EQ(mode_of(path), 0600U);
  ASSERT_TRUE(file->write_at(0, "hello"));
  ASSERT_TRUE(file->write_at(3, "p!"));
  ASSERT_TRUE(file->sync());
  EXPECT_EQ(file->read_at(0, 100).value(), "help!");
  EXPECT_EQ(file->read_at(1, 2).value(), "el");
  EXPECT_EQ(file->read_at(9, 2).value(), "");
  ASSERT_TRUE(file->truncate(3));
  EXPECT_EQ(file->info()->size, 3U);
  EXPECT_GT(file->info()->modified, 1'600'000'000);
  ASSERT_TRUE(file->move_to(folder_ + "/other"));
  EXPECT_FALSE(files_.info(path));
  EXPECT_EQ(text_of(folder_ + "/other"), "hel");
  ASSERT_TRUE(files_.sync_folder(folder_));
  EXPECT_EQ(create(folder_ + "/other")->info()->size, 0U);
}

TEST_F(PosixFileSystemTest, MakesFoldersForItsOwner) {
  const std::string path = folder_ + "/a";
  EXPECT_EQ(files_.make_folder(path + "/b").error().fault, Fault::kNotFound);
  EXPECT_TRUE(files_.make_folder(path).value());
  EXPECT_FALSE(files_.make_folder(path).value());
  EXPECT_EQ(mode_of(path), 0700U);
  create(path + "/x");
  create(path + "/y");
  auto names = files_.list_folder(path).value();
  std::ranges::sort(names);
  EXPECT_EQ(names, (std::vector<std::string>{"x", "y"}));
  EXPECT_EQ(files_.list_folder(path + "/none").error().fault, Fault::kNotFound);
  EXPECT_EQ(files_.list_folder(path + "/x").error().fault, Fault::kStorage);
  EXPECT_EQ(files_.sync_folder(path + "/none").error().fault, Fault::kNotFound);
}

TEST_F(PosixFileSystemTest, RemovesAndRenames) {
  create(folder_ + "/x");
  EXPECT_TRUE(files_.rename(folder_ + "/x", folder_ + "/y"));
  EXPECT_EQ(files_.rename(folder_ + "/x", folder_ + "/y").error().fault, Fault::kNotFound);
  EXPECT_TRUE(files_.remove(folder_ + "/y").value());
  EXPECT_FALSE(files_.remove(folder_ + "/y").value());
}

TEST_F(PosixFileSystemTest, CountsWhatTheDiskLoses) {
  const std::string path = folder_ + "/file";
  const auto file = create(path);
  ASSERT_TRUE(file->write_at(0, "x"));
  EXPECT_EQ(file->info()->size, 1U);
  EXPECT_GE(file->info()->on_disk, 1U);
  ASSERT_TRUE(file->write_at(0, std::string(100'000, 'x')));
  EXPECT_GE(file->info()->on_disk, 100'000U);
  EXPECT_EQ(files_.info(path)->on_disk, file->info()->on_disk);
}

TEST_F(PosixFileSystemTest, SaysWhatFailedAndWhere) {
  const std::string path = folder_ + "/file";
  create(path);
  const auto reading = files_.open(path, File::Mode::kRead).value();
  const auto written = reading->write_at(0, "hello");
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().fault, Fault::kStorage);
  EXPECT_EQ(written.error().detail, "write " + path + ": Bad file descriptor");
}

}  // namespace
}  // namespace keep
