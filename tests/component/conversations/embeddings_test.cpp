// A server of vectors beside the model: what it finds is recalled, and it may go away.
#include "base/json/json.hpp"
#include "tests/support/fake_template.hpp"
#include "tests/support/scripted_upstream.hpp"
#include "tests/support/test_client.hpp"
#include "tests/support/test_proxy.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace keep::test {
namespace {

constexpr std::size_t kDimensions = 48;

// A direction for each text, the same for all that speak of a dog.
std::string vector_of(std::string text) {
  for (const char* const word : {"puppy", "dog"}) {
    if (text.find(word) != std::string::npos) text = "a dog";
  }
  std::mt19937 random(static_cast<unsigned>(std::hash<std::string>()(text)));
  std::string vector;
  for (std::size_t i = 0; i < kDimensions; ++i) {
    const int part = static_cast<int>(random() % 201) - 100;
    vector += (vector.empty() ? "" : ",") + std::to_string(part);
  }
  return "[" + vector + "]";
}

std::vector<Step> embed(const Received& request) {
  std::string data;
  for (const json::Value text : json::Value(request.body).find("input").elements()) {
    data += (data.empty() ? "" : ",") + ("{\"embedding\":" + vector_of(*text.string())) + "}";
  }
  return {Send{reply(200, R"({"model":"m","data":[)" + data + "]}")}};
}

class EmbeddingsTest : public testing::Test {
 protected:
  EmbeddingsTest() { config_ = test_config(upstream_.url()); }

  void start() {
    config_.history.window_tokens = 600;
    config_.history.folder = folder_.path;
    config_.recall.embeddings_url = "http://127.0.0.1:" + std::to_string(port_);
    proxy_ = std::make_unique<TestProxy>(config_);
  }
  // A token is four bytes here.
  static std::vector<Step> play(const Received& request) {
    if (request.target == "/apply-template") {
      return {Send{rendered(FakeTemplate::kLax, request.body)}};
    }
    if (request.target != "/tokenize") return chat_stream("I see.");
    const std::string text = json::Value(request.body).find("content").string().value_or("");
    std::string tokens = "1";
    for (std::size_t i = 4; i < text.size(); i += 4) tokens += ",1";
    return {Send{reply(200, "{\"tokens\":[" + tokens + "]}")}};
  }
  Response say(const std::string& text) {
    if (!history_.empty()) history_ += ',';
    history_ += R"({"role":"user","content":)" + json::quoted(text) + "}";
    const Response response =
        TestClient(proxy_->port())
            .post("/v1/chat/completions", "{\"messages\":[" + history_ + "],\"max_tokens\":20}",
                  "X-Conversation-Id: one\r\n");
    history_ += R"(,{"role":"assistant","content":"I see."})";
    return response;
  }
  void chatter(int turns) {
    for (int i = 0; i < turns; ++i) {
      const std::string number = std::to_string(++said_);
      const Response response = say("Sentence " + number + " tells about the garden, the train " +
                                    number + " and nothing that anybody will ask for.");
      ASSERT_EQ(response.status, 200) << response.body;
    }
  }
  std::int64_t vectors() const {
    const std::string health = TestClient(proxy_->port()).get("/health").body;
    const json::Value recall = json::Value(health).find("recall");
    return recall.find("embeddings").find("vectors").integer().value_or(-1);
  }
  std::string last_sent() const {
    const auto requests = upstream_.received();
    for (auto at = requests.rbegin(); at != requests.rend(); ++at) {
      if (at->target == "/v1/chat/completions") return at->body;
    }
    return {};
  }

  TempFolder folder_;
  ScriptedUpstream upstream_{&EmbeddingsTest::play};
  std::unique_ptr<ScriptedUpstream> server_ = std::make_unique<ScriptedUpstream>(&embed);
  unsigned short port_ = server_->port();
  Config config_;
  std::unique_ptr<TestProxy> proxy_;
  std::string history_;
  int said_ = 0;
};

TEST_F(EmbeddingsTest, WhatMeansTheSameIsRecalled) {
  start();
  say("We have named the puppy Bruno.");
  chatter(60);
  EXPECT_TRUE(eventually([this] { return vectors() > 80; })) << vectors();
  const Response response = say("How is our dog called?");
  EXPECT_EQ(response.header("X-Keep-Recall"), "pre;n=1");
  EXPECT_NE(last_sent().find("] user: We have named the puppy Bruno."), std::string::npos);
}

TEST_F(EmbeddingsTest, AServerThatDiesIsNotMissed) {
  start();
  say("We have named the puppy Bruno.");
  chatter(40);
  EXPECT_TRUE(eventually([this] { return vectors() > 20; }));
  server_.reset();
  chatter(20);
  const Response response = say("What have we named the puppy?");
  EXPECT_EQ(response.status, 200);
  EXPECT_NE(last_sent().find("] user: We have named the puppy Bruno."), std::string::npos);
}

TEST_F(EmbeddingsTest, AServerThatIsNotThereAtAllIsNotMissed) {
  server_.reset();
  start();
  say("We have named the puppy Bruno.");
  chatter(40);
  EXPECT_EQ(vectors(), 0);
  EXPECT_EQ(say("What have we named the puppy?").status, 200);
  EXPECT_NE(last_sent().find("] user: We have named the puppy Bruno."), std::string::npos);
}

TEST_F(EmbeddingsTest, ARestartHasTheVectorsStill) {
  start();
  say("We have named the puppy Bruno.");
  chatter(60);
  EXPECT_TRUE(eventually([this] { return vectors() > 80; }));
  proxy_.reset();
  const std::size_t asked = server_->received().size();
  start();
  say("How is our dog called?");
  EXPECT_GT(vectors(), 80);
  EXPECT_NE(last_sent().find("] user: We have named the puppy Bruno."), std::string::npos);
  // One for the question, and those for what was said last.
  EXPECT_LE(server_->received().size(), asked + 4);
}

}  // namespace
}  // namespace keep::test
