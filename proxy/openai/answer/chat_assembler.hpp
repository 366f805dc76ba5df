// One JSON reply out of the streamed events of /v1/chat/completions: what llama-server itself
// would have sent to a client that does not stream. Text that the server held back as the possible
// start of a tool call when the answer was cut is in no event: see flow/answer/unstreamed.
#pragma once

#include "openai/answer/response_encoder.hpp"

#include <memory>

namespace keep::openai {

std::unique_ptr<ResponseEncoder> make_chat_assembler(const EncoderOptions& options);

}  // namespace keep::openai
