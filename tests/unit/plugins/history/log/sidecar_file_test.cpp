#include "plugins/history/log/sidecar_file.hpp"

#include "tests/unit/plugins/history/log_files.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

namespace keep::history::test {
namespace {

class SidecarFileTest : public testing::Test {
 protected:
  std::string stem() const { return folder_.path + "/talk"; }
  std::string path() const { return stem() + ".zone"; }
  std::string read() {
    const auto text = read_sidecar(files_, path());
    return text ? *text : "error: " + text.error().detail;
  }
  TempFolder folder_;
  PosixFileSystem files_;
};

TEST_F(SidecarFileTest, IsReplacedAsAWhole) {
  EXPECT_EQ(read(), "");
  ASSERT_TRUE(write_sidecar(files_, path(), "a longer text"));
  ASSERT_TRUE(write_sidecar(files_, path(), "text"));
  EXPECT_EQ(read(), "text");
  EXPECT_FALSE(std::filesystem::exists(path() + ".new"));
  ASSERT_TRUE(write_sidecar(files_, path(), ""));
  EXPECT_EQ(read(), "");
}

TEST_F(SidecarFileTest, ADamagedOneIsAsGoodAsNone) {
  ASSERT_TRUE(write_sidecar(files_, path(), "text"));
  const std::string good = read_file(path());
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 1);
    write_file(path(), bad);
    EXPECT_EQ(read(), "") << i;
    write_file(path(), good.substr(0, i));
    EXPECT_EQ(read(), "") << i;
  }
}

TEST_F(SidecarFileTest, TooLongIsNone) {
  ASSERT_TRUE(write_sidecar(files_, path(), "text"));
  const auto written = write_sidecar(files_, path(), std::string(kMaxSidecarBytes + 1, 'x'));
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().fault, Fault::kTooLarge);
  EXPECT_EQ(read(), "");
  ASSERT_TRUE(write_sidecar(files_, path(), std::string(kMaxSidecarBytes, 'x')));
  EXPECT_EQ(read().size(), kMaxSidecarBytes);
}

TEST_F(SidecarFileTest, LivesAndDiesWithItsConversation) {
  {
    const auto log = open_log(files_, stem());
    EXPECT_FALSE(log->set_sidecar(Sidecar::kZone, "zone"));
    fill(*log, 2);
    ASSERT_TRUE(log->set_sidecar(Sidecar::kZone, "zone"));
    ASSERT_TRUE(log->set_sidecar(Sidecar::kRecalled, "recalled"));
  }
  {
    const auto log = open_log(files_, stem());
    EXPECT_EQ(log->sidecar(Sidecar::kZone).value(), "zone");
    EXPECT_EQ(log->sidecar(Sidecar::kRecalled).value(), "recalled");
  }
  ASSERT_TRUE(ConversationLog::remove(files_, stem()).value());
  EXPECT_TRUE(std::filesystem::is_empty(folder_.path));
}

}  // namespace
}  // namespace keep::history::test
