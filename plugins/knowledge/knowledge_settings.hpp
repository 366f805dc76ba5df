#pragma once

#include <string>

namespace keep::knowledge {

struct KnowledgeSettings {
  bool enabled = true;
  std::string folder;  // state folder: knowledge.db is in it
};

}  // namespace keep::knowledge
