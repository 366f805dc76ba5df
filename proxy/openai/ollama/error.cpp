#include "base/json/json.hpp"
#include "openai/ollama/ollama.hpp"

namespace keep::openai::ollama {

std::string to_error_body(int status, const std::string& openai_body) {
  const auto root = json::validate(openai_body);
  const json::Value error = root ? root->find("error") : json::Value();
  const json::Value message = error.is_object() ? error.find("message") : error;
  json::Writer body;
  body.begin_object().member("error",
                             message.string().value_or("llama-server answered with status " +
                                                       std::to_string(status) + " and no detail"));
  return body.end_object().take();
}

}  // namespace keep::openai::ollama
