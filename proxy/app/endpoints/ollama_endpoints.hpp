// OllamaEndpoints: what Ollama's clients ask beside answers of a model.
//
//   GET /api/tags, /api/ps   the models of llama-server
//   POST /api/show           one of them: what it can do, how much it remembers
//   GET /api/version         of the API
//
// What would change Ollama's own store of models is refused: llama-server has none.
#pragma once

#include "exchange/http/local_reply.hpp"
#include "exchange/window.hpp"
#include "upstream/fleet.hpp"

namespace keep {

class OllamaEndpoints {
 public:
  OllamaEndpoints(Fleet& upstreams, std::size_t window) : upstreams_(upstreams), window_(window) {}

  // nullptr: not one of them.
  asio::awaitable<Reply> answer(const Request& request);

 private:
  asio::awaitable<Reply> models(const Request& request);

  Fleet& upstreams_;
  std::size_t window_;
};

}  // namespace keep
