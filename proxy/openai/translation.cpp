#include "openai/translation.hpp"

#include "openai/anthropic/anthropic.hpp"
#include "openai/responses/responses.hpp"

namespace keep::openai {

Result<std::string> to_chat_body(Surface surface, const std::string& body) {
  return surface == Surface::kMessages ? anthropic::to_chat_body(body)
                                       : responses::to_chat_body(body);
}

}  // namespace keep::openai
