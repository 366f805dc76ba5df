// VectorBuilder: has vectors made of what was said, in the background.
//
// Loop thread only. One batch is under way at a time, the conversations that are searched in turns,
// and no conversation that is not. When the server fails everything is given up until the next
// search asks for it again.
#pragma once

#include "exchange/interfaces/conversations.hpp"
#include "exchange/interfaces/embeddings.hpp"
#include "exchange/interfaces/services.hpp"
#include "plugins/recall/vectors/vector_store.hpp"

#include <cstddef>
#include <deque>
#include <vector>

namespace keep::recall {

class VectorBuilder {
 public:
  VectorBuilder(Services& services, Conversations& conversations, Embeddings& embeddings,
                VectorStore& store)
      : services_(services),
        conversations_(conversations),
        embeddings_(embeddings),
        store_(store) {}

  // Vectors for all messages before `end`.
  void want(const ConversationName& name, Position end);
  // After the store has forgotten it: what is under way for it ends.
  void forget(const ConversationName& name);

 private:
  struct Job {
    ConversationName name;
    Position end;
  };

  asio::awaitable<void> work();
  Task<bool> step(Job job);
  // Whether there is any use in going on.
  Task<bool> embed(Job job, SharedVectors shared, std::vector<PassageText> passages);
  asio::awaitable<bool> add(ConversationName name, SharedVectors shared,
                            std::vector<PassageText> passages, Embedded embedded);
  asio::awaitable<void> go_on_from(ConversationName name, SharedVectors shared, PassagePlace next);
  asio::awaitable<bool> grow_graph(ConversationName name, SharedVectors shared);
  void note_health(const Result<bool>& done);

  Services& services_;
  Conversations& conversations_;
  Embeddings& embeddings_;
  VectorStore& store_;
  std::deque<Job> jobs_;  // one for each conversation
  bool working_ = false, failing_ = false;
};

}  // namespace keep::recall
