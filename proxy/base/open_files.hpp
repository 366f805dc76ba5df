// How many files and sockets the process may have open.
#pragma once

namespace keep {

// Shells start programs with a soft limit of 1024, which a thousand clients exceed. Raises it as
// far as the hard limit and need allow. Call it once, at start.
void raise_open_files_limit() noexcept;

}  // namespace keep
