#include "base/os/files.hpp"

#include "tests/support/temp_folder.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <string>
#include <utility>

namespace keep {
namespace {

class FilesTest : public testing::Test {
 protected:
  ~FilesTest() override { files::plan_failures(nullptr); }
  static unsigned mode_of(const std::string& path) {
    struct stat status {};
    EXPECT_EQ(::stat(path.c_str(), &status), 0);
    return status.st_mode & 0777U;
  }

  const test::TempFolder temporary_;
  const std::string folder_ = temporary_.path;
};

TEST_F(FilesTest, WritesAndReadsAnywhere) {
  const std::string path = folder_ + "/file";
  EXPECT_EQ(File::open(path, File::Mode::kRead).error().fault, Fault::kNotFound);
  EXPECT_EQ(File::open(path, File::Mode::kWrite).error().fault, Fault::kNotFound);
  File file = File::open(path, File::Mode::kCreate).value();
  EXPECT_EQ(mode_of(path), 0600U);
  ASSERT_TRUE(file.write_at(0, "hello"));
  ASSERT_TRUE(file.write_at(3, "p!"));
  ASSERT_TRUE(file.sync());
  EXPECT_EQ(file.read_at(0, 100).value(), "help!");
  EXPECT_EQ(file.read_at(1, 2).value(), "el");
  EXPECT_EQ(file.read_at(9, 2).value(), "");
  ASSERT_TRUE(file.truncate(3));
  EXPECT_EQ(file.info()->size, 3U);
  EXPECT_GT(file.info()->modified, 1'600'000'000);
  File moved = std::move(file);
  EXPECT_TRUE(moved.is_open());
  ASSERT_TRUE(moved.move_to(folder_ + "/other"));
  EXPECT_EQ(moved.path(), folder_ + "/other");
  EXPECT_FALSE(files::info(path));
  EXPECT_EQ(File::open(folder_ + "/other", File::Mode::kRead)->read_at(0, 9).value(), "hel");
  EXPECT_EQ(File::open(folder_ + "/other", File::Mode::kCreate)->info()->size, 0U);
}

TEST_F(FilesTest, MakesFoldersForItsOwner) {
  const std::string path = folder_ + "/a/b/c";
  ASSERT_TRUE(files::make_folder(path));
  ASSERT_TRUE(files::make_folder(path));
  EXPECT_EQ(mode_of(path), 0700U);
  EXPECT_EQ(mode_of(folder_ + "/a"), 0700U);
  ASSERT_TRUE(File::open(path + "/x", File::Mode::kCreate));
  ASSERT_TRUE(File::open(path + "/y", File::Mode::kCreate));
  auto names = files::list_folder(path).value();
  std::ranges::sort(names);
  EXPECT_EQ(names, (std::vector<std::string>{"x", "y"}));
  EXPECT_EQ(files::list_folder(path + "/none").error().fault, Fault::kNotFound);
  EXPECT_EQ(files::list_folder(path + "/x").error().fault, Fault::kStorage);
}

TEST_F(FilesTest, RemovesAndRenames) {
  ASSERT_TRUE(File::open(folder_ + "/x", File::Mode::kCreate));
  EXPECT_TRUE(files::rename(folder_ + "/x", folder_ + "/y"));
  EXPECT_EQ(files::rename(folder_ + "/x", folder_ + "/y").error().fault, Fault::kNotFound);
  EXPECT_TRUE(files::remove(folder_ + "/y").value());
  EXPECT_FALSE(files::remove(folder_ + "/y").value());
}

TEST_F(FilesTest, CountsWhatTheDiskLoses) {
  const std::string path = folder_ + "/file";
  File file = File::open(path, File::Mode::kCreate).value();
  ASSERT_TRUE(file.write_at(0, "x"));
  EXPECT_EQ(file.info()->size, 1U);
  EXPECT_GE(file.info()->on_disk, 1U);
  ASSERT_TRUE(file.write_at(0, std::string(100'000, 'x')));
  EXPECT_GE(file.info()->on_disk, 100'000U);
  EXPECT_EQ(files::info(path)->on_disk, file.info()->on_disk);
}

TEST_F(FilesTest, ReplacesAllOrNothingAndLeavesNothingBehind) {
  const std::string path = folder_ + "/file";
  ASSERT_TRUE(files::replace(path, "before", true));
  for (const char* const failing : {"create", "write", "sync", "rename"}) {
    static std::string_view fails;
    fails = failing;
    files::plan_failures([](std::string_view operation) {
      return operation == fails ? files::Failure{ENOSPC, 3} : files::Failure{};
    });
    EXPECT_FALSE(files::replace(path, "after", true)) << failing;
    files::plan_failures(nullptr);
    EXPECT_EQ(File::open(path, File::Mode::kRead)->read_at(0, 100).value(), "before");
    EXPECT_EQ(files::list_folder(folder_)->size(), 1U) << failing;
  }
  ASSERT_TRUE(files::replace(path, "after", false));
  EXPECT_EQ(File::open(path, File::Mode::kRead)->read_at(0, 100).value(), "after");
}

TEST_F(FilesTest, SaysWhatFailedAndWhere) {
  const std::string path = folder_ + "/file";
  File file = File::open(path, File::Mode::kCreate).value();
  files::plan_failures([](std::string_view operation) {
    return operation == "write" ? files::Failure{ENOSPC, 3} : files::Failure{};
  });
  const auto written = file.write_at(0, "hello");
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().fault, Fault::kStorage);
  EXPECT_EQ(written.error().detail, "write " + path + ": No space left on device");
  EXPECT_EQ(file.read_at(0, 10).value(), "hel");
}

}  // namespace
}  // namespace keep
