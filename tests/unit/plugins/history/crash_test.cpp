// The end of the process at any moment, and storage that fails at any operation.

#include "log_files.hpp"
#include "plugins/history/log/conversation_log.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <ctime>

namespace keep::history {
namespace {

using namespace test;

constexpr int kKills = 200;

// Appends for ever, and tells the position of every message that was acknowledged.
[[noreturn]] void append_for_ever(const std::string& stem, int acknowledged) {
  PosixFileSystem files;
  const auto log = open_log(files, stem);
  for (;;) {
    fill(*log, log->size() + 1);
    const Position position = log->tip();
    if (::write(acknowledged, &position, sizeof position) != sizeof position) ::_exit(1);
  }
}

// Returns the last acknowledged position, if any.
std::optional<Position> kill_after(const std::string& stem, std::size_t count,
                                   std::chrono::nanoseconds then) {
  int ends[2];
  if (::pipe(ends) != 0) throw std::runtime_error("no pipe");
  const pid_t child = ::fork();
  if (child == 0) append_for_ever(stem, ends[1]);
  ::close(ends[1]);
  std::optional<Position> last;
  const auto next = [&] {
    Position position = 0;
    const bool more = ::read(ends[0], &position, sizeof position) == sizeof position;
    if (more) last = position;
    return more;
  };
  for (std::size_t i = 0; i < count; ++i) next();
  const auto until = std::chrono::steady_clock::now() + then;
  while (std::chrono::steady_clock::now() < until) {
  }
  ::kill(child, SIGKILL);
  while (next()) {  // what it had told before
  }
  ::close(ends[0]);
  ::waitpid(child, nullptr, 0);
  return last;
}

TEST(CrashTest, WhatWasAcknowledgedSurvivesKillNine) {
  PosixFileSystem files;
  const TempFolder folder;
  const std::string stem = folder.path + "/log";
  std::mt19937_64 random(11);
  std::size_t size = 0;
  for (int i = 0; i < kKills; ++i) {
    const std::chrono::microseconds then(random() % 1000);
    const auto last = kill_after(stem, random() % 10, then);
    if (last) size = *last + std::size_t{1};
    const auto log = open_log(files, stem);
    ASSERT_GE(log->size(), size);
    ASSERT_LE(log->size(), size + 1);
    size = log->size();
    expect_filled(*log, size, size < 40 ? 0 : size - 40);
  }
  const auto log = open_log(files, stem);
  expect_filled(*log, size);
  EXPECT_GT(log->size(), static_cast<std::size_t>(kKills));
}

// Storage that fails at the operation with that number; or from there on.
class StorageFailureTest : public testing::TestWithParam<bool> {
 protected:
  void fail_at(std::size_t operation) {
    files_.fail_at(operation, GetParam(), {ENOSPC, operation % 100});
  }

  FaultyFileSystem files_;
};

TEST_P(StorageFailureTest, AppendsAllOrNothingAndGoesOn) {
  bool failed = true;
  for (std::size_t operation = 1; failed; ++operation) {
    const TempFolder folder;
    const std::string stem = folder.path + "/new/log";
    LogSettings settings = small_settings();
    settings.dictionary_after = 3000;
    settings.max_unwritten = 0;  // nothing waits in memory
    auto log = open_log(files_, stem, settings);
    fail_at(operation);
    for (int tries = 0; tries < 25; ++tries) {
      const std::size_t size = log->size();
      const std::vector<NewMessage> two{chained(size), chained(size + 1)};
      const auto done = log->append(two);
      if (!done) {
        ASSERT_EQ(done.error().fault, Fault::kStorage);
      }
      ASSERT_EQ(log->size(), done ? size + 2 : size);
    }
    failed = files_.heal();
    expect_filled(*log, log->size());
    const std::size_t size = log->size();
    log = open_log(files_, stem);
    ASSERT_EQ(log->size(), size) << operation;
    expect_filled(*log, size);
    fill(*log, size + 30);
    log = open_log(files_, stem);
    expect_filled(*log, size + 30);
    EXPECT_TRUE(log->take_notes().empty());
  }
}

TEST_P(StorageFailureTest, RemovesAllOrNothing) {
  bool failed = true;
  for (std::size_t operation = 1; failed; ++operation) {
    const TempFolder folder;
    const std::string stem = folder.path + "/log";
    fill(*open_log(files_, stem), 100);
    fail_at(operation);
    const auto removed = ConversationLog::remove(files_, stem);
    failed = files_.heal();
    EXPECT_NE(removed.has_value(), failed);
    const auto log = open_log(files_, stem);
    if (log->size() > 0) expect_filled(*log, 100);
    EXPECT_TRUE(failed || log->size() == 0);
  }
}

INSTANTIATE_TEST_SUITE_P(OnceOrForEver, StorageFailureTest, testing::Bool());

}  // namespace
}  // namespace keep::history
