// The list of hedging phrases, from a file or built in.
#pragma once

#include "base/result.hpp"

#include <string>
#include <vector>

namespace keep::hedge {

// One phrase in each line; empty lines and those that begin with # do not count. An empty path
// gives the built-in list. An Error when the file cannot be read or has no phrase. Blocks.
Result<std::vector<std::string>> load_phrases(const std::string& path);

}  // namespace keep::hedge
