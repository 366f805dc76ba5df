#include "base/os/thread_stack.hpp"

#include "base/text/format.hpp"

#include <cxxabi.h>
#include <dlfcn.h>
#include <execinfo.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <semaphore>

namespace keep {

namespace {

constexpr int kMaxFrames = 64;

// What the handler writes. A thread that answers too late finds another sample being taken, or
// none: `wanted` tells.
std::array<void*, kMaxFrames> frames;
int frame_count = 0;
std::atomic<bool> wanted{false};
std::binary_semaphore taken{0};

void on_signal(int) {
  if (!wanted.exchange(false)) return;
  const int saved = errno;
  frame_count = ::backtrace(frames.data(), kMaxFrames);
  taken.release();
  errno = saved;
}

std::string readable(const char* symbol) {
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> name(
      abi::__cxa_demangle(symbol, nullptr, nullptr, &status), &std::free);
  return status == 0 ? name.get() : symbol;
}

std::string describe(void* address) {
  Dl_info info{};
  const auto at = reinterpret_cast<std::uintptr_t>(address);
  if (::dladdr(address, &info) == 0 || info.dli_fname == nullptr) return fmt::format("?+{:#x}", at);
  std::string file = info.dli_fname;
  file.erase(0, file.rfind('/') + 1);
  const auto base = reinterpret_cast<std::uintptr_t>(info.dli_fbase);
  std::string frame = fmt::format("{}+{:#x}", file, at - base);
  if (info.dli_sname != nullptr) frame += " " + readable(info.dli_sname);
  return frame;
}

}  // namespace

void prepare_thread_stack() {
  ::backtrace(frames.data(), kMaxFrames);  // the first call loads the unwinder
  struct sigaction action {};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  ::sigaction(SIGUSR2, &action, nullptr);
}

std::vector<std::string> stack_of(pthread_t thread, std::chrono::milliseconds limit) {
  std::vector<std::string> stack;
  wanted = true;
  if (::pthread_kill(thread, SIGUSR2) != 0 || !taken.try_acquire_for(limit)) {
    // Too late now; but it may have begun to write.
    if (wanted.exchange(false) || !taken.try_acquire_for(limit)) return stack;
  }
  // The first two are the handler and what called it.
  for (int i = 2; i < frame_count; ++i) {
    stack.push_back(describe(frames[static_cast<std::size_t>(i)]));
  }
  return stack;
}

}  // namespace keep
