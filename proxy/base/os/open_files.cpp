#include "base/os/open_files.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <limits>

namespace keep {

namespace {

// Of the loop and the pools, listening, the log, facts, vectors, sidecars, and what logs have open
// for a moment.
constexpr std::size_t kOthers = 64;

}  // namespace

void hold_standard_descriptors() noexcept {
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(descriptor, F_GETFD) >= 0) continue;
    if (::open("/dev/null", O_RDWR) != descriptor) return;  // without it there is nothing to do
  }
}

void raise_open_files_limit() noexcept {
  constexpr rlim_t kEnough = 65536;  // as systemd/llama-keep.service has it
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= kEnough) return;
  limit.rlim_cur = std::min(limit.rlim_max, kEnough);
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

std::size_t open_files_limit() noexcept {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return std::numeric_limits<std::size_t>::max();
  return limit.rlim_cur;
}

OpenFiles share_open_files(std::size_t limit, const OpenFiles& wanted) noexcept {
  const std::size_t files = limit - std::min(limit, kOthers);
  OpenFiles share;
  share.logs = std::clamp<std::size_t>(files / 4, 1, std::max<std::size_t>(wanted.logs, 1));
  const std::size_t left = files - std::min(files, 2 * share.logs);
  share.connections =
      std::clamp<std::size_t>(left / 2, 1, std::max<std::size_t>(wanted.connections, 1));
  return share;
}

}  // namespace keep
