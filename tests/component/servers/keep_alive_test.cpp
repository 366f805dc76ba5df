// Clients that wait for a stream hear something, whatever they wait for.
#include "tests/component/answers/hedge_stage.hpp"

#include <memory>

namespace keep::test {
namespace {

using namespace std::chrono_literals;

const std::string kComment = ":\n\n";
const std::string kPing = "event: ping\ndata: {\"type\": \"ping\"}\n\n";

std::string without(const std::string& what, std::string text) {
  for (auto at = text.find(what); at != text.npos; at = text.find(what, at)) {
    text.erase(at, what.size());
  }
  return text;
}

std::string body_for(const std::string& path, bool stream) {
  const std::string rest = stream ? R"(,"stream":true})" : "}";
  if (path == "/v1/responses") return R"({"model":"m","input":"hello")" + rest;
  const std::string messages = R"({"model":"m","messages":[{"role":"user","content":"hello"}])";
  return path == "/v1/messages" ? messages + R"(,"max_tokens":9)" + rest : messages + rest;
}

// One slot, and an upstream that answers when the test opens the gate.
class KeepAliveTest : public testing::Test {
 protected:
  KeepAliveTest() {
    config_.timeouts.keep_alive = 40ms;
    answer_ = chat_stream("hello there");
  }
  ~KeepAliveTest() override { open_ = true; }

  void start() { proxy_.emplace(config_); }
  std::unique_ptr<TestClient> ask(const std::string& path, bool stream = true,
                                  const std::string& headers = "") {
    auto client = std::make_unique<TestClient>(proxy_->port());
    client->send(post_bytes(path, body_for(path, stream), headers));
    return client;
  }
  // Somebody else has the slot.
  void occupy() {
    holder_ = ask("/v1/chat/completions");
    ASSERT_TRUE(eventually([&] { return upstream_.running() == 1; }));
  }
  double metric(const std::string& name) {
    const std::string all = TestClient(proxy_->port()).get("/metrics").body;
    const auto at = all.find("\nllama_keep_" + name + " ");
    return at == all.npos ? -1 : std::stod(all.substr(all.find(' ', at)));
  }

