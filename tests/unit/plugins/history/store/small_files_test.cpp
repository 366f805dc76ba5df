// The way of a conversation into the pack and back, and what a crash leaves of it.

#include "plugins/history/store/small_files.hpp"

#include "tests/unit/plugins/history/log_files.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <filesystem>

namespace keep::history {
namespace {

using namespace test;

// As the tests have it, with a pack beside.
class SmallFilesTest : public testing::Test {
 protected:
  void SetUp() override { reopen(); }

  // After a crash, too: then what is in files is no longer in the pack.
  void reopen() {
    pack_.emplace(files_, folder_.path + "/pack.db");
    const auto opened = pack_->open([](const PackedConversation&) {});
    ASSERT_TRUE(opened) << opened.error().detail;
  }
  Packed pack() {
    const auto outcomes = pack_small(files_, *pack_, {&stem_, 1});
    return outcomes ? outcomes->front() : Packed();
  }
  std::unique_ptr<ConversationLog> open(const LogSettings& settings = small_settings()) {
    auto packed = pack_->find(key_of(stem_));
    if (!packed) throw std::runtime_error(packed.error().detail);
    auto log = ConversationLog::open(files_, stem_, a_name(), settings, *std::move(packed));
    if (!log) throw std::runtime_error(log.error().detail);
    return *std::move(log);
  }
  bool has(const std::string& ending) const { return std::filesystem::exists(stem_ + ending); }

