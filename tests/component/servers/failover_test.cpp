// Two upstreams, of which one is dead, too small for a prompt, or fails what it is asked although
// it looks well.
#include "base/json/json.hpp"
#include "flow/run_attempt.hpp"
#include "tests/support/fading_host.hpp"
#include "tests/support/scripted_upstream.hpp"
#include "tests/support/test_client.hpp"
#include "tests/support/test_proxy.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace keep::test {
namespace {

using namespace std::chrono_literals;

enum class Mood {
  kWell,
  kCloses,
  kNotReady,
  kStalls,
  kDiesAfterTheHead,
  kDiesInAnError,
  kDiesInAReply,
  kZips,  // unless it is asked not to
};

std::string chat(const std::string& text, const std::string& more = "") {
  return R"({"max_tokens":20,"messages":[{"role":"user","content":)" + json::quoted(text) + "}]" +
         more + "}";
}

std::vector<Step> cut_short(std::string bytes) {
  bytes.pop_back();
  return {Send{std::move(bytes)}, Close{}};
}

std::string not_found(const Received& request) {
  std::string bytes = reply(404, R"({"error":{"message":"File Not Found"}})");
  if (request.header("Accept-Encoding") == "identity") return bytes;
  return bytes.insert(bytes.find("\r\n") + 2, "Content-Encoding: gzip\r\n");
}

struct Server {
  std::vector<Step> play(const Received& request) {
    if (request.target == "/tokenize") return {Send{reply(200, R"({"tokens":[1]})")}};
    if (mood == Mood::kCloses) return {Close{}};
    if (mood == Mood::kNotReady) return {Send{reply(503, R"({"error":{"message":"loading"}})")}};
    if (mood == Mood::kStalls) return {WaitForClientGone{}};
    if (mood == Mood::kDiesAfterTheHead) return {Send{stream_head()}, Wait{pause}, Close{}};
    if (mood == Mood::kDiesInAnError) return cut_short(reply(500, R"({"error":{"message":"x"}})"));
    if (mood == Mood::kDiesInAReply) return cut_short(reply(200, R"({"choices":[]})"));
    if (mood == Mood::kZips) return {Send{not_found(request)}};
    if (request.target == "/v1/embeddings") return {Send{reply(200, R"({"data":[]})")}};
    if (request.target.ends_with("/input_tokens")) {
      return {Send{reply(200, R"({"input_tokens":7})")}};
    }
    return chat_stream("I see.");
  }
  std::size_t asked(const std::string& target) const {
    const auto received = upstream->received();
    return static_cast<std::size_t>(std::ranges::count_if(
        received, [&](const Received& request) { return request.target.starts_with(target); }));
  }

  std::atomic<Mood> mood{Mood::kWell};
  std::atomic<std::chrono::milliseconds> pause{0ms};
  std::unique_ptr<ScriptedUpstream> upstream =
      std::make_unique<ScriptedUpstream>([this](const Received& request) { return play(request); });
};

class FailoverTest : public testing::TestWithParam<bool> {
 protected:
  // `dead`: nobody listens where the first one was.
  void start(bool slots, bool dead = false) {
    Config config = test_config(first_.upstream->url());
    config.upstreams.push_back(UpstreamSettings{second_.upstream->url(), "", 0});
    config.slots.enabled = slots;
    tweak_(config);
    if (dead) first_.upstream.reset();
    proxy_.emplace(config);
    ASSERT_TRUE(eventually([&] { return well() == (dead ? 1U : 2U); }));
  }
  std::size_t well() const {
    const std::string health = TestClient(proxy_->port()).get("/health").body;
    std::size_t count = 0;
    for (const json::Value one : json::Value(health).find("upstreams").elements()) {
      if (one.find("status").plain_string() == "ok") ++count;
    }
    return count;
  }
  Response post(const std::string& body, const std::string& target = "/v1/chat/completions",
                const std::string& headers = "") {
    return TestClient(proxy_->port()).post(target, body, headers);
  }
  // -1: there is no such figure.
  double failovers() {
    const std::string all = TestClient(proxy_->port()).get("/metrics").body;
    const auto at = all.find("\nllama_keep_failovers_total ");
    return at == all.npos ? -1 : std::stod(all.substr(all.find(' ', at)));
  }
  // Asks for something that the first server does not answer, and leaves.
  void ask_and_leave(const std::string& target, const std::string& headers) {
    first_.mood = Mood::kStalls;
    const int gone = first_.upstream->clients_gone();
    TestClient leaver(proxy_->port());
    leaver.send(post_bytes(target, chat("wait for me"), headers));
    ASSERT_TRUE(eventually([&] { return first_.upstream->running() == 1; }));
    leaver.close();
    ASSERT_TRUE(eventually([&] { return first_.upstream->clients_gone() == gone + 1; }));
    first_.mood = Mood::kWell;
  }

