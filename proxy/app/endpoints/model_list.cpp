#include "app/endpoints/model_list.hpp"

#include "openai/count_of.hpp"
#include "upstream/fetch.hpp"

#include <algorithm>
#include <utility>

namespace keep {

Task<ModelList> ask_for_models(Fleet& upstreams) {
  for (std::size_t i = 0; i < upstreams.size(); ++i) {
    UpstreamServer& server = upstreams.server(i);
    if (!server.healthy()) continue;
    FetchRequest request("GET", "/v1/models");
    if (!server.authorization().empty()) {
      request.headers.add("Authorization", server.authorization());
    }
    auto response = co_await fetch(server.pool(), std::move(request));
    if (!response || response->status != 200 || !json::validate(response->body)) continue;
    ModelList list;
    list.upstream = i;
    list.body = std::move(response->body);
    co_return list;
  }
  const Fault fault = upstreams.any_loading() ? Fault::kLoading : Fault::kRefused;
  co_return Error(fault, Side::kUpstream, "no llama-server answers");
}

std::int64_t window_of(const json::Value& model, const Upstream& server, std::size_t most) {
  const std::int64_t window = window_tokens(server, most);
  const std::int64_t trained = openai::count_of(model.find("meta").find("n_ctx_train"));
  return trained > 0 ? std::min(window, trained) : window;
}

}  // namespace keep
