#include "tests/support/loop_probe.hpp"

#include "tests/support/test_client.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <memory>
#include <string>

namespace keep::test {

namespace {

// Nanoseconds that a thread of this program was ready to run and had no processor.
std::int64_t waited(int thread) {
  std::ifstream file("/proc/self/task/" + std::to_string(thread) + "/schedstat");
  std::int64_t ran = 0, delayed = 0;
  file >> ran >> delayed;
  return delayed;
}

}  // namespace

LoopProbe::LoopProbe(const TestProxy& proxy)
    : thread_([this, port = proxy.port(), loop = proxy.loop_thread()] { watch(port, loop); }) {}

LoopProbe::~LoopProbe() {
  ended_ = true;
  thread_.join();
}

void LoopProbe::watch(unsigned short port, int loop_thread) {
  auto client = std::make_unique<TestClient>(port);
  const int self = ::gettid();
  while (!ended_) {
    const std::int64_t delayed = waited(loop_thread) + waited(self);
    const auto begun = std::chrono::steady_clock::now();
    const Response response = client->get("/ready");
    const std::chrono::nanoseconds took = std::chrono::steady_clock::now() - begun;
    const std::int64_t held = took.count() - (waited(loop_thread) + waited(self) - delayed);
    longest_ = std::max<std::int64_t>(longest_, held);
    if (!response.complete) client = std::make_unique<TestClient>(port);
    ::usleep(2000);
  }
}

}  // namespace keep::test
