// Collecting what doctor judges. Talks to a llama-server through a narrow interface, so that tests
// can answer for it.
#pragma once

#include "app/config/config.hpp"
#include "app/doctor/doctor_facts.hpp"
#include "base/result.hpp"

#include <string>
#include <string_view>

namespace keep::doctor {

struct Reply {
  int status = 0;
  std::string body;
};

class Engine {
 public:
  virtual ~Engine() = default;
  // An Error when no complete response came.
  virtual Task<Reply> ask(std::string_view method, std::string_view target, std::string body) = 0;
};

// How pinning is tried: two tiny prompts go to two idle slots, and are erased where the server can.
enum class Pinning {
  kNotTried,
  kTriedOnEmptySlots,
  kTriedOnAnySlot,  // what idle slots hold is lost
};

// Changes nothing on the server but what `pinning` says. Where that is tried, a slot is saved, too,
// to see whether its file comes into `slot_folder`.
asio::awaitable<EngineFacts> collect(Engine& engine, std::string url, Pinning pinning,
                                     std::string slot_folder = {});

// The files the configuration names.
std::vector<SecretFile> inspect_secrets(const Config& config);

}  // namespace keep::doctor
