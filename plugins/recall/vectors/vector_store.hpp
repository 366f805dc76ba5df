// VectorStore: the vectors of the conversations in use, and their files.
//
// Loop thread only; files are read and written in pools.disk, one after the other, vectors are
// worked with in pools.cpu, one thing after the other for each conversation. Above `max_bytes` of
// memory the vectors of the least recently used conversations of the tenant that has most are put
// away; what was not written of them is lost and made anew. A file that fits nothing on record is
// not used.
#pragma once

#include "base/async/sequenced.hpp"
#include "base/lru_map.hpp"
#include "base/metrics.hpp"
#include "exchange/interfaces/conversations.hpp"
#include "exchange/interfaces/services.hpp"
#include "plugins/recall/vectors/conversation_vectors.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

namespace keep::recall {

// Of one conversation, in pools.cpu. nullptr: there is no vector yet.
using SharedVectors = Sequenced<std::unique_ptr<ConversationVectors>>;

// What the loop knows of them.
struct VectorState {
  std::size_t rows = 0, bytes = 0;
  PassagePlace next;  // where to go on
  bool wants_graph = false;
};
// `next`: in case there is no vector yet (null).
VectorState state_of(const ConversationVectors* vectors, PassagePlace next);

class VectorStore {
 public:
  VectorStore(Services& services, Conversations& conversations, std::string folder,
              std::size_t max_bytes);

  // Reads the file when the conversation was not in use. None: forgotten meanwhile.
  asio::awaitable<std::optional<SharedVectors>> open(ConversationName name);
  // nullptr when `shared` is no longer that conversation's. Valid until the next call.
  const VectorState* find(const ConversationName& name, const SharedVectors& shared) const;
  // What was done to `shared`.
  void note(const ConversationName& name, const SharedVectors& shared, VectorState state);

  // Writes the file if much has come since it was written.
  asio::awaitable<void> save(ConversationName name);
  // Writes all that have changed.
  asio::awaitable<void> save_all();
  // Deletes the files of conversations that are not on record.
  asio::awaitable<void> sweep();
  void forget(const ConversationName& name);  // its file, too
  // Whether it has vectors of messages from that position on.
  bool reaches(const ConversationName& name, Position end) const;

  std::size_t rows(const ConversationName& name) const;
  std::size_t rows() const noexcept { return rows_; }  // in memory, of all conversations
  std::size_t memory_bytes() const noexcept { return bytes_; }

 private:
  struct Entry {
    std::optional<SharedVectors> shared;  // none only until open() has made it
    bool loaded = false;
    VectorState state;
    std::size_t rows_on_disk = 0;
    bool changed = false;  // since it was written
    ConversationName name;
  };

  asio::awaitable<bool> is_of(ConversationName name, const ConversationVectors& vectors);
  asio::awaitable<bool> has_message(ConversationName name, Position position, std::uint64_t stamp);
  asio::awaitable<void> write(ConversationName name, SharedVectors shared);
  void set_state(Entry& entry, VectorState state);
  void trim();

  Services& services_;
  Conversations& conversations_;
  std::string folder_;
  std::size_t max_bytes_, bytes_ = 0, rows_ = 0;
  const Strand turn_;                   // of the files
  LruMap<std::string, Entry> entries_;  // by name
  Gauge held_;
};

}  // namespace keep::recall
