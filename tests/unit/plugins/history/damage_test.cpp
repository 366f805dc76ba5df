// What is left of a conversation after its files were cut, changed, or lost.

#include "log_files.hpp"
#include "plugins/history/log/conversation_log.hpp"

#include <cerrno>
#include <filesystem>

namespace keep::history {
namespace {

using namespace test;

class DamageTest : public testing::Test {
 protected:
  std::string blocks() const { return read_file(stem_ + ".blocks"); }
  std::string tail() const { return read_file(stem_ + ".tail"); }
  void put(const std::string& blocks, const std::string& tail) const {
    write_file(stem_ + ".blocks", blocks);
    write_file(stem_ + ".tail", tail);
  }
  // What can be read is right, and the log can go on. Returns how many cannot be read.
  std::size_t expect_usable(std::size_t size) {
    auto log = open_log(files_, stem_);
    EXPECT_EQ(log->size(), size);
    std::size_t lost = 0;
    for (std::size_t i = 0; i < log->size(); ++i) {
      const auto json = log->json(static_cast<Position>(i));
      if (json) {
        EXPECT_EQ(*json, json_of(i));
      } else {
        EXPECT_EQ(json.error().fault, Fault::kStorage);
        ++lost;
      }
    }
    EXPECT_EQ(log->read(0, 1 << 20)->size(), log->size() - lost);
    EXPECT_TRUE(lost == 0 || !log->take_notes().empty() || blocks_are_damaged_inside_);
    EXPECT_EQ(log->path_to(log->tip()).size(), 1U);
    const std::size_t before = log->size();
    fill(*log, before + 12);  // makes a block of what is left
    log = open_log(files_, stem_);
    EXPECT_EQ(log->size(), before + 12);
    expect_filled_texts(*log, before);
    return lost;
  }
  static void expect_filled_texts(const ConversationLog& log, std::size_t from) {
    for (std::size_t i = from; i < log.size(); ++i) {
      EXPECT_EQ(log.json(static_cast<Position>(i)).value(), json_of(i));
    }
  }

