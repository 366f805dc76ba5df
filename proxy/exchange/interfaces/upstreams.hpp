// What the core lends to plugins of the llama-servers behind us, as narrow interfaces. Loop thread
// only; they outlive every plugin.
#pragma once

#include "base/async/pools.hpp"
#include "base/result.hpp"
#include "openai/roles/role_orders.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace keep {

struct SlotState {
  int id = 0;
  bool processing = false;
  // Tokens in the slot's KV cache; 0 when never used. Unset: the server does not tell.
  std::optional<std::int64_t> held_tokens = 0;
  // Number of the last task it worked on; a server counts from 0 when it is started. Unset: it was
  // never used, or the server does not tell.
  std::optional<std::int64_t> task{};
};

// What a llama-server says about itself (GET /props).
struct ServerProps {
  int total_slots = 0;
  std::int64_t n_ctx = 0;  // of one slot; at most the model's training context
  std::string model_path, model_alias, build, chat_template;
  bool slots_endpoint = true;
  bool router = false;  // several models behind one address: it has no slots of its own
  // What the model reads beside text ("vision", "audio", ...). Unset: the server does not tell.
  std::optional<std::vector<std::string>> modalities;
};

// What llama-server says it has written to, or read from, a file.
struct SlotTransfer {
  std::int64_t tokens = 0, bytes = 0;
  std::chrono::duration<double, std::milli> time{};  // of the work alone; 0 when it does not tell
};

// Slots of one llama-server, by its HTTP API. Loop thread only. erase(), save() and restore() act
// on what is in a slot, so only who holds it, leased or vacating, may call them. llama-server puts
// them off while the slot is at work; a number that no slot has wraps around to another.
//
// All three give Fault::kNotFound when the server was started without --slot-save-path, and
// Fault::kTimeout or kGone when no answer came: whether it was done is not known then.
class SlotControl {
 public:
  virtual ~SlotControl() = default;
  virtual Task<std::vector<SlotState>> list() = 0;
  virtual Task<> erase(int slot) = 0;  // leaves the slot empty
  // `file` is a name, without folders, in the server's --slot-save-path. What had that name is
  // overwritten in place: until the call has ended well the file may be cut short, and such a file
  // must never be restored, for llama-server may end itself over it. Fault::kStorage: the server
  // has refused, mostly because of the name.
  virtual Task<SlotTransfer> save(int slot, std::string file) = 0;
  // Puts what was saved in the place of all that the slot holds. Fault::kStorage: the server has
  // refused (no such file, no room in the KV cache, another format) and the slot is empty, which is
  // also to be assumed after any other error. A success proves little: the server does not look at
  // the keys and values, nor whose model they are of. See came_back_whole().
  virtual Task<SlotTransfer> restore(int slot, std::string file) = 0;
};

// Whether a restore has brought back what the save has written: as many tokens, and some at all.
inline constexpr bool came_back_whole(const SlotTransfer& saved,
                                      const SlotTransfer& restored) noexcept {
  return restored.tokens > 0 && restored.tokens == saved.tokens;
}

class Upstream {
 public:
  virtual ~Upstream() = default;
  virtual std::string_view url() const noexcept = 0;
  virtual bool healthy() const noexcept = 0;
  virtual bool loading() const noexcept = 0;  // answers, but has no model yet
  // Of the last successful probe; total_slots == 0 until then.
  virtual const ServerProps& props() const noexcept = 0;
  virtual SlotControl& slots() noexcept = 0;
  // KV cells, in tokens, that its slots share, which no endpoint tells; 0: not known.
  virtual std::int64_t pool_tokens() const noexcept = 0;
};

struct ServerDemand;

// Upstreams in the order of the configuration. Fixed after start.
class Upstreams {
 public:
  virtual ~Upstreams() = default;
  virtual std::size_t size() const noexcept = 0;
  virtual Upstream& at(std::size_t index) noexcept = 0;
  // Whether that server can answer such a request now.
  virtual bool suits(std::size_t index, const ServerDemand& demand) const noexcept = 0;
  // Called on the loop whenever an upstream's health or props change, or a shun of it ends.
  virtual void on_change(std::function<void(std::size_t)> callback) = 0;
};

// Small requests of our own to a llama-server. Loop thread only.
class Queries {
 public:
  virtual ~Queries() = default;
  // The body of a 200 to POST `target`; an Error for anything else. Waits a few seconds at most.
  virtual Task<std::string> post(std::size_t upstream, std::string target, std::string body) = 0;
};

// How many tokens texts are. Loop thread only.
class Tokenizer {
 public:
  virtual ~Tokenizer() = default;
  // Of the text alone, without what a template puts around it. Asks the first healthy upstream,
  // remembers answers under `hash` (of the text); what cannot be counted is estimated.
  virtual asio::awaitable<std::int64_t> count(std::uint64_t hash, std::string_view text) = 0;
  // From the bytes alone: the same at all times, for what one conversation's texts are like says
  // nothing about another's.
  virtual std::int64_t estimate(std::size_t bytes) const noexcept = 0;
};

// Of prose and code in the vocabularies of today; numbers, base64 and other scripts have more.
inline constexpr double kTokensPerByte = 0.35;
// No text has fewer, long runs of blanks apart: a count below it was made by something else.
inline constexpr bool is_count_of(std::size_t bytes, std::int64_t tokens) noexcept {
  constexpr std::int64_t kMostBytesPerToken = 32;
  return static_cast<std::int64_t>(bytes) <= tokens * kMostBytesPerToken;
}

// What a llama-server's chat template can do. Loop thread only.
class ChatTemplates {
 public:
  virtual ~ChatTemplates() = default;
  // Asks /apply-template once for each upstream and template. Nothing: it cannot be learned (no
  // such endpoint), or not now, in which case the next call asks again.
  virtual asio::awaitable<std::optional<openai::RoleOrders>> orders(std::size_t upstream) = 0;
};

// All of it, for those who need most of it.
struct Servers {
  Upstreams& upstreams;
  Queries& queries;
  Tokenizer& tokenizer;
  ChatTemplates& templates;
};

}  // namespace keep
