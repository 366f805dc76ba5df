#include "base/open_files.hpp"

#include <sys/resource.h>

#include <algorithm>

namespace keep {

void raise_open_files_limit() noexcept {
  constexpr rlim_t kEnough = 65536;  // as systemd/llama-keep.service has it
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= kEnough) return;
  limit.rlim_cur = std::min(limit.rlim_max, kEnough);
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace keep