  TempFolder folder_;
  FaultyFileSystem files_;
  std::string stem_ = folder_.path + "/log";
  bool blocks_are_damaged_inside_ = false;
};

TEST_F(DamageTest, ATailCutAnywhereKeepsWhatWasWhole) {
  std::vector<std::size_t> ends;  // of the tail, after each message
  std::size_t first = 0;          // that is in the tail
  {
    const auto log = open_log(files_, stem_);
    fill(*log, 100);
    std::string before = blocks();
    while (blocks() == before) fill(*log, log->size() + 1);
    first = log->size();
    ends.push_back(tail().size());
    for (int i = 0; i < 3; ++i) {
      fill(*log, log->size() + 1);
      ends.push_back(tail().size());
    }
  }
  const std::string blocks_were = blocks(), tail_was = tail();
  for (std::size_t bytes = ends.front(); bytes <= tail_was.size(); ++bytes) {
    put(blocks_were, tail_was.substr(0, bytes));
    std::size_t whole = 0;
    while (whole + 1 < ends.size() && ends[whole + 1] <= bytes) ++whole;
    {
      const auto log = open_log(files_, stem_);
      ASSERT_EQ(log->size(), first + whole) << bytes;
      expect_filled(*log, first + whole);
    }
    if (bytes % 16 == 0) {
      EXPECT_EQ(expect_usable(first + whole), 0U);
    }
  }
  // Within its header, too: the blocks know what is in them.
  for (std::size_t bytes = 0; bytes < ends.front(); ++bytes) {
    put(blocks_were, tail_was.substr(0, bytes));
    const auto log = open_log(files_, stem_);
    ASSERT_EQ(log->size(), first);
    expect_filled(*log, first, first - 10);
  }
}

// The tail cannot be replaced: as if the process had ended between the two steps of a seal.
TEST_F(DamageTest, ABlockCutAnywhereIsMadeAgainFromTheTail) {
  std::string blocks_before;
  std::size_t size = 0;
  {
    const auto log = open_log(files_, stem_);
    fill(*log, 100);
    files_.fail_each({Operation::kRename});
    blocks_before = blocks();
    while (blocks() == blocks_before) fill(*log, log->size() + 1);
    files_.heal();
    size = log->size();
    expect_filled(*log, size);
    EXPECT_EQ(log->take_notes().size(), 1U);
  }
  const std::string blocks_were = blocks(), tail_was = tail();
  for (std::size_t bytes = blocks_before.size(); bytes <= blocks_were.size(); ++bytes) {
    put(blocks_were.substr(0, bytes), tail_was);
    const auto log = open_log(files_, stem_);
    ASSERT_EQ(log->size(), size) << bytes;
    expect_filled(*log, size, 80);
    // And with something else where the end of the block was.
    put(blocks_were.substr(0, bytes) + std::string(50, 'x'), tail_was);
    ASSERT_NO_FATAL_FAILURE(expect_filled(*open_log(files_, stem_), size, 80)) << bytes;
    if (bytes % 16 == 0) {
      EXPECT_EQ(expect_usable(size), 0U);
    }
  }
}

TEST_F(DamageTest, BlocksGoOnAfterATailThatCouldNotBeReplaced) {
  {
    const auto log = open_log(files_, stem_);
    files_.fail_each({Operation::kRename});
    fill(*log, 200);
    files_.heal();
    expect_filled(*log, 200);
  }
  const auto log = open_log(files_, stem_);
  expect_filled(*log, 200);
  fill(*log, 400);
  expect_filled(*open_log(files_, stem_), 400);
}

TEST_F(DamageTest, AChangedByteCostsOneBlockAtMost) {
  fill(*open_log(files_, stem_), 60);  // without a dictionary
  const std::string blocks_were = blocks(), tail_was = tail();
  blocks_are_damaged_inside_ = true;
  std::mt19937_64 random(3);
  for (std::size_t at = 0; at < blocks_were.size(); at += 1 + random() % 19) {
    std::string changed = blocks_were;
    changed[at] = static_cast<char>(changed[at] ^ (1U << (random() % 8)));
    put(changed, tail_was);
    if (at == 8 || at == 9) continue;  // the version
    ASSERT_LE(expect_usable(60), 12U) << at;
  }
}

TEST_F(DamageTest, AChangedByteNeverGivesWrongText) {
  fill(*open_log(files_, stem_), 300);  // with a dictionary
  const std::string blocks_were = blocks(), tail_was = tail();
  blocks_are_damaged_inside_ = true;
  std::mt19937_64 random(4);
  for (std::size_t at = 10; at < blocks_were.size(); at += 1 + random() % 250) {
    std::string changed = blocks_were;
    changed[at] = static_cast<char>(random());
    put(changed, tail_was);
    expect_usable(300);
  }
}

TEST_F(DamageTest, AChangedByteInTheTailCostsOneMessage) {
  {
    const auto log = open_log(files_, stem_);
    fill(*log, 100);
    while (log->size() - 4 < 100) fill(*log, log->size() + 1);
  }
  const std::string blocks_were = blocks(), tail_was = tail();
  const std::size_t size = open_log(files_, stem_)->size();
  for (std::size_t at = 0; at < tail_was.size(); ++at) {
    if (at == 8 || at == 9) continue;  // the version
    std::string changed = tail_was;
    changed[at] = static_cast<char>(changed[at] ^ 0x20);
    put(blocks_were, changed);
    const auto log = open_log(files_, stem_);
    std::size_t lost = size - log->size();
    for (std::size_t i = 0; i < log->size(); ++i) {
      const auto json = log->json(static_cast<Position>(i));
      lost += json ? 0 : 1;
      if (json) {
        ASSERT_EQ(*json, json_of(i));
      }
    }
    const bool header = at < 64;
    ASSERT_LE(lost, header ? 12U : 1U) << at;
  }
}

TEST_F(DamageTest, LostFilesLeaveTheOther) {
  fill(*open_log(files_, stem_), 300);
  const std::string blocks_were = blocks(), tail_was = tail();
  std::filesystem::remove(stem_ + ".tail");
  {
    const auto log = open_log(files_, stem_);
    EXPECT_GT(log->size(), 280U);
    expect_filled(*log, log->size());
  }
  put(blocks_were, tail_was);
  std::filesystem::remove(stem_ + ".blocks");
  const auto log = open_log(files_, stem_);
  EXPECT_EQ(log->size(), 300U);
  EXPECT_EQ(log->json(0).error().fault, Fault::kStorage);
  const auto left = log->read(0, 1 << 20).value();
  ASSERT_FALSE(left.empty());
  EXPECT_EQ(left.back().json, json_of(299));
  fill(*log, 320);
  EXPECT_EQ(open_log(files_, stem_)->json(310).value(), json_of(310));
}

TEST_F(DamageTest, AnOlderTailHarmsNothing) {
  std::string old_tail;
  {
    const auto log = open_log(files_, stem_);
    fill(*log, 100);
    old_tail = tail();
    fill(*log, 300);
  }
  put(blocks(), old_tail);
  const auto log = open_log(files_, stem_);
  EXPECT_GT(log->size(), 280U);
  expect_filled(*log, log->size());
  fill(*log, 400);
  expect_filled(*open_log(files_, stem_), 400);
}

}  // namespace
}  // namespace keep::history
