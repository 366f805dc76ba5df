#include "plugins/history/log/conversation_log.hpp"

#include "tests/unit/plugins/history/log_files.hpp"

#include <sys/stat.h>

#include <filesystem>
#include <numeric>

namespace keep::history {
namespace {

using namespace test;

class ConversationLogTest : public testing::Test {
 protected:
  std::unique_ptr<ConversationLog> open() { return open_log(files_, stem_); }

  TempFolder folder_;
  PosixFileSystem files_;
  std::string stem_ = folder_.path + "/ab/abcd";
};

TEST_F(ConversationLogTest, IsEmptyWithoutFilesAndMakesNone) {
  const auto log = open();
  EXPECT_EQ(log->size(), 0U);
  EXPECT_EQ(log->tip(), kNoPosition);
  EXPECT_EQ(log->json(0).error().fault, Fault::kNotFound);
  EXPECT_TRUE(log->read(0, 1000)->empty());
  EXPECT_TRUE(log->path_to(kNoPosition).empty());
  EXPECT_FALSE(std::filesystem::exists(folder_.path + "/ab"));
}

TEST_F(ConversationLogTest, GivesBackEveryMessageAfterReopening) {
  auto log = open();
  fill(*log, 300);  // dozens of blocks, most of them with a dictionary
  expect_filled(*log, 300);
  const std::uint64_t tokens = log->tokens(), bytes = log->disk_bytes();
  log = open();
  expect_filled(*log, 300);
  EXPECT_EQ(log->tokens(), tokens);
  EXPECT_EQ(log->turns(), 150U);
  EXPECT_EQ(log->disk_bytes(), bytes);
  EXPECT_EQ(log->created(), chained(0).time);
  EXPECT_EQ(log->tip(), 299U);
  EXPECT_TRUE(log->take_notes().empty());
  fill(*log, 400);
  log = open();
  expect_filled(*log, 400);
}

TEST_F(ConversationLogTest, KeepsFilesToTheirOwner) {
  fill(*open(), 100);
  struct stat status {};
  ASSERT_EQ(::stat((stem_ + ".tail").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  ASSERT_EQ(::stat((stem_ + ".blocks").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  ASSERT_EQ(::stat((folder_.path + "/ab").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0700U);
}

TEST_F(ConversationLogTest, AppendsSeveralMessagesAtOnce) {
  auto log = open();
  std::vector<NewMessage> messages;
  for (std::size_t i = 0; i < 100; ++i) messages.push_back(chained(i));  // more than a block
  EXPECT_EQ(log->append(messages).value(), 0U);
  expect_filled(*log, 100);
  EXPECT_EQ(log->append({}).value(), 100U);
  log = open();
  expect_filled(*log, 100);
}

TEST_F(ConversationLogTest, KeepsMessagesOfAnySizeAndAnyBytes) {
  std::mt19937_64 random(7);
  std::vector<std::string> texts{"", std::string(1, '\0'), std::string(5000, 'x')};
  for (const std::size_t bytes : {10'000U, 300'000U, 5'000'000U, 20U, 599U, 600U, 601U, 0U}) {
    std::string text(bytes, '\0');
    for (char& c : text) c = static_cast<char>(random());
    texts.push_back(text);
  }
  auto log = open();
  for (const std::string& text : texts) {
    NewMessage message = chained(log->size());
    message.json = text;
    ASSERT_TRUE(log->append(std::vector<NewMessage>{message}));
  }
  for (int round = 0; round < 2; ++round) {
    for (std::size_t i = 0; i < texts.size(); ++i) {
      EXPECT_EQ(log->json(static_cast<Position>(i)).value(), texts[i]);
    }
    log = open();
  }
}

TEST_F(ConversationLogTest, KeepsExtremeNumbers) {
  NewMessage message;
  message.role = Role::kOther;
  message.hash = ~0ULL;
  message.tokens = ~0U;
  for (const std::int64_t time : {INT64_MIN, INT64_MAX, std::int64_t{0}, std::int64_t{-1}}) {
    auto log = open();
    message.time = time;
    const Position position = log->append(std::vector<NewMessage>{message, message}).value();
    log = open();
    EXPECT_EQ(log->info(position).time, time);
    EXPECT_EQ(log->info(position + 1).time, time);
    EXPECT_EQ(log->info(position).tokens, ~0U);
    EXPECT_EQ(log->info(position).hash, ~0ULL);
    EXPECT_EQ(log->info(position).role, Role::kOther);
  }
}

TEST_F(ConversationLogTest, RefusesAParentThatIsNotThere) {
  auto log = open();
  const std::vector<NewMessage> self{message_of(0, 0)};
  EXPECT_EQ(log->append(self).error().fault, Fault::kBadRequest);
  const std::vector<NewMessage> later{message_of(0, kNoPosition), message_of(1, 2)};
  EXPECT_EQ(log->append(later).error().fault, Fault::kBadRequest);
  EXPECT_EQ(log->size(), 0U);
  const std::vector<NewMessage> before{message_of(0, kNoPosition), message_of(1, 0)};
  EXPECT_TRUE(log->append(before));
}

TEST_F(ConversationLogTest, KeepsBranches) {
  auto log = open();
  fill(*log, 100);
  // From 40 on again, twice; the second goes on.
  const std::vector<NewMessage> again{message_of(1000, 40), message_of(1001, 40),
                                      message_of(1002, 101), message_of(1003, kNoPosition)};
  ASSERT_EQ(log->append(again).value(), 100U);
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(log->child(40, chained(41).hash), 41U);
    EXPECT_EQ(log->child(40, again[0].hash), 100U);
    EXPECT_EQ(log->child(101, again[2].hash), 102U);
    EXPECT_EQ(log->child(kNoPosition, again[3].hash), 103U);
    EXPECT_EQ(log->child(kNoPosition, chained(0).hash), 0U);
    EXPECT_EQ(log->last_with(again[2].hash), 102U);
    EXPECT_EQ(log->info(102).turn, 22U);  // 0 2 ... 40 and itself
    const Path path = log->path_to(102);
    ASSERT_EQ(path.size(), 2U);
    EXPECT_EQ(path[0].last, 40U);
    EXPECT_EQ(path[1].first, 101U);
    log = open();
  }
}

TEST_F(ConversationLogTest, ReadsInPieces) {
  auto log = open();
  fill(*log, 200);
  Position from = 0;
  std::size_t pieces = 0;
  for (;; ++pieces) {
    const auto messages = log->read(from, 1000).value();
    if (messages.empty()) break;
    const std::size_t bytes =
        std::accumulate(messages.begin(), messages.end(), std::size_t{0},
                        [](std::size_t sum, const auto& m) { return sum + m.json.size(); });
    EXPECT_TRUE(bytes <= 1000 || messages.size() == 1);
    for (const StoredMessage& message : messages) {
      ASSERT_EQ(message.info.position, from);
      ASSERT_EQ(message.json, json_of(from));
      ++from;
    }
  }
  EXPECT_EQ(from, 200U);
  EXPECT_GT(pieces, 10U);
  EXPECT_EQ(log->read(10, 0)->size(), 1U);  // one at least
}

TEST_F(ConversationLogTest, RefusesFilesOfOthersAndOfNewerVersions) {
  fill(*open(), 100);
  const auto other = ConversationLog::open(files_, stem_, {"tenant", "other"}, small_settings());
  EXPECT_EQ(other.error().fault, Fault::kStorage);
  for (const std::string& path : {stem_ + ".tail", stem_ + ".blocks"}) {
    const std::string good = read_file(path);
    std::string newer = good;
    newer[8] = 2;
    write_file(path, newer);
    const auto log = ConversationLog::open(files_, stem_, a_name(), small_settings());
    ASSERT_FALSE(log);
    EXPECT_EQ(log.error().fault, Fault::kStorage);
    EXPECT_NE(log.error().detail.find("newer version"), std::string::npos);
    EXPECT_EQ(read_file(path), newer);
    write_file(path, good);
  }
  expect_filled(*open(), 100);
  const auto long_name = ConversationLog::open(files_, stem_, {"t", std::string(20'000, 'x')});
  EXPECT_EQ(long_name.error().fault, Fault::kTooLarge);
}

TEST_F(ConversationLogTest, RemovesEveryTrace) {
  fill(*open(), 100);
  write_file(stem_ + ".tail.new", "x");
  write_file(stem_ + ".tail.damaged", "x");
  EXPECT_TRUE(ConversationLog::remove(files_, stem_).value());
  EXPECT_TRUE(std::filesystem::is_empty(folder_.path + "/ab"));
  EXPECT_FALSE(ConversationLog::remove(files_, stem_).value());
  EXPECT_EQ(open()->size(), 0U);
}

TEST_F(ConversationLogTest, FinishesARemovalThatWasInterrupted) {
  fill(*open(), 100);
  std::filesystem::rename(stem_ + ".tail", stem_ + ".ended");
  EXPECT_EQ(open()->size(), 0U);
  EXPECT_TRUE(std::filesystem::is_empty(folder_.path + "/ab"));
}

TEST_F(ConversationLogTest, CostsFewBytesOfMemoryPerMessage) {
  LogSettings settings;
  auto log = ConversationLog::open(files_, stem_, a_name(), settings).value();
  const std::uint64_t before = log->memory_bytes();
  std::vector<NewMessage> messages;
  for (std::size_t i = 0; i < 20'000; ++i) messages.push_back(chained(i));
  ASSERT_TRUE(log->append(messages));
  log = ConversationLog::open(files_, stem_, a_name(), settings).value();
  EXPECT_LT((log->memory_bytes() - before) / 20'000, 36U + 20U);  // and one dictionary
}

}  // namespace
}  // namespace keep::history
