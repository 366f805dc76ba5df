// FogSearch: finds passages in the fog zone of a conversation, whatever its index has to do for
// that.
//
// Loop thread only; indexes are built and searched in pools.cpu, one thing after the other for each
// conversation. An index holds what came before the clear zone and is caught up when a search needs
// more; what cannot be read within kPatience is searched next time. Above `index_bytes` the tenant
// that has most loses the indexes of its least recently used conversations; they are built anew
// when they are needed again.
#pragma once

#include "base/async/sequenced.hpp"
#include "base/lru_map.hpp"
#include "exchange/interfaces/conversations.hpp"
#include "exchange/interfaces/services.hpp"
#include "plugins/recall/fog/conversation_index.hpp"
#include "plugins/recall/search.hpp"
#include "plugins/recall/vectors/vector_search.hpp"

#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace keep::recall {

struct Found {
  MessageInfo message;
  search::PassageId passage = 0;
  std::string text;
  float relevance = 0;  // by its words
  float bonus = 0;      // by its vector, on top
};

class FogSearch final : public ConversationObserver {
 public:
  static constexpr std::chrono::milliseconds kPatience{150};

  // `vectors`: where else to look; null: words alone.
  FogSearch(Services& services, Conversations& conversations, std::size_t index_bytes,
            VectorSearch* vectors = nullptr)
      : services_(services),
        conversations_(conversations),
        index_bytes_(index_bytes),
        vectors_(vectors) {}

  // Best first; of several questions in turns.
  Task<std::vector<Found>> find(Search search);

  void forget(const ConversationName& name) override;
  void cut(const ConversationName& name, Position end) override;
  std::size_t index_entries(const ConversationName& name) const override;
  std::size_t memory_bytes() const override { return bytes_; }

 private:
  using SharedIndex = Sequenced<ConversationIndex>;
  struct Entry {
    std::optional<SharedIndex> index;  // none only until entry_of() has made it
    Position next = 0;                 // what the index has
    std::size_t passages = 0, bytes = 0;
    bool filling = false;
  };

  Task<> catch_up(const ConversationName& name, Position end);
  asio::awaitable<void> fill(ConversationName name, SharedIndex index, Position end);
  asio::awaitable<void> fill_beside(ConversationName name, SharedIndex index, Position end);
  static asio::awaitable<void> pause(asio::steady_timer& timer);
  Task<std::vector<Found>> read(const ConversationName& name,
                                const std::vector<FoundPassage>& passages);
  Entry& entry_of(const ConversationName& name);
  void trim();

  Services& services_;
  Conversations& conversations_;
  std::size_t index_bytes_, bytes_ = 0;
  VectorSearch* vectors_;
  LruMap<std::string, Entry> entries_;  // by name
};

}  // namespace keep::recall