  std::atomic<bool> open_{false};
  std::vector<Step> answer_;
  ScriptedUpstream upstream_{[this](const Received&) {
                               std::vector<Step> steps{WaitFor{&open_}};
                               steps.insert(steps.end(), answer_.begin(), answer_.end());
                               return steps;
                             },
                             1};
  Config config_ = test_config(upstream_.url());
  std::optional<TestProxy> proxy_;
  std::unique_ptr<TestClient> holder_;
};

TEST_F(KeepAliveTest, WhoIsQueuedHearsCommentsAndThenTheAnswer) {
  start();
  occupy();
  const auto next = ask("/v1/chat/completions", true, "Origin: http://localhost:3000\r\n");
  ASSERT_TRUE(eventually([&] { return metric("queue_depth") == 1; }));
  const auto after = ask("/v1/chat/completions");
  ASSERT_TRUE(eventually([&] { return metric("queue_depth") == 2; }));
  ASSERT_TRUE(eventually([&] { return metric("keep_alives_total") > 9; }));
  open_ = true;
  const std::string plain = holder_->read_response().body;
  const Response response = next->read_response();
  EXPECT_EQ(response.status, 200);
  EXPECT_TRUE(response.complete);
  EXPECT_EQ(response.header("Content-Type"), "text/event-stream");
  EXPECT_EQ(response.header("X-Keep-Queue"), "1");
  EXPECT_NE(response.header("x-request-id"), "");
  EXPECT_NE(response.header("X-Keep-Conversation"), "");
  EXPECT_EQ(response.header("X-Keep-Slot"), "") << "nobody knew yet";
  EXPECT_EQ(response.header("X-Keep-Recall"), "") << "nobody knew yet";
  EXPECT_NE(response.header("Access-Control-Expose-Headers").find("X-Keep-Queue"),
            std::string::npos);
  EXPECT_TRUE(response.body.starts_with(kComment + kComment + kComment)) << response.body;
  EXPECT_EQ(without(kComment, response.body), without(kComment, plain));
  EXPECT_NE(response.body.find("[DONE]"), std::string::npos);
  EXPECT_EQ(after->read_response().header("X-Keep-Queue"), "2");
}

TEST_F(KeepAliveTest, EachDialectHasItsOwn) {
  start();
  for (const auto& [path, sign, first] :
       {std::tuple{"/v1/messages", kPing, "event: message_start\n"},
        std::tuple{"/v1/responses", kComment, "event: response.created\n"}}) {
    open_ = false;
    const auto client = ask(path);
    const double before = metric("keep_alives_total");
    ASSERT_TRUE(eventually([&] { return metric("keep_alives_total") > before + 2; }));
    open_ = true;
    const Response response = client->read_response();
    EXPECT_TRUE(response.complete) << path;
    EXPECT_TRUE(response.body.starts_with(sign + sign)) << response.body;
    EXPECT_TRUE(without(sign, response.body).starts_with(first)) << response.body;
  }
}

TEST_F(KeepAliveTest, OneJsonIsWaitedForInSilence) {
  start();
  occupy();
  const auto client = ask("/v1/chat/completions", false);
  EXPECT_EQ(client->read_bytes(1, 300ms), "");
  open_ = true;
  const Response response = client->read_response();
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.header("X-Keep-Queue"), "1");
  EXPECT_NE(response.header("X-Keep-Slot"), "");
  EXPECT_TRUE(json::validate(response.body)) << response.body;
}

TEST_F(KeepAliveTest, ZeroSwitchesItOff) {
  config_.timeouts.keep_alive = 0ms;
  start();
  occupy();
  const auto client = ask("/v1/chat/completions");
  EXPECT_EQ(client->read_bytes(1, 300ms), "");
  open_ = true;
  const Response response = client->read_response();
  EXPECT_EQ(response.header("X-Keep-Queue"), "1");
  EXPECT_NE(response.header("X-Keep-Slot"), "");
  EXPECT_EQ(response.body, holder_->read_response().body);
  EXPECT_EQ(metric("keep_alives_total"), 0);
}

TEST_F(KeepAliveTest, WhoDidNotWaitIsToldNothing) {
  open_ = true;
  start();
  const Response response = ask("/v1/chat/completions")->read_response();
  EXPECT_EQ(response.header("X-Keep-Queue"), "");
  EXPECT_TRUE(response.body.starts_with("data: ")) << response.body;
}

TEST_F(KeepAliveTest, AfterTheHeadAnErrorOfOursIsAnEvent) {
  config_.slots.queue_timeout = 300ms;
  start();
  occupy();
  const Response chat = ask("/v1/chat/completions")->read_response();
  EXPECT_EQ(chat.status, 200);
  EXPECT_TRUE(chat.complete) << "no answer was cut";
  EXPECT_TRUE(chat.body.starts_with(kComment));
  const std::string told = without(kComment, chat.body);
  ASSERT_TRUE(told.starts_with("data: {\"error\":")) << told;
  EXPECT_EQ(json::Value(std::string_view(told).substr(6)).find("error").find("code").string(),
            "overloaded");

  const Response messages = ask("/v1/messages")->read_response();
  EXPECT_TRUE(messages.complete);
  EXPECT_TRUE(messages.body.starts_with(kPing));
  EXPECT_TRUE(without(kPing, messages.body).starts_with("event: error\ndata: ")) << messages.body;
  EXPECT_NE(messages.body.find("overloaded_error"), std::string::npos);

  const Response responses = ask("/v1/responses")->read_response();
  EXPECT_TRUE(responses.complete);
  EXPECT_TRUE(without(kComment, responses.body).starts_with("event: response.created\n"));
  EXPECT_NE(responses.body.find("event: response.failed\n"), std::string::npos) << responses.body;

  const Response whole = ask("/v1/chat/completions", false)->read_response();
  EXPECT_EQ(whole.status, 503);
  EXPECT_EQ(whole.header("X-Keep-Queue"), "1");
}

TEST_F(KeepAliveTest, AfterTheHeadUpstreamsErrorIsAnEvent) {
  answer_ = {Send{reply(400,
                        "{\"error\": {\n  \"code\": 400,\n  \"message\": \"no such thing\",\n"
                        "  \"type\": \"invalid_request_error\"}}\n")}};
  start();
  for (const char* path : {"/v1/chat/completions", "/v1/messages", "/v1/responses"}) {
    open_ = false;
    const auto client = ask(path);
    const double before = metric("keep_alives_total");
    ASSERT_TRUE(eventually([&] { return metric("keep_alives_total") > before; }));
    open_ = true;
    const Response response = client->read_response();
    EXPECT_EQ(response.status, 200);
    EXPECT_TRUE(response.complete);
    EXPECT_NE(response.body.find("no such thing"), std::string::npos) << response.body;
    if (path == std::string("/v1/chat/completions")) {
      const std::string told = without(kComment, response.body);
      ASSERT_TRUE(told.starts_with("data: {") && told.ends_with("}} \n\n")) << told;
      const json::Value error = json::Value(std::string_view(told).substr(6)).find("error");
      EXPECT_EQ(error.find("type").string(), "invalid_request_error");
    }
  }
}

TEST_F(KeepAliveTest, WordsThatClientsActOnSurviveInTheEvent) {
  answer_ = {Send{reply(400, R"({"error":{"code":400,"message":"too long","n_ctx":4096,)"
                             R"("n_prompt_tokens":9000,"type":"exceed_context_size_error"}})")}};
  config_.history.enabled = false;  // it would try again with less
  start();
  const auto client = ask("/v1/messages");
  ASSERT_TRUE(eventually([&] { return metric("keep_alives_total") > 0; }));
  open_ = true;
  const Response response = client->read_response();
  EXPECT_NE(response.body.find("prompt is too long: 9000 tokens > 4096 maximum"), std::string::npos)
      << response.body;
}

TEST_F(KeepAliveTest, AReplyThatIsNoErrorIsToldAsOne) {
  answer_ = {Send{reply(502, "<html>oops</html>", "text/html")}};
  start();
  const auto client = ask("/v1/chat/completions");
  ASSERT_TRUE(eventually([&] { return metric("keep_alives_total") > 0; }));
  open_ = true;
  const Response response = client->read_response();
  EXPECT_TRUE(response.complete);
  EXPECT_NE(response.body.find("\"upstream_protocol\""), std::string::npos) << response.body;
  EXPECT_EQ(response.body.find("html"), std::string::npos);
}

TEST_F(KeepAliveTest, NoneStandsInsideAnEvent) {
  const std::string before = chat_event(R"({"content":"whole"})");
  const std::string one = chat_event(R"({"content":"torn in two"})");
  answer_ = {
      Send{stream_head()}, Send{chunk(before + one.substr(0, one.size() / 2))},
      Wait{300ms},         Send{chunk(one.substr(one.size() / 2))},
      Wait{300ms},         Send{chunk(chat_event("{}", R"("stop")") + kDone) + stream_end()}};
  open_ = true;
  start();
  const Response response = ask("/v1/chat/completions")->read_response();
  EXPECT_TRUE(response.complete);
  EXPECT_NE(response.body.find(before + kComment), std::string::npos) << response.body;
  EXPECT_NE(response.body.find(kComment + one + kComment), std::string::npos) << response.body;
  std::string_view rest = response.body;
  while (!rest.empty()) {
    const std::size_t end = rest.find("\n\n");
    ASSERT_NE(end, rest.npos);
    const std::string_view event = rest.substr(0, end);
    EXPECT_TRUE(event == ":" || event.starts_with("data: ")) << event;
    rest.remove_prefix(end + 2);
  }
}

TEST_F(KeepAliveTest, WhoLeavesTheQueueIsForgottenAtOnce) {
  start();
  occupy();
  auto leaver = ask("/v1/chat/completions");
  EXPECT_NE(leaver->read_bytes(300, 5s).find(kComment), std::string::npos);
  ASSERT_EQ(metric("queue_depth"), 1);
  leaver->close();
  EXPECT_TRUE(eventually([&] { return metric("queue_depth") == 0; }, 1s));
  open_ = true;
  EXPECT_EQ(holder_->read_response().status, 200);
  EXPECT_EQ(upstream_.received().size(), 1U);
}

class KeepAliveHedgeTest : public HedgeTest {
 protected:
  KeepAliveHedgeTest() : HedgeTest([](Config& c) { c.timeouts.keep_alive = 40ms; }) {}
};

TEST_F(KeepAliveHedgeTest, TextThatIsHeldBackStaysSo) {
  std::vector<Step> first = endless("a", {"Well,", " if I", " recall"});
  first.insert(first.begin() + 4, Wait{250ms});
  std::vector<Step> second = answer("b", {" it is", " 7341."});
  second.insert(second.begin(), Wait{250ms});
  const Response response = ask({first, second});
  EXPECT_TRUE(response.complete);
  EXPECT_EQ(without(kComment, without_time(response.body)),
            role_event("a") + texts("a", {"Well,", " it is", " 7341."}) +
                end_event("a", summary(2)) + usage_event("a", 49, 3) + kDone);
  EXPECT_NE(response.body.find(text_event("a", "Well,") + kComment + kComment + kComment),
            std::string::npos)
      << response.body;
}

TEST_F(KeepAliveHedgeTest, ARefusalToGoOnIsStillNotForTheClient) {
  const Response response = ask({endless("a", {"Well,", " if I", " recall"}),
                                 {Wait{250ms}, refusal()},
                                 answer("c", {" it is 1111."})});
  EXPECT_NE(without(kComment, response.body)
                .find(texts("a", {"Well,", " if I", " recall", " it is 1111."})),
            std::string::npos);
  EXPECT_EQ(response.body.find("\"error\""), std::string::npos);
  EXPECT_TRUE(response.complete);
}

TEST_F(KeepAliveTest, WhatIsRefusedAfterTheHeadIsNotOnRecordEither) {
  answer_ = {Send{reply(400, R"({"error":{"code":400,"message":"no","type":"x"}})")}};
  start();
  const auto client = ask("/v1/chat/completions");
  ASSERT_TRUE(eventually([&] { return metric("keep_alives_total") > 1; }));
  open_ = true;
  EXPECT_NE(client->read_response().body.find("\"error\""), std::string::npos);
  const auto listed = [&] {
    return TestClient(proxy_->port()).get("/v1/conversations/list").body.find("conversation_id");
  };
  EXPECT_TRUE(eventually([&] { return listed() == std::string::npos; }));
}

// They wait for what runs on their conversation.
TEST_F(KeepAliveTest, WhoEndsAConversationAndLeavesHoldsNoConnection) {
  config_.listen.max_connections = 4;
  start();
  holder_ = ask("/v1/chat/completions", true, "X-Conversation-Id: victim\r\n");
  ASSERT_TRUE(eventually([&] { return upstream_.running() == 1; }));
  for (int i = 0; i < 3; ++i) {
    TestClient client(proxy_->port());
    client.send(post_bytes("/v1/conversations/end", R"({"conversation_id":"victim"})"));
    std::this_thread::sleep_for(50ms);
  }
  EXPECT_EQ(TestClient(proxy_->port()).get("/health").status, 200);
}

}  // namespace
}  // namespace keep::test
