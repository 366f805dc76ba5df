#include "plugins/tier/archive/staging.hpp"

#include "tests/support/temp_folder.hpp"
#include "tests/unit/plugins/fake_services.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <thread>

namespace keep::tier {
namespace {

class StagingTest : public ::testing::Test, protected keep::test::FakeServices {
 protected:
  keep::test::TempFolder folder_;
};

TEST_F(StagingTest, AFileIsNobodyElsesAndGoesWithItsName) {
  Staging staging(services_, folder_.path), another(services_, folder_.path);
  auto first = staging.make("save"), second = staging.make("save");
  const auto third = another.make("save");
  EXPECT_NE(first->name(), second->name());
  EXPECT_NE(first->name(), third->name());
  std::ofstream(first->path()) << "bytes";
  std::ofstream(second->path()) << "bytes";
  const std::string path = first->path();
  first.reset();
  pools_.disk.join();
  EXPECT_FALSE(std::filesystem::exists(path));
  EXPECT_TRUE(std::filesystem::exists(second->path()));
}

// A server that was stopped for a while writes what nobody waits for any more.
TEST_F(StagingTest, AFileThatComesLateGoesWithOneOfTheNext) {
  Staging staging(services_, folder_.path);
  std::string path;
  {
    const auto file = staging.make("save");
    path = file->path();
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  loop_.poll();
  std::ofstream(path) << "bytes";
  for (int i = 0; i < 1000 && std::filesystem::exists(path); ++i) {
    staging.make("save");
    loop_.run_for(std::chrono::milliseconds(1));
  }
  EXPECT_FALSE(std::filesystem::exists(path));
  pools_.disk.join();
}

}  // namespace
}  // namespace keep::tier
