#include "plugins/tier/archive/server_model.hpp"

#include "base/os/posix_file_system.hpp"
#include "tests/support/temp_folder.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <string>

namespace keep::tier {
namespace {

TEST(ServerModel, IsAnotherForEachFileAndBuild) {
  const test::TempFolder folder;
  PosixFileSystem files;
  ServerProps props;
  EXPECT_EQ(model_of(props, files), "");
  props.model_path = folder.path + "/model.gguf";
  std::set<std::string> models{model_of(props, files)};  // not to be seen from here
  std::ofstream(props.model_path) << "weights";
  models.insert(model_of(props, files));
  EXPECT_EQ(model_of(props, files), model_of(props, files));
  std::ofstream(props.model_path) << "other weights";
  models.insert(model_of(props, files));
  props.build = "b2";
  models.insert(model_of(props, files));
  props.model_path += "2";
  models.insert(model_of(props, files));
  EXPECT_EQ(models.size(), 5U);
  props.router = true;
  EXPECT_EQ(model_of(props, files), "");
}

}  // namespace
}  // namespace keep::tier
