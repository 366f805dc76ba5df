#include "app/endpoints/ollama_endpoints.hpp"

#include "app/endpoints/model_list.hpp"
#include "base/json/json.hpp"
#include "openai/ollama/models.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace keep {

namespace {

using openai::ollama::ServedModel;

constexpr std::size_t kMaxShow = 64 << 10;  // bytes of a question; it names a model

bool is_question(const Request& request) {
  const std::string_view path = request.path();
  if (path == "/api/show") return request.method == "POST";
  const bool gets = request.method == "GET" || request.method == "HEAD";
  return gets && (path == "/api/tags" || path == "/api/ps");
}

// Why a path of Ollama's has no meaning here; empty for all others.
std::string_view why_not(std::string_view path) {
  constexpr std::string_view kStore[] = {"/api/pull", "/api/push", "/api/create", "/api/copy",
                                         "/api/delete"};
  if (std::ranges::find(kStore, path) != std::end(kStore) || path.starts_with("/api/blobs/")) {
    return "the models are those that llama-server was started with: none can be fetched, made or "
           "removed here";
  }
  if (path == "/api/embed" || path == "/api/embeddings") {
    return "embeddings are asked for at /v1/embeddings here";
  }
  return {};
}

Reply refusal(std::string_view why, std::string_view target) {
  LocalReply reply =
      *to_reply(Error(Fault::kNotFound, Side::kDownstream, std::string(why)), target);
  reply.status = 501;
  return std::make_shared<const LocalReply>(std::move(reply));
}

std::vector<ServedModel> served(const json::Value& list, const Upstream& server, std::size_t most) {
  const ServerProps& props = server.props();
  std::vector<ServedModel> models;
  for (const json::Value listed : list.find("data").elements()) {
    ServedModel model;
    model.listed = listed;
    model.window = window_of(listed, server, most);
    model.chat_template = props.chat_template;
    if (props.modalities) model.modalities = *props.modalities;
    models.push_back(std::move(model));
  }
  return models;
}

// By `model`, or by `name`, as old clients say it.
Reply show(const std::vector<ServedModel>& models, const Request& request) {
  if (request.body.size() > kMaxShow) {
    const Error error(Fault::kTooLarge, Side::kDownstream, "a question about a model is short");
    return to_reply(error, request.target);
  }
  const auto body = json::validate(request.body);
  if (!body) return to_reply(body.error(), request.target);
  auto name = body->find("model").string();
  if (!name) name = body->find("name").string();
  if (!name || name->empty()) {
    const Error error(Fault::kBadRequest, Side::kDownstream, "'model' must be a string");
    return to_reply(error, request.target);
  }
  const ServedModel* const model = openai::ollama::find_model(models, *name);
  if (model != nullptr) return json_reply(200, openai::ollama::show_body(*model));
  const Error error(Fault::kNotFound, Side::kDownstream, "model '" + *name + "' not found");
  return to_reply(error, request.target);
}

}  // namespace

asio::awaitable<Reply> OllamaEndpoints::answer(const Request& request) {
  const std::string_view path = request.path();
  if (!path.starts_with("/api/")) co_return nullptr;
  if (path == "/api/version" && (request.method == "GET" || request.method == "HEAD")) {
    co_return json_reply(200, openai::ollama::version_body());
  }
  if (is_question(request)) co_return co_await models(request);
  const std::string_view why = why_not(path);
  if (!why.empty()) co_return refusal(why, request.target);
  co_return nullptr;
}

asio::awaitable<Reply> OllamaEndpoints::models(const Request& request) {
  const auto list = co_await ask_for_models(upstreams_);
  if (!list) co_return to_reply(list.error(), request.target);
  const std::vector<ServedModel> models =
      served(json::Value(list->body), upstreams_.at(list->upstream), window_);
  if (request.path() == "/api/show") co_return show(models, request);
  const bool running = request.path() == "/api/ps";
  co_return json_reply(
      200, running ? openai::ollama::ps_body(models) : openai::ollama::tags_body(models));
}

}  // namespace keep
