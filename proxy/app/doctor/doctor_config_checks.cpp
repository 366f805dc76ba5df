#include "app/config/addresses.hpp"
#include "app/doctor/doctor_checks.hpp"

#include <numeric>

namespace keep::doctor {

namespace {

Check config_check(std::string id, Status status, std::string message, std::string fix = {}) {
  return Check{"config", std::move(id), status, std::move(message), std::move(fix)};
}

Check check_listener(const Listener& listener, const std::string& address) {
  switch (listener.state) {
    case Listener::State::kFree: return config_check("listener", Status::kOk, address + " is free");
    case Listener::State::kOurs:
      return config_check("listener", Status::kOk, "llama-keep already runs at " + address);
    case Listener::State::kTaken:
      return config_check("listener", Status::kFail, "another program listens at " + address,
                          "stop it, or choose another listen.address");
    case Listener::State::kCannotBind: break;
  }
  return config_check("listener", Status::kFail,
                      "cannot listen at " + address + ": " + listener.detail,
                      "choose another listen.address");
}

Check check_secret(const SecretFile& file) {
  const std::string id = file.key == "auth.keys_file" ? "keys_file" : "api_key_file";
  if (!file.error.empty()) {
    return config_check(id, Status::kFail, file.error, "correct the file or " + file.key);
  }
  if (!file.warning.empty()) {
    return config_check(id, Status::kWarn, file.warning, "chmod 600 " + file.path);
  }
  return config_check(id, Status::kOk, file.path + " can be read, and by nobody else");
}

}  // namespace

std::vector<Check> check_config(const ConfigFacts& facts, const Config& config) {
  std::vector<Check> checks{check_listener(facts.listener, config.listen.address)};
  for (const SecretFile& file : facts.secrets) {
    if (!file.path.empty()) checks.push_back(check_secret(file));
  }
  if (!config.keys_file.empty()) return checks;
  if (facts.listener.loopback) {
    checks.push_back(config_check("keys_file", Status::kOk,
                                  "no API keys; only this machine reaches the listener"));
  } else {
    checks.push_back(config_check(
        "keys_file", Status::kWarn,
        "everybody who reaches " + config.listen.address + " is served without an API key",
        "set auth.keys_file, or listen on a loopback address"));
  }
  return checks;
}

std::vector<Check> check_together(const std::vector<EngineFacts>& engines, const Config& config) {
  const int slots =
      std::accumulate(engines.begin(), engines.end(), 0,
                      [](int sum, const EngineFacts& engine) { return sum + engine.total_slots; });
  if (slots == 0 || !config.slots.enabled) return {};
  const std::size_t wanted = config.slots.max_active;
  if (wanted > static_cast<std::size_t>(slots)) {
    return {config_check("admission", Status::kWarn,
                         "admission.max_active is " + std::to_string(wanted) + ", but there are " +
                             std::to_string(slots) + " slots: no more than those run at once",
                         "start llama-server with a higher -np, or lower admission.max_active")};
  }
  const std::string active = wanted == 0 ? std::to_string(slots) : std::to_string(wanted);
  return {config_check("admission", Status::kOk,
                       active + " requests run at once on " + std::to_string(slots) + " slots, " +
                           std::to_string(config.slots.queue) + " may wait")};
}

std::vector<Check> check_tenants(const ConfigFacts& facts, const std::vector<EngineFacts>& engines,
                                 const Config& config) {
  if (facts.secrets.empty() || facts.secrets.front().lines < 2) return {};
  if (!config.slots.enabled) {
    return {config_check("tenants", Status::kWarn,
                         "with slots.enabled = false an answer tells each API key how much of its "
                         "prompt another has asked",
                         "leave slots.enabled on")};
  }
  std::vector<Check> checks;
  for (const EngineFacts& engine : engines) {
    if (engine.pin.state != PinProbe::State::kRan) continue;
    if (!engine.pin.ram_cache) {
      checks.push_back(Check{engine.url,
                             "tenants",
                             Status::kOk,
                             "no RAM cache: what one API key asks is kept from the others",
                             {}});
      continue;
    }
    checks.push_back(Check{engine.url, "tenants", Status::kWarn,
                           "the RAM cache serves all API keys: how soon an answer begins can tell "
                           "one what another has asked",
                           "start llama-server with --cache-ram 0 unless they trust each other"});
  }
  return checks;
}

}  // namespace keep::doctor
