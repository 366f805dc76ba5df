// VectorSearch: finds passages by the vectors of questions; see VectorStore and VectorBuilder.
//
// Loop thread only. A search has what vectors there are, and has more made for the next one. It
// costs the time of one small request to the embeddings server, bounded by Embeddings; nothing
// while that server is left alone.
#pragma once

#include "base/json/json.hpp"
#include "exchange/interfaces/embeddings.hpp"
#include "exchange/interfaces/services.hpp"
#include "plugins/recall/search.hpp"
#include "plugins/recall/vectors/vector_builder.hpp"
#include "plugins/recall/vectors/vector_store.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace keep::recall {

class VectorSearch {
 public:
  VectorSearch(Services& services, Conversations& conversations, Embeddings& embeddings,
               std::string folder, std::size_t max_bytes);
  // Files of conversations that are gone are deleted; what is on record is known by now.
  void start();

  // For each question the most similar passages; no list at all when none can be had now.
  asio::awaitable<std::vector<std::vector<SimilarPassage>>> find(const Search& search);

  asio::awaitable<void> stop() { return store_.save_all(); }
  void forget(const ConversationName& name);
  void cut(const ConversationName& name, Position end) {
    if (store_.reaches(name, end)) forget(name);
  }
  std::size_t rows(const ConversationName& name) const { return store_.rows(name); }
  std::size_t memory_bytes() const noexcept { return store_.memory_bytes(); }
  void report(json::Writer& health) const;  // a member

 private:
  Services& services_;
  Embeddings& embeddings_;
  VectorStore store_;
  VectorBuilder builder_;
};

}  // namespace keep::recall
