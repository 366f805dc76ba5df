#include "base/os/open_files.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>

namespace keep {
namespace {

TEST(OpenFiles, TheSoftLimitIsRaisedAndNeverLowered) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit low = before;
  low.rlim_cur = std::min<rlim_t>(before.rlim_max, 256);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &low), 0);
  raise_open_files_limit();
  rlimit now{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &now), 0);
  EXPECT_EQ(now.rlim_cur, std::min<rlim_t>(before.rlim_max, 65536));
  EXPECT_EQ(now.rlim_max, before.rlim_max);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  raise_open_files_limit();
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &now), 0);
  EXPECT_GE(now.rlim_cur, before.rlim_cur);
}

[[noreturn]] void open_with_closed_standard_input() {
  ::close(STDIN_FILENO);
  hold_standard_descriptors();
  ::_exit(::open("/dev/zero", O_RDONLY) > STDERR_FILENO ? 0 : 1);
}

TEST(OpenFilesDeathTest, NothingElseTakesAStandardDescriptor) {
  EXPECT_EXIT(open_with_closed_standard_input(), testing::ExitedWithCode(0), "");
}

TEST(OpenFiles, ClientsLeaveWhatTheRecordNeeds) {
  const OpenFiles wanted{1024, 256};
  for (const std::size_t limit : {16, 64, 65, 100, 256, 1024, 2000, 4096, 65536}) {
    const OpenFiles share = share_open_files(limit, wanted);
    EXPECT_GE(share.connections, 1U) << limit;
    EXPECT_GE(share.logs, 1U) << limit;
    EXPECT_LE(share.connections, wanted.connections) << limit;
    EXPECT_LE(share.logs, wanted.logs) << limit;
    if (limit >= 100) {
      EXPECT_LE(2 * share.connections + 2 * share.logs + 64, limit);
    }
  }
  EXPECT_EQ(share_open_files(65536, wanted).connections, 1024U);
  EXPECT_EQ(share_open_files(65536, wanted).logs, 256U);
  EXPECT_EQ(share_open_files(1024, wanted).connections, 240U);
  EXPECT_EQ(share_open_files(1024, wanted).logs, 240U);
  EXPECT_GE(open_files_limit(), 16U);
}

}  // namespace
}  // namespace keep
