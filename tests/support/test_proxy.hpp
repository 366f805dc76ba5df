// TestProxy: the whole llama-keep on a loopback port, in a thread of the test program.
#pragma once

#include "app/app.hpp"
#include "tests/support/faulty_file_system.hpp"
#include "tests/support/temp_folder.hpp"

#include <signal.h>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>

namespace keep::test {

// Loopback, a free port, short timeouts, one upstream.
Config test_config(const std::string& upstream_url);
// The same with every plugin switched off.
Config transparent_config(const std::string& upstream_url);

class TestProxy {
 public:
  // Waits until the upstream is known to be healthy, unless told otherwise.
  explicit TestProxy(Config config, bool wait_ready = true);
  ~TestProxy();

  unsigned short port() const { return port_; }
  FaultyFileSystem& files() noexcept { return files_; }
  void request_stop() { app_.request_stop(); }
  // The loop's thread gets `signal`.
  void interrupt(int signal) { ::pthread_kill(thread_.native_handle(), signal); }
  int loop_thread() const { return loop_thread_; }  // as the system numbers it
  // False: still running after the limit.
  bool stopped_within(std::chrono::milliseconds limit);

 private:
  Config placed(Config config) const;  // with a folder of its own, unless it names one

  TempFolder folder_;
  FaultyFileSystem files_;
  App app_;
  unsigned short port_ = 0;
  std::atomic<bool> ended_{false};
  std::atomic<int> loop_thread_{0};
  std::thread thread_;
};

// Polls until `condition` holds or ten seconds have passed.
template <class Condition>
bool eventually(Condition condition, std::chrono::milliseconds limit = std::chrono::seconds(10)) {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

}  // namespace keep::test
