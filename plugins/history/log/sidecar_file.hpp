// Sidecar file: a small text beside a conversation (FORMATS.md). Blocking file I/O.
//
// Replaced as a whole; whoever reads sees the text before or the text after. It survives the end of
// the process at any moment, the loss of power need not leave anything of it.
#pragma once

#include "base/os/file_system.hpp"
#include "base/result.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace keep::history {

inline constexpr std::size_t kMaxSidecarBytes = 4 << 20;

// Empty: no file, or one that is damaged or of a newer version.
Result<std::string> read_sidecar(FileSystem& files, const std::string& path);
// The same of the bytes of such a file, wherever they lie.
std::string parse_sidecar(std::string_view bytes);
// Fault::kTooLarge above kMaxSidecarBytes: then there is no file any more.
Result<> write_sidecar(FileSystem& files, const std::string& path, std::string_view text);

}  // namespace keep::history
