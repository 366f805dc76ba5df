// Reading and writing the configuration as TOML. The only door to toml++.
#pragma once

#include "app/config/config.hpp"

#include <string>

namespace keep::config {

// Applies `text` on top of `config`. Lists ([[upstream]], [[hygiene.rule]]) replace what was there.
// The error's detail begins with `name` and the line.
Result<> apply_toml(const std::string& text, const std::string& name, Config& config);

}  // namespace keep::config
