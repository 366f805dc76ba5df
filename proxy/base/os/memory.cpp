#include "base/os/memory.hpp"

#include <malloc.h>

namespace keep {

void keep_freed_memory() noexcept {
  constexpr int kFromTheHeap = 4 << 20;  // larger blocks are mapped, and unmapped when freed
  constexpr int kKept = 64 << 20;        // at the end of the heap
  ::mallopt(M_MMAP_THRESHOLD, kFromTheHeap);
  ::mallopt(M_TRIM_THRESHOLD, kKept);
}

}  // namespace keep