  TempFolder folder_;
  FaultyFileSystem files_;
  std::string stem_ = folder_.path + "/ab/log";
  std::optional<Pack> pack_;
};

TEST_F(SmallFilesTest, PackedItIsReadWithoutFilesAndWrittenInFiles) {
  {
    auto log = open();
    fill(*log, 3);
    ASSERT_TRUE(log->set_sidecar(Sidecar::kZone, "where it begins"));
    EXPECT_EQ(log->packed_bytes(), 0U);
  }
  const std::uint64_t bytes = read_file(stem_ + ".tail").size() + read_file(stem_ + ".zone").size();
  EXPECT_EQ(pack().bytes, bytes);
  EXPECT_FALSE(has(".tail"));
  EXPECT_FALSE(has(".zone"));
  reopen();
  {
    auto log = open();
    ASSERT_EQ(log->size(), 3U);
    expect_filled(*log, 3);
    EXPECT_EQ(log->sidecar(Sidecar::kZone).value(), "where it begins");
    EXPECT_EQ(log->sidecar(Sidecar::kRecalled).value(), "");
    EXPECT_EQ(log->packed_bytes(), bytes);
    EXPECT_EQ(log->disk_bytes(), bytes);
    EXPECT_TRUE(log->flush());
    EXPECT_FALSE(has(".tail"));
    fill(*log, 4);
    EXPECT_TRUE(has(".tail"));
    EXPECT_TRUE(has(".zone"));
    EXPECT_EQ(log->packed_bytes(), 0U);
  }
  auto log = open();  // the pack has the three messages still, but there are files
  expect_filled(*log, 4);
  EXPECT_EQ(log->sidecar(Sidecar::kZone).value(), "where it begins");
  log.reset();
  EXPECT_TRUE(pack().bytes);
  expect_filled(*open(), 4);
}

TEST_F(SmallFilesTest, ASidecarTakesTheTailAlong) {
  fill(*open(), 3);
  ASSERT_TRUE(pack().bytes);
  ASSERT_TRUE(open()->set_sidecar(Sidecar::kRecalled, "what was recalled"));
  EXPECT_TRUE(has(".tail"));
  EXPECT_TRUE(has(".recalled"));
  EXPECT_TRUE(pack().bytes);
  auto log = open();
  EXPECT_EQ(log->sidecar(Sidecar::kRecalled).value(), "what was recalled");
  expect_filled(*log, 3);
}

TEST_F(SmallFilesTest, WhatIsTakenBackLeavesItPacked) {
  fill(*open(), 3);
  ASSERT_TRUE(pack().bytes);
  auto log = open();
  ASSERT_TRUE(log->append(std::vector<NewMessage>{chained(3)}, Write::kLater));
  EXPECT_EQ(log->size(), 4U);
  log->take_back();
  EXPECT_EQ(log->size(), 3U);
  EXPECT_FALSE(has(".tail"));
}

TEST_F(SmallFilesTest, LargeOnesStayInFiles) {
  LogSettings settings = small_settings();
  settings.block_bytes = 1 << 20;
  const auto size = [this] { return read_file(stem_ + ".tail").size(); };
  std::size_t messages = 3, packed = 0;
  for (; size() < 10'000; ++messages) {
    fill(*open(settings), messages);
    const std::size_t bytes = size();
    const Packed outcome = pack();
    const bool saves = bytes % 4096 != 0 && bytes * 4 <= (bytes / 4096 + 1) * 4096 * 3;
    EXPECT_EQ(outcome.bytes.has_value(), saves && bytes <= kMaxPackedBytes) << bytes;
    EXPECT_EQ(outcome.holds, outcome.bytes.has_value()) << "what has outgrown it is not in it";
    if (outcome.bytes) ++packed;
  }
  EXPECT_GT(packed, 10U);
  const auto log = open(settings);
  expect_filled(*log, messages - 1);
}

TEST_F(SmallFilesTest, GrowsFromThePackIntoBlocks) {
  fill(*open(), 4);
  ASSERT_TRUE(pack().bytes);
  fill(*open(), 200);
  EXPECT_TRUE(has(".blocks"));
  EXPECT_FALSE(pack().holds);
  expect_filled(*open(), 200);
}

// As the loss of power may leave the files; then it is only read.
TEST_F(SmallFilesTest, WhatThePackHasMoreOfStaysInIt) {
  for (const std::size_t until : {4U, 12U}) {  // without blocks, and with
    fill(*open(), 2);
    const std::string less = read_file(stem_ + ".tail");
    for (const std::string& left : {std::string(), std::string(100, '\0'), less}) {
      fill(*open(), 3);
      pack();
      fill(*open(), until);
      ASSERT_EQ(has(".blocks"), until > 4);
      write_file(stem_ + ".tail", left);
      if (has(".blocks")) write_file(stem_ + ".blocks", "");
      for (int round = 0; round < 2; ++round) {
        EXPECT_EQ(open()->size(), 3U);
        EXPECT_TRUE(pack().holds);
        reopen();
      }
      auto log = open();
      expect_filled(*log, 3);
      fill(*log, 20);
      log.reset();
      expect_filled(*open(), 20);
      pack_->change(std::vector<std::string>{key_of(stem_)}, {});
      ASSERT_TRUE(ConversationLog::remove(files_, stem_));
    }
  }
}

// A file without its content, as the loss of power may leave it.
TEST_F(SmallFilesTest, WhatThePackHasStandsInForALostTail) {
  for (const std::string& left : {std::string(), std::string(100, '\0')}) {
    fill(*open(), 3);
    ASSERT_TRUE(pack().bytes);
    fill(*open(), 5);
    write_file(stem_ + ".tail", left);
    auto log = open();
    ASSERT_EQ(log->size(), 3U);
    fill(*log, 4);
    log.reset();
    expect_filled(*open(), 4);
    pack_->change(std::vector<std::string>{key_of(stem_)}, {});
    ASSERT_TRUE(ConversationLog::remove(files_, stem_));
  }
}

TEST_F(SmallFilesTest, WithoutAPackEverythingStaysAsItIs) {
  fill(*open(), 3);
  std::filesystem::create_directory(folder_.path + "/pack.db");
  EXPECT_FALSE(pack_small(files_, *pack_, {&stem_, 1}));
  EXPECT_TRUE(has(".tail"));
}

// Everything that can be done to it, ending with it packed.
void live(ConversationLog& log, std::size_t until) {
  fill(log, until);
  (void)log.set_sidecar(Sidecar::kZone, "zone " + std::to_string(until));
}

TEST_F(SmallFilesTest, ACrashAnywhereLeavesTheWholeConversation) {
  bool crashed = true;
  for (std::size_t at = 1; crashed; ++at) {
    live(*open(), 3);
    ASSERT_TRUE(pack().bytes);
    const pid_t child = ::fork();
    if (child == 0) {
      files_.crash_at(at);
      live(*open(), 4);  // out of the pack
      (void)pack();      // and into it
      ::_exit(0);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    crashed = WEXITSTATUS(status) == FaultyFileSystem::kCrashed;
    reopen();
    {
      const auto log = open();
      ASSERT_GE(log->size(), 3U) << at;
      ASSERT_LE(log->size(), 4U) << at;
      expect_filled(*log, log->size());
      EXPECT_EQ(log->sidecar(Sidecar::kZone)->empty(),
                !log->sidecar(Sidecar::kZone)->starts_with("zone"));
      EXPECT_TRUE(crashed || log->size() == 4);
    }
    ASSERT_TRUE(pack_->change(std::vector<std::string>{key_of(stem_)}, {}));
    ASSERT_TRUE(ConversationLog::remove(files_, stem_));
  }
}

TEST_F(SmallFilesTest, AFailureAnywhereCostsNothing) {
  bool failed = true;
  for (std::size_t at = 1; failed; ++at) {
    live(*open(), 3);
    ASSERT_TRUE(pack().bytes);
    files_.fail_at(at, false, {ENOSPC, 0});
    {
      const auto log = open();
      live(*log, 4);
      (void)log->flush();  // once more, when it has failed
      ASSERT_EQ(log->unwritten_bytes(), 0U) << at;
    }
    (void)pack();
    failed = files_.heal();
    reopen();
    auto log = open();
    ASSERT_EQ(log->size(), 4U) << at;
    expect_filled(*log, 4);
    EXPECT_EQ(log->sidecar(Sidecar::kZone).value(), "zone 4") << at;
    log.reset();
    EXPECT_TRUE(pack().holds);
    ASSERT_TRUE(pack_->change(std::vector<std::string>{key_of(stem_)}, {}));
    ASSERT_TRUE(ConversationLog::remove(files_, stem_));
  }
}

// Appends and packs for ever, and tells the position of every message that was acknowledged.
[[noreturn]] void pack_for_ever(const std::string& folder, const std::string& stem, int told) {
  PosixFileSystem files;
  Pack pack(files, folder + "/pack.db");
  if (!pack.open([](const PackedConversation&) {})) ::_exit(1);
  for (;;) {
    auto log = ConversationLog::open(files, stem, a_name(), small_settings(),
                                     std::move(pack.find(key_of(stem)).value()))
                   .value();
    fill(*log, log->size() + 1);
    const Position position = log->tip();
    log.reset();
    if (::write(told, &position, sizeof position) != sizeof position) ::_exit(1);
    if (position > 5) {
      (void)pack.change(std::vector<std::string>{key_of(stem)}, {});
      (void)ConversationLog::remove(files, stem);
      ::_exit(0);
    }
    if (!pack_small(files, pack, {&stem, 1})) ::_exit(1);
  }
}

TEST_F(SmallFilesTest, WhatWasAcknowledgedSurvivesKillNine) {
  std::mt19937_64 random(17);
  std::size_t size = 0;
  for (int i = 0; i < 60; ++i) {
    pack_.reset();
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const pid_t child = ::fork();
    if (child == 0) pack_for_ever(folder_.path, stem_, ends[1]);
    ::close(ends[1]);
    ::usleep(static_cast<useconds_t>(random() % 60'000));
    ::kill(child, SIGKILL);
    Position told = 0;
    while (::read(ends[0], &told, sizeof told) == sizeof told) size = told + std::size_t{1};
    ::close(ends[0]);
    int status = 0;
    ::waitpid(child, &status, 0);
    reopen();
    const auto log = open();
    if (size > 6) {  // it was being removed, or has been
      size = log->size();
      continue;
    }
    ASSERT_GE(log->size(), size) << i;
    ASSERT_LE(log->size(), size + 1) << i;
    expect_filled(*log, log->size());
    size = log->size();
  }
}

}  // namespace
}  // namespace keep::history
