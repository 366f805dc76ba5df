// App: owns the loop, the pools, the services, the plugins and the listener; starts them in order
// and stops them in reverse. One per process (tests make several, one after the other).
#pragma once

#include "app/config/config.hpp"
#include "base/os/file_system.hpp"
#include "base/result.hpp"

#include <memory>

namespace keep {

class App {
 public:
  App(Config config, FileSystem& files);  // `files` outlive it
  ~App();
  App(const App&) = delete;

  // Plugins started, listener open. An Error says what to change in the configuration.
  Result<> start();
  unsigned short port() const;  // the one chosen by the system for port 0

  // Says where clients find it, and in the background what is wrong with the servers behind it.
  void announce();
  // Runs the loop until a stop has completed: TERM or INT drains, a second one skips the drain,
  // HUP reads the API keys again.
  void run();
  // Any thread: as TERM would.
  void request_stop();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

// `llama-keep serve`: exit code 0 after an orderly stop, 1 when the start failed (said on stderr).
int run_app(const Config& config);

}  // namespace keep
