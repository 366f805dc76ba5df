// What becomes of memory that is freed.
#pragma once

namespace keep {

// Bodies come and go with every request. Freed memory stays with the program, up to a bound, so
// that the kernel need not give and clear the same pages again and again. Call it once, at start.
void keep_freed_memory() noexcept;

}  // namespace keep
