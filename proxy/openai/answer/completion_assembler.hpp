// One JSON reply out of the streamed events of /v1/completions or of llama-server's own
// /completion: what it would have sent to a client that does not stream.
#pragma once

#include "openai/answer/response_encoder.hpp"

#include <memory>

namespace keep::openai {

std::unique_ptr<ResponseEncoder> make_completion_assembler(const EncoderOptions& options);

}  // namespace keep::openai
