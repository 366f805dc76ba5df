#include "app/doctor/doctor_collect.hpp"

#include "app/api_keys.hpp"
#include "app/doctor/doctor_probe.hpp"
#include "base/json/json.hpp"
#include "openai/count_of.hpp"
#include "upstream/slot_control.hpp"

#include <utility>

namespace keep::doctor {

namespace {

Reach to_reach(const Error& error) {
  switch (error.fault) {
    case Fault::kRefused: return Reach::kRefused;
    case Fault::kProtocol: return Reach::kForeign;
    case Fault::kNotFound: return Reach::kUnresolved;
    default: return Reach::kSilent;
  }
}

// 200 is a yes, 501 the server's way to say no; anything else says nothing.
std::optional<bool> yes_or_no(const Result<Reply>& reply, int yes) {
  if (reply && reply->status == yes) return true;
  if (reply && reply->status == 501) return false;
  return std::nullopt;
}

asio::awaitable<void> read_health(Engine& engine, EngineFacts& facts) {
  const auto health = co_await engine.ask("GET", "/health", "");
  if (!health) {
    facts.reach = to_reach(health.error());
    facts.reach_detail = health.error().detail;
    co_return;
  }
  const auto root = json::validate(health->body);
  const std::string service = root ? root->find("service").string().value_or("") : "";
  if (service == "llama-keep") {
    facts.reach = Reach::kLlamaKeep;
  } else if (health->status == 503) {
    facts.reach = Reach::kLoading;
  } else {
    facts.reach = health->status == 200 && root ? Reach::kOk : Reach::kForeign;
  }
}

asio::awaitable<void> read_props(Engine& engine, EngineFacts& facts) {
  const auto reply = co_await engine.ask("GET", "/props", "");
  if (!reply) {
    facts.reach = to_reach(reply.error());
    facts.reach_detail = reply.error().detail;
    co_return;
  }
  if (reply->status == 401 || reply->status == 403) {
    facts.reach = Reach::kUnauthorized;
    co_return;
  }
  const auto root = json::validate(reply->body);
  const bool known =
      root && reply->status == 200 && !root->find("default_generation_settings").missing();
  if (!known) {
    facts.reach = reply->status == 503 ? Reach::kLoading : Reach::kForeign;
    co_return;
  }
  facts.props = true;
  facts.router = root->find("role").string().value_or("") == "router";
  facts.build = root->find("build_info").string().value_or("");
  facts.total_slots =
      static_cast<int>(openai::count_of(root->find("total_slots"), openai::kMaxSlots));
  const json::Value settings = root->find("default_generation_settings");
  facts.n_ctx = openai::count_of(settings.find("n_ctx"));
}

asio::awaitable<void> read_slots(Engine& engine, EngineFacts& facts) {
  const auto reply = co_await engine.ask("GET", "/slots", "");
  if (!reply || reply->status != 200) co_return;
  const auto root = json::validate(reply->body);
  if (!root || !root->is_array()) co_return;
  facts.slots = keep::read_slots(*root);
}

asio::awaitable<void> read_training_context(Engine& engine, EngineFacts& facts) {
  const auto reply = co_await engine.ask("GET", "/v1/models", "");
  if (!reply || reply->status != 200) co_return;
  const auto root = json::validate(reply->body);
  if (!root) co_return;
  for (const json::Value model : root->find("data").elements()) {
    facts.n_ctx_train = openai::count_of(model.find("meta").find("n_ctx_train"));
    co_return;
  }
}

SecretFile inspect(std::string key, const std::string& path, bool many) {
  SecretFile file;
  file.key = std::move(key);
  file.path = path;
  if (path.empty()) return file;
  const auto keys = ApiKeys::load(path);
  if (!keys) {
    file.error = keys.error().detail;
    return file;
  }
  file.warning = keys->warning();
  file.lines = keys->size();
  if (!many && keys->size() != 1) file.error = path + " holds more than one line";
  return file;
}

}  // namespace

asio::awaitable<EngineFacts> collect(Engine& engine, std::string url, Pinning pinning,
                                     std::string slot_folder) {
  EngineFacts facts;
  facts.url = std::move(url);
  facts.slot_folder = std::move(slot_folder);
  co_await read_health(engine, facts);
  if (facts.reach == Reach::kOk) co_await read_props(engine, facts);
  if (facts.reach != Reach::kOk || facts.router) co_return facts;
  co_await read_slots(engine, facts);
  co_await read_training_context(engine, facts);
  const auto metrics = co_await engine.ask("GET", "/metrics", "");
  facts.metrics = yes_or_no(metrics, 200);
  // No server can save to that name, so nothing is written; one that has no folder says so first.
  const auto save = co_await engine.ask("POST", "/slots/0?action=save", "{\"filename\":\"..\"}");
  facts.save_path = yes_or_no(save, 400);
  if (pinning == Pinning::kNotTried) co_return facts;
  facts.pin = co_await probe_pinning(engine, facts, pinning == Pinning::kTriedOnAnySlot);
  co_return facts;
}

std::vector<SecretFile> inspect_secrets(const Config& config) {
  std::vector<SecretFile> files{inspect("auth.keys_file", config.keys_file, true)};
  for (const UpstreamSettings& upstream : config.upstreams) {
    if (upstream.api_key_file.empty()) continue;
    files.push_back(inspect("upstream.api_key_file", upstream.api_key_file, false));
  }
  const std::string& key = config.recall.embeddings_key_file;
  if (!key.empty()) files.push_back(inspect("recall.embeddings_key_file", key, false));
  return files;
}

}  // namespace keep::doctor