  std::function<void(Config&)> tweak_ = [](Config&) {};
  Server first_, second_;
  std::optional<TestProxy> proxy_;
};

INSTANTIATE_TEST_SUITE_P(Slots, FailoverTest, testing::Bool());

TEST_P(FailoverTest, ADeadServerCostsNoAnswer) {
  start(GetParam(), true);
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(post(chat("hello " + std::to_string(i))).status, 200);
    EXPECT_EQ(post("{}", "/v1/embeddings").status, 200);
    EXPECT_EQ(post(chat("hello"), "/v1/messages/count_tokens").status, 200);
  }
  EXPECT_EQ(TestClient(proxy_->port()).get("/ready").status, 200);
}

TEST_P(FailoverTest, AServerThatClosesCostsNoAnswerWhileAnotherIsWell) {
  start(GetParam());
  first_.mood = Mood::kCloses;
  for (int i = 0; i < 6; ++i) {
    const std::string text = "conversation " + std::to_string(i);
    EXPECT_EQ(post(chat(text)).status, 200);
    const Response stream = post(chat(text + " again", R"(,"stream":true)"));
    EXPECT_EQ(stream.status, 200);
    EXPECT_NE(stream.body.find("[DONE]"), std::string::npos);
    EXPECT_EQ(post(chat(text), "/v1/messages").status, 200);
    EXPECT_EQ(post(R"({"prompt":"once"})", "/completion").status, 200);
    EXPECT_EQ(post("{}", "/v1/embeddings").status, 200);
    EXPECT_EQ(post(chat(text), "/v1/messages/count_tokens").status, 200);
  }
  EXPECT_GE(second_.asked("/v1/chat/completions"), 18U);
  // Shunned after each failure, for longer each time: not asked once for every request.
  const std::size_t tried = first_.asked("/");
  EXPECT_GE(tried, 1U);
  EXPECT_LE(tried, 12U);
  EXPECT_GE(failovers(), 1);
}

TEST_P(FailoverTest, AClientThatLeavesIsNoFailureOfTheServer) {
  start(GetParam());
  const std::string id = "X-Conversation-Id: trip\r\n";
  ASSERT_EQ(post(chat("hello"), "/v1/chat/completions", id).status, 200);
  for (const char* target : {"/v1/chat/completions", "/v1/messages/count_tokens"}) {
    ask_and_leave(target, id);
    EXPECT_EQ(post(chat("hello"), "/v1/chat/completions", id).status, 200);
  }
  EXPECT_EQ(second_.asked("/"), 0U);
  EXPECT_EQ(failovers(), 0);
}

// Whose limit it was that has passed nobody can tell: a prompt may just be long.
TEST_P(FailoverTest, ALimitThatPassesIsNoFailureOfTheServer) {
  tweak_ = [](Config& config) { config.timeouts.first_event = 200ms; };
  start(GetParam());
  const std::string id = "X-Conversation-Id: trip\r\n";
  ASSERT_EQ(post(chat("hello"), "/v1/chat/completions", id).status, 200);
  first_.mood = Mood::kStalls;
  EXPECT_EQ(post(chat("hello"), "/v1/chat/completions", id).status, 504);
  first_.mood = Mood::kWell;
  EXPECT_EQ(post(chat("hello"), "/v1/chat/completions", id).status, 200);
  EXPECT_EQ(second_.asked("/"), 0U);
  EXPECT_EQ(failovers(), 0);
}

