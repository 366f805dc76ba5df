// run_exchange: THE SPINE. The life of a request, top to bottom.
#pragma once

#include "downstream/guard.hpp"
#include "downstream/response_writer.hpp"
#include "flow/flow.hpp"

namespace keep {

// `exchange` is parsed. Ends when the client has its answer, or cannot get one; every stage's
// on_finish has been called exactly once then, and it is gone. Throws, after all that, where the
// client could not even be told of an error.
asio::awaitable<void> run_exchange(Flow& flow, Exchange& exchange, ResponseWriter& writer,
                                   Guard& guard);

}  // namespace keep
