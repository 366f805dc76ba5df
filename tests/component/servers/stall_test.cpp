// A loop that stands still: the program says where, and ends.
#include "base/log.hpp"
#include "tests/support/scripted_upstream.hpp"
#include "tests/support/test_proxy.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <thread>

namespace keep::test {
namespace {

using namespace std::chrono_literals;

// The thread sanitizer runs handlers with all signals blocked, and lets one through only in calls
// that it knows to wait.
void stand_still(int) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGUSR2);
  ::pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
  for (;;) ::usleep(1000);
}

// In a program of its own, whose loop is led into a call that never returns.
[[noreturn]] void run_into_a_stall(std::chrono::milliseconds limit) {
  log::start(log::Level::kInfo, log::Format::kText);
  std::signal(SIGUSR1, stand_still);
  ScriptedUpstream upstream([](const Received&) { return chat_stream("x"); });
  Config config = test_config(upstream.url());
  config.limits.stall = limit;
  TestProxy proxy(config);
  proxy.interrupt(SIGUSR1);
  std::this_thread::sleep_for(1min);  // the limit of this test
  ::_exit(0);
}

TEST(StallDeathTest, TheStackIsLoggedAndTheProgramAborts) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_EXIT(run_into_a_stall(1s), testing::KilledBySignal(SIGABRT),
              "E event loop stalled, aborting seconds=1 frames=[1-9].*"
              "E event loop stalled at frame=0 at=.*\\+0x.*at=component_tests\\+0x");
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 30s);
}

}  // namespace
}  // namespace keep::test