TEST_P(FailoverTest, AServerThatDiesBeforeItsFirstEventCostsNoAnswer) {
  struct Case {
    Mood mood;
    const char* target;
    const char* more;
  };
  for (const Case& c : {Case{Mood::kDiesAfterTheHead, "/v1/chat/completions", ""},
                        Case{Mood::kDiesAfterTheHead, "/v1/chat/completions", R"(,"stream":true)"},
                        Case{Mood::kDiesAfterTheHead, "/v1/messages", ""},
                        Case{Mood::kDiesAfterTheHead, "/api/chat", R"(,"model":"m")"},
                        Case{Mood::kDiesInAnError, "/v1/messages", ""},
                        Case{Mood::kDiesInAReply, "/v1/chat/completions", ""},
                        Case{Mood::kDiesInAReply, "/v1/messages", ""}}) {
    first_.mood = Mood::kWell;
    start(GetParam());
    first_.mood = c.mood;
    const std::size_t before = first_.asked("/v1/chat/completions");
    const Response response = post(chat("hello", c.more), c.target);
    EXPECT_EQ(response.status, 200) << response.body;
    EXPECT_TRUE(response.complete);
    EXPECT_NE(response.body.find("see."), std::string::npos) << response.body;
    EXPECT_EQ(first_.asked("/v1/chat/completions"), before + 1);
    EXPECT_EQ(failovers(), 1);
  }
}

// It gets no worse in the eyes of whoever counts by sending heads.
TEST_P(FailoverTest, AHeadAloneIsNoAnswer) {
  start(GetParam());
  first_.mood = Mood::kDiesAfterTheHead;
  const auto end = std::chrono::steady_clock::now() + 3500ms;
  for (int i = 0; std::chrono::steady_clock::now() < end; ++i) {
    ASSERT_EQ(post("{}", "/v1/embeddings").status, 200);
    std::this_thread::sleep_for(20ms);
  }
  // At once, after a second, after two more; a second apart it would be four times.
  EXPECT_LE(first_.asked("/v1/embeddings"), 3U);
}

TEST_P(FailoverTest, SignsOfLifeDoNotKeepAnAnswerFromComingFromElsewhere) {
  tweak_ = [](Config& config) { config.timeouts.keep_alive = 40ms; };
  start(GetParam());
  first_.mood = Mood::kDiesAfterTheHead;
  first_.pause = 300ms;
  const Response response = post(chat("hello", R"(,"stream":true)"));
  EXPECT_EQ(response.status, 200);
  EXPECT_TRUE(response.complete);
  EXPECT_TRUE(response.body.starts_with(":\n\n")) << response.body;
  EXPECT_NE(response.body.find("see."), std::string::npos) << response.body;
  EXPECT_NE(response.body.find("[DONE]"), std::string::npos);
  EXPECT_EQ(response.body.find("\"error\""), std::string::npos);
  EXPECT_EQ(failovers(), 1);
}

TEST_P(FailoverTest, WhatHasBegunToPassThroughIsNotBegunAnew) {
  start(GetParam());
  first_.mood = Mood::kDiesInAReply;
  EXPECT_FALSE(post("{}", "/v1/embeddings").complete);
  EXPECT_EQ(second_.asked("/"), 0U);
}

TEST_P(FailoverTest, AServerThatIsNotReadyIsPassedOver) {
  start(GetParam());
  first_.mood = Mood::kNotReady;
  for (int i = 0; i < 4; ++i) EXPECT_EQ(post(chat("hello " + std::to_string(i))).status, 200);
}

TEST_P(FailoverTest, WhereNobodyIsLeftTheFailureIsTold) {
  start(GetParam());
  first_.mood = second_.mood = Mood::kCloses;
  for (int i = 0; i < 3; ++i) EXPECT_EQ(post(chat("hello")).status, 502);
  second_.mood = Mood::kWell;  // also while both are shunned
  EXPECT_EQ(post(chat("hello")).status, 200);
}

TEST_P(FailoverTest, WhatChangesAServerIsSentOnce) {
  start(GetParam());
  first_.mood = Mood::kCloses;
  EXPECT_EQ(post("{}", "/lora-adapters").status, 502);
  EXPECT_EQ(second_.asked("/lora-adapters"), 0U);
}

TEST_P(FailoverTest, AConversationGoesOnElsewhere) {
  start(GetParam());
  const std::string id = "X-Conversation-Id: trip\r\n";
  const auto served_by = [&](Server& server, const std::string& text) {
    const Response response = post(chat(text), "/v1/chat/completions", id);
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.header("X-Keep-Conversation").substr(0, 4), "trip");
    const std::string upstream = server.upstream->url().substr(std::string("http://").size());
    EXPECT_EQ(response.header("X-Keep-Upstream"), GetParam() ? upstream : "");
    EXPECT_NE(server.upstream->received().back().body.find(text), std::string::npos);
  };
  served_by(first_, "The boat is called Marigold.");
  first_.mood = Mood::kCloses;
  served_by(second_, "And the harbor?");
  second_.mood = Mood::kCloses;
  first_.mood = Mood::kWell;
  served_by(first_, "And the cat?");
}

