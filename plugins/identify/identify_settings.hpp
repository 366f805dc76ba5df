#pragma once

#include <cstddef>
#include <string>

namespace keep::identify {

struct IdentifySettings {
  bool enabled = true;
  std::string anonymous = "derived";  // or "default": one shared id for clients that send nothing
  std::size_t max_conversations = 10000;  // remembered; the least recently used is forgotten
  std::string folder{};  // what is remembered outlives the process there; empty: it does not
};

}  // namespace keep::identify
