// A slot whose cells are needed is parked, an empty one is primed for a conversation that was here
// before: with a prompt of one token, so that llama-server's RAM cache keeps and finds prompts.
#include "tests/support/scripted_upstream.hpp"
#include "tests/support/test_client.hpp"
#include "tests/support/test_proxy.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace keep::test {
namespace {

using testing::ElementsAre;

constexpr int kPool = 2000;

// What upstream was asked, in order: "park 0" or "chat 1", with the slot.
class ParkingTest : public testing::Test {
 protected:
  ParkingTest()
      : upstream_(
            [](const Received& request) {
              const bool chat = request.target == "/v1/chat/completions";
              const int status = request.target == "/completion" ? 200 : 404;
              const bool large = request.body.find("Two.") != std::string::npos;
              return chat ? chat_stream("Yes.", 0, large ? kPool - 300 : 100)
                          : std::vector<Step>{Send{reply(status, "{}")}};
            },
            2) {
    upstream_.set_context(kPool);
  }

  std::vector<std::string> asked() const {
    std::vector<std::string> all;
    for (const Received& request : upstream_.received()) {
      const std::string key = "\"id_slot\":";
      const std::size_t at = request.body.find(key);
      if (at == std::string::npos) continue;
      const bool chat = request.target == "/v1/chat/completions";
      const bool park = request.body.find("\"n_predict\":0") != std::string::npos;
      all.push_back((chat   ? "chat "
                     : park ? "park "
                            : "? ") +
                    request.body.substr(at + key.size(), 1));
    }
    return all;
  }

  ScriptedUpstream upstream_;
};

constexpr const char* kSaid = R"({"role":"assistant","content":"Yes."})";

std::string user(const std::string& text) {
  return R"({"role":"user","content":")" + text + R"("})";
}

std::string chat(const std::string& messages) {
  return R"({"messages":[)" + messages + R"(],"max_tokens":50})";
}

TEST_F(ParkingTest, ASlotWhoseCellsAreNeededIsParked) {
  Config config = test_config(upstream_.url());
  config.upstreams.front().pool_tokens = kPool;
  TestProxy proxy(config);
  TestClient client(proxy.port());
  const std::string first = user("One. " + std::string(300, 'a'));
  const std::string longer = chat(first + ',' + kSaid + ',' + user(std::string(1500, 'c')));
  const std::string path = "/v1/chat/completions";
  ASSERT_EQ(client.post(path, chat(first)).status, 200);
  ASSERT_EQ(client.post(path, chat(user("Two."))).status, 200);
  EXPECT_THAT(asked(), ElementsAre("chat 0", "chat 1"));
  ASSERT_EQ(client.post(path, longer).status, 200);
  EXPECT_THAT(asked(), ElementsAre("chat 0", "chat 1", "park 1", "chat 0"));
}

TEST_F(ParkingTest, AnEmptySlotIsPrimedForWhoWasHereBefore) {
  TestProxy proxy(test_config(upstream_.url()));
  TestClient client(proxy.port());
  const std::string going_on = chat(user("Hello.") + ',' + kSaid + ',' + user("Go on."));
  ASSERT_EQ(client.post("/v1/chat/completions", going_on).status, 200);
  EXPECT_THAT(asked(), ElementsAre("park 0", "chat 0"));
  ASSERT_EQ(client.post("/v1/chat/completions", chat(user("Somebody new."))).status, 200);
  EXPECT_THAT(asked(), ElementsAre("park 0", "chat 0", "chat 1"));
}

}  // namespace
}  // namespace keep::test
