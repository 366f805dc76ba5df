// PrefixMemory: what was read of the messages of earlier requests. A conversation that goes on
// sends all of them again, byte for byte, and reading them anew would be most of the work.
//
// A tree: under what comes before the list of messages hang the first messages that were seen,
// under each of them those that followed. A node is named by the hash of all bytes up to its
// message's end. So the beginning of a body that leads to a node is, byte for byte, that of a body
// that was valid.
//
// One thread. Full: of two generations the older one goes; what is used moves to the younger.
#pragma once

#include "openai/request/chat_request.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace keep::openai {

class PrefixMemory {
 public:
  static constexpr std::size_t kMinBody = 4 << 10;  // smaller ones are read as fast
  static constexpr std::size_t kMaxBody = 1 << 30;
  static constexpr std::size_t kMaxMessages = 4096;   // of one body; those after them are read
  static constexpr std::size_t kMaxNodes = 64 << 10;  // about 150 bytes each

  explicit PrefixMemory(std::size_t max_nodes = kMaxNodes) : generation_(max_nodes / 2) {}

  using Key = std::uint64_t;
  struct Known {
    std::vector<Message> messages;  // the first ones of the body, as views into it
    std::size_t bytes = 0;          // up to the end of the last one; 0: there is none
    Key key = 0;                    // of the last one
  };
  // For a body of any content.
  Known find(const std::string& body, Surface surface);
  // A body that was found to be valid, and what was read of it. The first `known` messages, the
  // last one of that key, are known since find().
  void add(const std::string& body, const ChatRequest& request, std::size_t known = 0, Key key = 0);

  std::size_t size() const noexcept { return young_.size() + old_.size(); }

 private:
  // Of a message: all that does not depend on where it stands.
  struct Facts {
    std::string role;
    std::uint64_t hash = 0, raw_hash = 0;
    std::size_t text_bytes = 0, media = 0;
    std::uint32_t content_at = 0, content_bytes = 0;  // in its JSON
    bool calls = false;
  };
  struct Node {
    Facts facts;                            // none in a root
    std::uint32_t gap = 0, next_bytes = 0;  // what followed it last: bytes before it, and its own
  };
  using Nodes = std::unordered_map<Key, Node>;
  // A message in a body, and what stands between it and the one before.
  struct Place {
    std::string_view gap, json;
  };

  static bool find_place(std::string_view rest, Place& place) noexcept;
  static Key root_key(std::string_view head, Surface surface) noexcept;
  static Key child_key(Key parent, const Place& place, std::uint64_t raw_hash) noexcept;
  static Node make_node(const Message& message);
  static Message make_message(const Facts& facts, std::string_view json);
  Node* look(Key key);
  Node* next(Node& node, std::string_view rest, Key& key, Place& place);
  void make_room(std::size_t nodes);

  std::size_t generation_;  // nodes, but for those that one body moves
  Nodes young_, old_;
};

}  // namespace keep::openai
