// knowledge: facts that clients store, and the implementation of Knowledge.
//
// No phase of its own: the endpoints GET /v1/knowledge/topics, POST /v1/knowledge/store and POST
// /v1/knowledge/search, and recall, which puts facts into prompts. Loop thread only; the file,
// STATE/knowledge.db, is used in pools.disk, one thing after the other, and does not exist until
// something is stored.
#pragma once

#include "exchange/interfaces/knowledge.hpp"
#include "exchange/interfaces/services.hpp"
#include "exchange/plugin.hpp"
#include "plugins/knowledge/knowledge_settings.hpp"

#include <memory>

namespace keep::knowledge {

std::unique_ptr<LendingPlugin<Knowledge>> make_knowledge(KnowledgeSettings settings,
                                                         Services& services,
                                                         std::shared_ptr<const TextRanker> ranker);

}  // namespace keep::knowledge
