// How many tokens the prompt of a request is, without an answer to it.
#pragma once

#include "flow/flow.hpp"

#include <string>

namespace keep {

// The request goes through what changes its prompt (translation, then Stage::on_count), and
// llama-server counts what is left: the number is the one its answer would report as read and
// cached. -> the body of the reply. An error of llama-server about the request is
// Fault::kBadRequest with its words.
Task<std::string> count_tokens(Flow& flow, Exchange& exchange);

}  // namespace keep
