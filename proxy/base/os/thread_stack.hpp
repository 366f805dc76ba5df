// Where another thread of this program is at the moment.
//
// One caller at a time. The other thread is interrupted by SIGUSR2, whose handler belongs to this
// file from prepare_thread_stack() on.
#pragma once

#include <pthread.h>

#include <chrono>
#include <string>
#include <vector>

namespace keep {

// Before the first sample, while all is well: the handler may not load anything.
void prepare_thread_stack();

// Innermost call first, "file+0xoffset" each: `addr2line -e file` reads that, also with the symbols
// of a stripped binary. With a name where the file exports it. Empty when the thread did not answer
// within `limit`.
std::vector<std::string> stack_of(pthread_t thread, std::chrono::milliseconds limit);

}  // namespace keep
