// recall: what was said long ago comes back when it is needed.
//
//   on_request           says what stands before which message because it was recalled earlier
//   on_upstream_request  searches the fog zone of the conversation for what the newest question is
//                        about and puts it in front of that question, late in the prompt, so that
//                        the prefix cache in front of it stays
//
// Facts that the tenant has stored stand in the same place, also while there is no fog zone yet.
// What was put before a message stands there, the same bytes, in all later requests, until the
// clear zone has moved past it. Indexes are built when they are first needed, in pools.cpu, and
// catch up before each search. Loop thread only.
#pragma once

#include "exchange/interfaces/knowledge.hpp"
#include "exchange/interfaces/services.hpp"
#include "exchange/plugin.hpp"
#include "plugins/recall/recall_settings.hpp"
#include "plugins/recall/recall_sources.hpp"

#include <memory>

namespace keep::recall {

std::unique_ptr<Plugin> make_recall(RecallSettings settings, Services& services,
                                    const RecallSources& sources);

// For those who search something else and mean the same by relevance.
std::shared_ptr<const TextRanker> make_ranker();

}  // namespace keep::recall
