// One JSON reply out of the streamed events of /v1/responses: the response object of the last
// event, with the members that llama-server adds when it does not stream.
#pragma once

#include "openai/response_encoder.hpp"

#include <memory>

namespace keep::openai {

std::unique_ptr<ResponseEncoder> make_responses_assembler(const EncoderOptions& options);

}  // namespace keep::openai
