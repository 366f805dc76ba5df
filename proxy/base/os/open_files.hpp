// How many files and sockets the process may have open, and who gets them.
#pragma once

#include <cstddef>

namespace keep {

// What is opened next takes the lowest number that is free: were one of the three standard
// descriptors closed, lines of the log would go into a socket or a file. /dev/null takes its place.
// Call it before anything is opened.
void hold_standard_descriptors() noexcept;
// Shells start programs with a soft limit of 1024, which a thousand clients exceed. Raises it as
// far as the hard limit and need allow. Call it once, at start.
void raise_open_files_limit() noexcept;
std::size_t open_files_limit() noexcept;

// Whoever is let in last must not take the descriptor that what is said is written with.
struct OpenFiles {
  std::size_t connections = 0;  // of clients; each may have one upstream as well
  std::size_t logs = 0;         // conversations open; each has two files
};
// What of `wanted` a limit leaves room for: at most half of it for logs, the rest for connections,
// and always some for everything else.
OpenFiles share_open_files(std::size_t limit, const OpenFiles& wanted) noexcept;

}  // namespace keep
