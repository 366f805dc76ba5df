// The loss of power at any moment, and what the disk has or has not done by itself until then.

#include "log_files.hpp"
#include "plugins/history/log/conversation_log.hpp"

namespace keep::history {
namespace {

using namespace test;

// No message has changed, none that a block has is missing, and the log goes on.
void expect_usable(FileSystem& files, const std::string& stem, std::size_t in_blocks) {
  std::size_t size = 0;
  {
    const auto log = open_log(files, stem);
    size = log->size();
    ASSERT_GE(size, in_blocks);
    for (std::size_t i = 0; i < size; ++i) {
      const auto json = log->json(static_cast<Position>(i));
      ASSERT_TRUE(json || i >= in_blocks) << i << ": " << json.error().detail;
      if (json) {
        ASSERT_EQ(*json, json_of(i));
      }
    }
    fill(*log, size + 10);
  }
  const auto log = open_log(files, stem);
  ASSERT_EQ(log->size(), size + 10);
  for (std::size_t i = size; i < log->size(); ++i) {
    ASSERT_EQ(log->json(static_cast<Position>(i)).value(), json_of(i));
  }
}

// The power is lost at the operation with that number: those after it fail. -> whether it was
bool lose_power_at(std::size_t operation, FaultyFileSystem::Luck luck) {
  const TempFolder folder;
  const std::string stem = folder.path + "/new/log";
  FaultyFileSystem files;
  files.follow_syncs();
  std::size_t in_blocks = 0;
  LogSettings settings = small_settings();
  settings.dictionary_after = 2000;
  files.fail_at(operation, true);
  {
    const auto log = open_log(files, stem, settings);
    for (int i = 0; i < 40; ++i) {
      const std::vector<NewMessage> one{chained(log->size())};
      (void)log->append(one);
      const auto tail = read_tail(files, stem + ".tail");
      if (tail) in_blocks = tail->header.first;
    }
  }
  const bool lost = files.heal();
  EXPECT_TRUE(lost || in_blocks > 20);
  files.lose_power(luck);
  expect_usable(files, stem, in_blocks);
  return lost;
}

TEST(PowerLossTest, WhatABlockHasSurvivesAndNothingIsMixedUp) {
  for (const auto luck : keep::test::kLuck) {
    for (std::size_t at = 1; lose_power_at(at, luck); ++at) {
      ASSERT_FALSE(testing::Test::HasFailure()) << at << ' ' << luck.names << ' ' << luck.bytes;
    }
  }
}

}  // namespace
}  // namespace keep::history
