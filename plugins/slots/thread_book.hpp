// ThreadBook: which conversations have come back before, and which of their agents is the main
// thread. What came once (a title, a sub-agent, a script's only question) seldom comes again, and
// must not cost a thread of several turns its place.
//
// Bounded: of the tenant that has most the conversation seen least recently is forgotten. Loop
// thread only.
#pragma once

#include "base/lru_map.hpp"

#include <cstddef>
#include <cstdint>

namespace keep::slots {

class ThreadBook {
 public:
  static constexpr std::size_t kMaxConversations = 10000;

  // A request of that conversation, with so many turns of the user. True when it continues a main
  // thread that has been served before.
  bool note(std::uint64_t conversation, std::uint64_t agent, std::uint64_t turns,
            std::uint64_t tenant = 0);
  void forget(std::uint64_t conversation) { threads_.erase(conversation); }

 private:
  struct Thread {
    std::uint64_t agent = 0;  // of the main thread
    std::uint64_t turns = 0;  // of its longest request
    std::uint64_t requests = 0;
  };
  LruMap<std::uint64_t, Thread> threads_;
};

}  // namespace keep::slots
