#include "base/os/thread_stack.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <semaphore>
#include <string>
#include <thread>
#include <vector>

namespace keep {
namespace {

using namespace std::chrono_literals;

TEST(ThreadStack, NamesTheFileAndThePlaceOfEachCall) {
  prepare_thread_stack();
  std::binary_semaphore begun{0};
  std::atomic<bool> ended{false};
  // The thread sanitizer lets a signal through in calls that it knows to wait.
  std::thread thread([&begun, &ended] {
    begun.release();
    while (!ended) ::usleep(1000);
  });
  begun.acquire();
  const std::vector<std::string> stack = stack_of(thread.native_handle(), 10s);
  ended = true;
  thread.join();
  ASSERT_FALSE(stack.empty());
  bool ours = false;
  for (const std::string& frame : stack) {
    EXPECT_NE(frame.find("+0x"), std::string::npos) << frame;
    ours = ours || frame.starts_with("unit_tests+0x");
  }
  EXPECT_TRUE(ours);
}

TEST(ThreadStack, AThreadThatDoesNotAnswerIsLeftAlone) {
  prepare_thread_stack();
  std::binary_semaphore blocked{0}, go_on{0};
  std::thread thread([&] {
    sigset_t none;
    sigemptyset(&none);
    sigaddset(&none, SIGUSR2);
    ::pthread_sigmask(SIG_BLOCK, &none, nullptr);
    blocked.release();
    go_on.acquire();
  });
  blocked.acquire();
  EXPECT_TRUE(stack_of(thread.native_handle(), 1ms).empty());
  go_on.release();
  thread.join();
}

}  // namespace
}  // namespace keep
