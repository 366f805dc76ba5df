#include "app/process/state_folder.hpp"

#include <cstdlib>

namespace keep {

namespace {

std::string environment(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? std::string() : value;
}

}  // namespace

std::string state_folder(const std::string& configured) {
  if (!configured.empty()) return configured;
  const std::string given = environment("STATE_DIRECTORY");
  if (!given.empty()) return given.substr(0, given.find(':'));
  std::string base = environment("XDG_STATE_HOME");
  if (base.empty() && !environment("HOME").empty()) base = environment("HOME") + "/.local/state";
  return base.empty() ? base : base + "/llama-keep";
}

}  // namespace keep
