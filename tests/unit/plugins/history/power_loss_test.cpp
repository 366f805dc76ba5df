// The loss of power at any moment, and what the disk has or has not done by itself until then.

#include "log_files.hpp"
#include "plugins/history/log/conversation_log.hpp"
#include "plugins/history/store/small_files.hpp"
#include "plugins/history/store/store_scan.hpp"

#include <optional>

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

TEST(PowerLossTest, AFolderThatWasMadeUnsyncedIsSyncedAtTheNextStart) {
  const TempFolder folder;
  const std::string root = folder.path + "/conversations";
  FaultyFileSystem files;
  files.follow_syncs();
  files.fail_each({Operation::kSyncFolder});
  ASSERT_FALSE(files.make_folders(root));
  ASSERT_FALSE(files.make_folders(root + "/ab"));
  files.heal();
  Pack pack(files, root + "/pack.db");
  ASSERT_TRUE(scan_store(files, root, small_settings(), pack));
  files.lose_power({});
  EXPECT_TRUE(files.info(root + "/ab"));
}

// A conversation on its way out of the pack and back.
class PackedPowerLoss {
 public:
  // It grows to as many messages.
  explicit PackedPowerLoss(std::size_t until) : until_(until) { files_.follow_syncs(); }

  // -> whether the power was lost
  bool lose_power_at(std::size_t operation, FaultyFileSystem::Luck luck) {
    start();
    fill(*open(), 3);
    (void)pack_small(files_, *pack_, {&stem_, 1});
    files_.fail_at(operation, true);
    {
      const auto log = open();
      fill(*log, 4);
      (void)files_.sync_folder(folder_of(stem_));  // for another conversation in it
      while (log->size() < until_) fill(*log, log->size() + 1);
    }
    (void)pack_small(files_, *pack_, {&stem_, 1});
    const bool lost = files_.heal();
    const auto row = pack_->find(key_of(stem_)).value();
    durable_ = row ? parse_tail(row->tail).end() : read_tail(files_, stem_ + ".tail")->end();
    pack_.reset();
    files_.lose_power(luck);
    return lost;
  }
  // What the pack had is there, and nothing else but what came after it; also when it was only read
  // and put away again.
  void expect_whole() {
    ASSERT_GE(durable_, 3U);
    for (int round = 0; round < 2; ++round) {
      const Scan scan = start();
      ASSERT_EQ(scan.found.size(), 1U);
      ASSERT_EQ(scan.damaged, 0U);
      auto log = open();
      ASSERT_GE(log->size(), durable_);
      ASSERT_GE(log->size(), scan.found[0].messages);
      expect_filled(*log, log->size());
      durable_ = log->size();
      log.reset();
      ASSERT_TRUE(pack_small(files_, *pack_, {&stem_, 1}));
    }
    fill(*open(), durable_ + 10);
    expect_filled(*open(), durable_ + 10);
  }

 private:
  Scan start() {
    pack_.emplace(files_, root_ + "/pack.db");
    return scan_store(files_, root_, small_settings(), *pack_).value();
  }
  std::unique_ptr<ConversationLog> open() {
    auto packed = pack_->find(key_of(stem_)).value();
    return ConversationLog::open(files_, stem_, a_name(), small_settings(), std::move(packed))
        .value();
  }

  const TempFolder folder_;
  const std::string root_ = folder_.path + "/conversations", stem_ = stem_of(root_, a_name());
  FaultyFileSystem files_;
  std::optional<Pack> pack_;
  const std::size_t until_;
  std::size_t durable_ = 0;
};

void expect_packed_survives(std::size_t until, std::size_t step) {
  for (const bool names : {false, true}) {
    for (std::size_t bytes = 0; bytes < 1200; bytes += step) {
      bool lost = true;
      for (std::size_t at = 1; lost; ++at) {
        PackedPowerLoss packed(until);
        lost = packed.lose_power_at(at, {names, bytes});
        ASSERT_NO_FATAL_FAILURE(packed.expect_whole()) << at << ' ' << names << ' ' << bytes;
      }
    }
  }
}

TEST(PowerLossTest, WhatThePackHasSurvives) { expect_packed_survives(5, 100); }

// Through the first block.
TEST(PowerLossTest, WhatThePackHasSurvivesThatItOutgrowsIt) { expect_packed_survives(12, 200); }

}  // namespace
}  // namespace keep::history
