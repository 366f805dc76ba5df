// Text that upstream holds back in a stream and has in a whole reply.
#include "base/json/json.hpp"
#include "tests/support/scripted_upstream.hpp"
#include "tests/support/test_client.hpp"
#include "tests/support/test_proxy.hpp"

#include <gtest/gtest.h>

#include <string>

namespace keep::test {
namespace {

json::Value parsed(const std::string& body) {
  const auto root = json::validate(body);
  EXPECT_TRUE(root) << body;
  return root ? *root : json::Value();
}

bool streams(const Received& request) {
  return json::Value(request.body).find("stream").boolean().value_or(false);
}

// A stream that ends after `predicted` tokens and has said nothing of them.
std::vector<Step> silent_stream(int predicted, const std::string& finish = "\"length\"") {
  auto steps = chat_stream("", 7, 3);
  steps.resize(3);
  const std::string timings =
      R"(,"timings":{"cache_n":7,"prompt_n":3,"prompt_ms":1.0,"predicted_n":)" +
      std::to_string(predicted) + R"(,"predicted_ms":1.0})";
  steps.push_back(Send{chunk(chat_event("{}", finish, timings))});
  steps.push_back(Send{chunk("data: [DONE]\n\n")});
  steps.push_back(Send{stream_end()});
  return steps;
}

std::vector<Step> whole_reply() {
  const std::string body =
      R"({"choices":[{"finish_reason":"length","index":0,"message":)"
      R"({"role":"assistant","content":" {\"name"}}],"object":"chat.completion",)"
      R"("usage":{"completion_tokens":9,"prompt_tokens":9,"total_tokens":18},)"
      R"("id":"other","timings":{"cache_n":9,"prompt_n":1,"predicted_n":9}})";
  return {Send{reply(200, body)}};
}

class UnstreamedTest : public testing::Test {
 protected:
  ScriptedUpstream upstream_{
      [](const Received& request) { return streams(request) ? silent_stream(3) : whole_reply(); }};
  TestProxy proxy_{test_config(upstream_.url())};
  TestClient client_{proxy_.port()};
};

TEST_F(UnstreamedTest, AWholeReplyHasTheText) {
  const Response response = client_.post("/v1/chat/completions", chat_body("x", false));
  EXPECT_EQ(response.status, 200);
  const json::Value root = parsed(response.body);
  const json::Value choice = *root.find("choices").elements().begin();
  EXPECT_EQ(choice.find("message").find("content").string(), R"( {"name)");
  EXPECT_EQ(choice.find("finish_reason").string(), "length");
  EXPECT_EQ(root.find("id").string(), "chatcmpl-1");
  EXPECT_EQ(root.find("timings").find("cache_n").integer(), 7) << "what the answer cost";
  EXPECT_EQ(root.find("usage").find("completion_tokens").integer(), 3);
}

TEST_F(UnstreamedTest, ItIsAskedForOnTheSameSlotAndNoLonger) {
  client_.post("/v1/chat/completions", chat_body("x", false, R"(,"max_tokens":8)"));
  const auto requests = upstream_.received();
  ASSERT_EQ(requests.size(), 2U);
  EXPECT_EQ(requests[1].target, requests[0].target);
  const json::Value first = parsed(requests[0].body);
  const json::Value second = parsed(requests[1].body);
  EXPECT_EQ(second.find("messages").raw(), first.find("messages").raw());
  EXPECT_EQ(second.find("id_slot").raw(), first.find("id_slot").raw());
  EXPECT_EQ(second.find("n_predict").integer(), 3);
}

TEST_F(UnstreamedTest, TranslatedAnswersHaveItToo) {
  const Response message = client_.post(
      "/v1/messages", R"({"model":"m","max_tokens":3,"messages":[{"role":"user","content":"x"}]})");
  const json::Value root = parsed(message.body);
  EXPECT_EQ((*root.find("content").elements().begin()).find("text").string(), R"( {"name)");
  EXPECT_EQ(root.find("stop_reason").string(), "max_tokens");
  EXPECT_EQ(root.find("usage").find("output_tokens").integer(), 3);
  const Response response = client_.post("/v1/responses", R"({"input":"x","max_output_tokens":3})");
  EXPECT_NE(response.body.find(R"("text":" {\"name")"), std::string::npos) << response.body;
}

TEST_F(UnstreamedTest, AStreamIsLeftAsItIs) {
  const Response response = client_.post("/v1/chat/completions", chat_body("x", true));
  EXPECT_EQ(response.body.find("name"), std::string::npos);
  EXPECT_EQ(upstream_.received().size(), 1U);
}

TEST(Unstreamed, AnAnswerThatEndsAtOnceIsEmpty) {
  ScriptedUpstream upstream([](const Received&) { return silent_stream(1, "\"stop\""); });
  TestProxy proxy(test_config(upstream.url()));
  TestClient client(proxy.port());
  EXPECT_EQ(client.post("/v1/chat/completions", chat_body("x", false)).status, 200);
  EXPECT_EQ(upstream.received().size(), 1U);
}

TEST(Unstreamed, WhereItIsRefusedTheStreamCounts) {
  ScriptedUpstream upstream([](const Received& request) -> std::vector<Step> {
    if (streams(request)) return silent_stream(3);
    return {Send{reply(500, R"({"error":{"code":500,"message":"no","type":"server_error"}})")}};
  });
  TestProxy proxy(test_config(upstream.url()));
  const Response response =
      TestClient(proxy.port()).post("/v1/chat/completions", chat_body("x", false));
  EXPECT_EQ(response.status, 200);
  EXPECT_NE(response.body.find(R"("content":"")"), std::string::npos) << response.body;
}

// The stream says nothing, and the reply that is asked for then never comes.
std::vector<Step> hang_when_asked_again(const Received& request) {
  if (streams(request)) return silent_stream(3);
  return {WaitForClientGone{}};
}

TEST(Unstreamed, WhereItHangsTheStreamCounts) {
  ScriptedUpstream upstream(hang_when_asked_again, 1);
  TestProxy proxy(test_config(upstream.url()));
  TestClient client(proxy.port());
  client.send(post_bytes("/v1/chat/completions", chat_body("x", false)));
  const Response response = client.read_response(std::chrono::seconds(4));
  EXPECT_EQ(response.status, 200);
  EXPECT_NE(response.body.find(R"("content":"")"), std::string::npos) << response.body;
  EXPECT_TRUE(eventually([&] { return upstream.clients_gone() == 1; }));
  EXPECT_EQ(client.get("/ready").status, 200);
}

TEST(Unstreamed, AClientThatLeavesIsNoticed) {
  ScriptedUpstream upstream(hang_when_asked_again, 1);
  TestProxy proxy(test_config(upstream.url()));
  TestClient leaver(proxy.port());
  leaver.send(post_bytes("/v1/chat/completions", chat_body("x", false)));
  ASSERT_TRUE(eventually([&] { return upstream.received().size() == 2; }));
  leaver.close();
  EXPECT_TRUE(eventually([&] { return upstream.clients_gone() == 1; }));
}

}  // namespace
}  // namespace keep::test
