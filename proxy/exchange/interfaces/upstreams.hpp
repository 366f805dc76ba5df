// What the core lends to plugins of the llama-servers behind us, as narrow interfaces. Loop thread
// only; they outlive every plugin.
#pragma once

#include "base/async/pools.hpp"
#include "base/result.hpp"
#include "openai/roles/role_orders.hpp"

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
  std::int64_t held_tokens = 0;  // tokens in the slot's KV cache; 0 when never used
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

// Slots of one llama-server, by its HTTP API. Loop thread only.
class SlotControl {
 public:
  virtual ~SlotControl() = default;
  virtual Task<std::vector<SlotState>> list() = 0;
  // Empties an idle slot. Fault::kNotFound when the server was started without --slot-save-path.
  virtual Task<> erase(int slot) = 0;
};

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