TEST_P(FailoverTest, AnErrorInOtherWordsIsReadableThereToo) {
  start(GetParam());
  first_.mood = second_.mood = Mood::kZips;
  const Response response = post("{}", "/v1/messages/batches");
  EXPECT_EQ(response.status, 404) << response.body;
  EXPECT_NE(response.body.find("not_found_error"), std::string::npos) << response.body;
}

// A prompt of about 1 700 tokens, servers with windows of 8 192 and 512.
TEST_P(FailoverTest, APromptGoesWholeToAServerThatHasRoomForIt) {
  first_.upstream->set_context(512);
  second_.upstream->set_context(8192);
  start(GetParam());
  std::string text;
  while (text.size() < 4800) text += "the harbor ";
  for (int i = 0; i < 3; ++i) {
    const std::string unlike = std::to_string(i) + text;
    const Response response = post(chat(unlike));
    ASSERT_EQ(response.status, 200);
    EXPECT_NE(response.header("X-Keep-Window").find("fog=0;window=8192"), std::string::npos)
        << response.header("X-Keep-Window");
    EXPECT_NE(second_.upstream->received().back().body.find(unlike), std::string::npos);
  }
  EXPECT_EQ(first_.asked("/v1/chat/completions"), 0U);
  EXPECT_EQ(post(chat("short")).status, 200);
}

TEST(Failover, AHostThatIsNotReachedCostsNoAnswer) {
  FadingHost away;
  Server well;
  Config config = test_config(away.url());
  config.upstreams.push_back(UpstreamSettings{well.upstream->url(), "", 0});
  config.slots.enabled = false;  // in the order of the configuration
  config.timeouts.connect = 300ms;
  config.timeouts.keep_alive = 100ms;
  TestProxy proxy(config);
  const auto post = [&](const char* target, const std::string& body) {
    return TestClient(proxy.port()).post(target, body);
  };
  const auto both_well = [&] {
    const std::string health = TestClient(proxy.port()).get("/health").body;
    return health.find("unreachable") == health.npos;
  };
  ASSERT_TRUE(eventually(both_well));
  away.fade();
  const Response stream = post("/v1/chat/completions", chat("hello", R"(,"stream":true)"));
  EXPECT_EQ(stream.status, 200);
  EXPECT_NE(stream.body.find("see."), std::string::npos) << stream.body;
  EXPECT_EQ(post("/v1/embeddings", "{}").status, 200) << "shunned by now";
  well.mood = Mood::kCloses;
  EXPECT_EQ(post("/v1/embeddings", "{}").status, 504) << "nobody else is left";
}

// Four servers that fail, and one whose tokenizer thinks that the prompt is longer than it looks.
TEST(Failover, ServersThatFailCostNoAttempt) {
  Server failing[kMaxAttempts];
  std::atomic<int> asked{0};
  ScriptedUpstream last([&asked](const Received& request) -> std::vector<Step> {
    if (!request.target.starts_with("/v1/chat/completions")) return {Send{reply(404, "{}")}};
    if (asked++ > 0) return chat_stream("I see.");
    return {Send{reply(400, R"({"error":{"type":"exceed_context_size_error","message":"too long",)"
                            R"("n_prompt_tokens":90000,"n_ctx":65536}})")}};
  });
  Config config = test_config(failing[0].upstream->url());
  for (int i = 1; i < kMaxAttempts; ++i) {
    config.upstreams.push_back(UpstreamSettings{failing[i].upstream->url(), "", 0});
  }
  config.upstreams.push_back(UpstreamSettings{last.url(), "", 0});
  config.slots.enabled = false;  // in the order of the configuration
  TestProxy proxy(config);
  const auto all_well = [&] {
    const std::string health = TestClient(proxy.port()).get("/health").body;
    return health.find("unreachable") == health.npos && health.find("loading") == health.npos;
  };
  ASSERT_TRUE(eventually(all_well));
  for (Server& server : failing) server.mood = Mood::kCloses;
  const Response response = TestClient(proxy.port()).post("/v1/chat/completions", chat("hello"));
  EXPECT_EQ(response.status, 200) << response.body;
  for (Server& server : failing) EXPECT_GE(server.asked("/v1/chat/completions"), 1U);
  EXPECT_EQ(asked, 2);
}

}  // namespace
}  // namespace keep::test
