// What recall searches, and asks about the prompts it writes into. All of it outlives the plugin.
#pragma once

#include "exchange/interfaces/conversations.hpp"
#include "exchange/interfaces/embeddings.hpp"
#include "exchange/interfaces/knowledge.hpp"
#include "exchange/interfaces/upstreams.hpp"

namespace keep::recall {

struct RecallSources {
  Conversations& conversations;
  ChatTemplates& templates;
  Knowledge* facts = nullptr;        // null: none are stored
  Embeddings* embeddings = nullptr;  // null: there is no server for them, words alone are searched
};

}  // namespace keep::recall
