// RandomClients: what clients may send, and what none should: conversations of any messages in any
// order, which grow, are edited, shuffled and cut between requests. The same seed, the same
// requests.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace keep::test {

enum class Surface { kChat, kMessages, kResponses };

struct RandomRequest {
  std::string target, headers, body;
  bool may_fail = false;  // the body asks the upstream of the test to misbehave
};

class RandomClients {
 public:
  // Longest list of messages.
  RandomClients(std::uint64_t seed, std::size_t max_messages);
  RandomRequest next();

  // In a body: the upstream of the test is to fail.
  static constexpr const char* kFail = "\"keep_test_fail\":true";

 private:
  struct Message {
    char kind = 'u';  // s system, d developer, u user, a assistant, c call, t result, x unknown
    int oddity = 0;   // 0: none
    std::string text;
  };
  struct Conversation {
    Surface surface = Surface::kChat;
    std::string headers;
    std::vector<Message> messages;
  };

  std::size_t below(std::size_t count) { return random_() % count; }
  bool once_in(std::size_t count) { return below(count) == 0; }
  Message make_message();
  std::string make_text();
  Conversation make_conversation();
  void change(std::vector<Message>& messages);
  void grow(std::vector<Message>& messages);
  std::string to_json(const Message& message, Surface surface);
  std::string to_body(const Conversation& conversation, bool may_fail);

  std::mt19937_64 random_;
  std::size_t max_messages_;
  std::vector<Conversation> conversations_;
};

}  // namespace keep::test
