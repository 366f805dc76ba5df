// What doctor knows: facts collected from the configuration and from each llama-server, and the
// checks made of them. Plain values.
#pragma once

#include "exchange/interfaces/upstreams.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace keep::doctor {

enum class Status { kOk, kWarn, kFail, kSkip };

struct Check {
  std::string target;  // "config" or the URL of the upstream
  std::string id;      // stable, for machines
  Status status = Status::kOk;
  std::string message;  // what was found
  std::string fix;      // what to do; empty when there is nothing to do
};

struct Listener {
  enum class State { kFree, kOurs, kTaken, kCannotBind };
  State state = State::kFree;
  std::string detail;  // of kCannotBind
  bool loopback = true;
};

struct SecretFile {
  std::string key;      // of the configuration
  std::string path;     // empty: none configured
  std::string error;    // empty when it could be read
  std::string warning;  // e.g. others may read it
  std::size_t lines = 0;
};

struct ConfigFacts {
  Listener listener;
  std::vector<SecretFile> secrets;  // auth.keys_file first
};

enum class Reach {
  kOk,
  kRefused,
  kSilent,      // connected or not, no answer in time
  kUnresolved,  // no such host
  kLoading,
  kUnauthorized,  // wants a key
  kLlamaKeep,     // a proxy like this one
  kForeign,       // HTTP, but not a llama-server
};

// Two conversations on two slots, then the first one goes on: were its tokens still there?
struct PinProbe {
  enum class State { kNotTried, kRan, kNoRoom, kOneSlot, kBlind, kFailed };
  State state = State::kNotTried;
  std::string detail;                     // of kFailed
  int asked_slot = 0, answered_slot = 0;  // of the last request
  std::int64_t held = 0;                  // tokens the first request left in its slot
  std::int64_t cached = 0;                // of those, found again
  bool erased = false;                    // the slots are as empty as before
  bool ram_cache = false;                 // what has left a slot is found again
  std::optional<bool> saves_there{};      // what it saves comes into EngineFacts::slot_folder
};

struct EngineFacts {
  std::string url;
  Reach reach = Reach::kForeign;
  std::string reach_detail;
  bool props = false;   // GET /props could be read: all below up to n_ctx
  bool router = false;  // several models behind one llama-server
  std::string build;
  int total_slots = 0;
  std::int64_t n_ctx = 0;                       // of one slot, never above the training context
  std::int64_t n_ctx_train = 0;                 // 0: not told
  std::int64_t pool_tokens = 0;                 // as configured; 0: not
  std::optional<std::vector<SlotState>> slots;  // empty: --no-slots
  std::optional<bool> metrics;
  std::optional<bool> save_path;
  std::string slot_folder;  // upstream.slot_save_path; empty: not told
  PinProbe pin;
};

}  // namespace keep::doctor
