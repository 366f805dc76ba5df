#include "plugins/slots/thread_book.hpp"

#include <algorithm>

namespace keep::slots {

bool ThreadBook::note(std::uint64_t conversation, std::uint64_t agent, std::uint64_t turns,
                      std::uint64_t tenant) {
  Thread& thread = threads_.get(conversation, tenant);
  if (threads_.size() > kMaxConversations) threads_.pop_oldest();
  // The main thread comes first, or has more turns than who did: its tools may change on the way.
  if (thread.requests == 0 || turns > thread.turns) thread.agent = agent;
  if (thread.agent != agent) return false;
  thread.turns = std::max(thread.turns, turns);
  return ++thread.requests > 1;
}

}  // namespace keep::slots
