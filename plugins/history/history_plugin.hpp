// history: everything said goes on record, and only a window of it to the model.
//
//   on_request   finds the request's messages on record and adds what is new (exchange.zone)
//   on_route     decides where the clear zone begins; the messages before it are removed from the
//                body of this attempt. Fault::kTooLong when the newest turn alone is too long
//   on_answer    adds the answer: a client that has seen its end can rely on it
//
// Also the endpoints /v1/conversations/list, /v1/conversations/end, /v1/conversations/ID and
// /v1/sessions/ID, and the implementation of Conversations. Loop thread only; files are read and
// written in pools.disk.
#pragma once

#include "exchange/interfaces/conversations.hpp"
#include "exchange/interfaces/services.hpp"
#include "exchange/interfaces/upstreams.hpp"
#include "exchange/plugin.hpp"
#include "plugins/history/history_settings.hpp"

#include <memory>

namespace keep::history {

std::unique_ptr<LendingPlugin<Conversations>> make_history(HistorySettings settings,
                                                           Services& services,
                                                           const Servers& servers);

}  // namespace keep::history
