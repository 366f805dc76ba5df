// HistoryEndpoints: /v1/conversations/list, /v1/conversations/end, /v1/conversations/ID and
// /v1/sessions/ID, and what they need to know about running exchanges. Loop thread only.
#pragma once

#include "base/hash.hpp"
#include "base/lru_map.hpp"
#include "exchange/exchange.hpp"
#include "exchange/http/local_reply.hpp"
#include "exchange/interfaces/conversations.hpp"
#include "exchange/interfaces/services.hpp"
#include "exchange/interfaces/upstreams.hpp"
#include "plugins/history/history_settings.hpp"
#include "plugins/history/store/conversation_store.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

namespace keep::history {

class HistoryEndpoints {
 public:
  HistoryEndpoints(Services& services, Upstreams& upstreams, ConversationStore& store,
                   const HistorySettings& settings)
      : services_(services), upstreams_(upstreams), store_(store), settings_(settings) {}

  void attach(ConversationObserver& observer) { observers_.push_back(&observer); }
  // An exchange of the conversation begins, knows the position behind all that it goes on from, and
  // has come to its end: `end` is what it knew.
  void begin(const ConversationName& name);
  void goes_on_from(const ConversationName& name, Position end);
  void finish(const ConversationName& name, std::optional<Position> end,
              const Answer& answer) noexcept;

  // The position behind all that running exchanges go on from; 0 where none runs, nothing where it
  // is not known yet of one of them.
  std::optional<Position> end_of_running(const ConversationName& name) const;

  // A conversation is no more, or ends before that position now.
  void cut(const ConversationName& name, Position end);
  void removed(const ConversationName& name);

  // nullptr: another endpoint.
  asio::awaitable<Reply> answer(const Exchange& exchange);

 private:
  void forget(const ConversationName& name);
  static constexpr std::size_t kMaxLast = 16384;
  struct NameHash {
    std::size_t operator()(const ConversationName& name) const noexcept { return hash_of(name); }
  };
  struct Running {             // exchanges of one conversation
    std::size_t unplaced = 0;  // that do not know yet what they go on from
    std::multiset<Position> ends;
  };
  struct Last {  // of the latest answer
    std::int64_t context = 0;
    bool whole = false;
  };
  Reply list(const std::string& tenant) const;
  asio::awaitable<Reply> end(const Exchange& exchange);
  asio::awaitable<Reply> page(const Exchange& exchange);
  Reply session(const Exchange& exchange) const;
  std::size_t slots() const;

  Services& services_;
  Upstreams& upstreams_;
  ConversationStore& store_;
  const HistorySettings& settings_;
  std::vector<ConversationObserver*> observers_;
  std::unordered_map<ConversationName, Running, NameHash> running_;
  LruMap<ConversationName, Last, NameHash> last_;
  std::uint64_t removed_ = 0, hits_ = 0, misses_ = 0;
};

}  // namespace keep::history
