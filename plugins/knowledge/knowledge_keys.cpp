#include "plugins/knowledge/knowledge_keys.hpp"

namespace keep::knowledge {

std::vector<config::Section<KnowledgeSettings>> sections() {
  using Key = config::Key<KnowledgeSettings>;
  using S = KnowledgeSettings;
  return {{"knowledge",
           "Facts that clients store under a topic and a key.",
           {Key::on_off("knowledge.enabled",
                        "Off: no /v1/knowledge endpoints, and no facts in prompts. On, facts that "
                        "bear on the newest\n"
                        "question stand in front of it, beside what recall finds.",
                        &S::enabled)}}};
}

}  // namespace keep::knowledge
