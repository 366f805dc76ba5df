#include "plugins/tier/archive/staging.hpp"

#include "tests/support/temp_folder.hpp"
#include "tests/unit/plugins/fake_services.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

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

}  // namespace
}  // namespace keep::tier
