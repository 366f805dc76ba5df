// Upstream fails in every way it can; the client always gets a clear end, and the next request
// works.
#include "base/json/json.hpp"
#include "tests/support/scripted_upstream.hpp"
#include "tests/support/test_client.hpp"
#include "tests/support/test_proxy.hpp"

#include <gtest/gtest.h>

namespace keep::test {
namespace {

using namespace std::chrono_literals;

std::string error_type(const std::string& body) {
  const auto root = json::validate(body);
  if (!root) return "not json: " + body;
  return root->find("error").find("type").string().value_or("");
}

// The first `count` bytes of a streamed answer, then a close.
std::vector<Step> cut_after(std::size_t count) {
  std::string all;
  for (const Step& step : chat_stream("a b c")) {
    if (const auto* send = std::get_if<Send>(&step)) all += send->bytes;
  }
  return {Send{all.substr(0, count)}, Close{}};
}

std::size_t stream_bytes() {
  std::size_t count = 0;
  for (const Step& step : chat_stream("a b c")) {
    if (const auto* send = std::get_if<Send>(&step)) count += send->bytes.size();
  }
  return count;
}

class CutTest : public testing::TestWithParam<bool> {};

TEST_P(CutTest, AtEveryByteTheClientGetsAClearEnd) {
  const bool stream = GetParam();
  std::atomic<std::size_t> cut{0};
  ScriptedUpstream upstream([&cut](const Received& request) {
    if (request.body.find("healthy") != std::string::npos) return chat_stream("fine");
    return cut_after(cut);
  });
  TestProxy proxy(test_config(upstream.url()));
  for (cut = 0; cut < stream_bytes(); cut = cut + 1) {
    TestClient client(proxy.port());
    const Response response = client.post("/v1/chat/completions", chat_body("cut", stream));
    const bool told_in_stream = response.body.find("\"error\"") != std::string::npos;
    if (stream && response.status == 200) {
      EXPECT_FALSE(response.complete) << cut;
      EXPECT_TRUE(told_in_stream) << cut << response.body;
    } else {
      EXPECT_EQ(response.status, 502) << cut;
      EXPECT_EQ(error_type(response.body), "server_error") << cut;
    }
  }
  TestClient client(proxy.port());
  const Response after = client.post("/v1/chat/completions", chat_body("healthy", stream));
  EXPECT_EQ(after.status, 200);
  EXPECT_TRUE(after.complete);
}

INSTANTIATE_TEST_SUITE_P(Both, CutTest, testing::Bool(),
                         [](const auto& p) { return p.param ? "Streaming" : "Assembled"; });

TEST(Faults, SilentUpstreamIsATimeout) {
  ScriptedUpstream upstream(
      [](const Received&) -> std::vector<Step> { return {WaitForClientGone{}}; });
  Config config = test_config(upstream.url());
  config.timeouts.first_event = 300ms;
  TestProxy proxy(config);
  TestClient client(proxy.port());
  const Response response = client.post("/v1/chat/completions", chat_body("x", true));
  EXPECT_EQ(response.status, 504);
  EXPECT_EQ(error_type(response.body), "server_error");
  EXPECT_TRUE(eventually([&] { return upstream.clients_gone() == 1; }));
}

TEST(Faults, StalledStreamEndsWithAnErrorEvent) {
  ScriptedUpstream upstream([](const Received&) -> std::vector<Step> {
    auto steps = chat_stream("a b c");
    steps.resize(5);
    steps.push_back(WaitForClientGone{});
    return steps;
  });
  Config config = test_config(upstream.url());
  config.timeouts.between_events = 300ms;
  TestProxy proxy(config);
  TestClient client(proxy.port());
  const Response response = client.post("/v1/chat/completions", chat_body("x", true));
  EXPECT_EQ(response.status, 200);
  EXPECT_FALSE(response.complete);
  EXPECT_NE(response.body.find("upstream_timeout"), std::string::npos) << response.body;
}

TEST(Faults, ASlowPrefillIsNotEndedByTheLimitBetweenEvents) {
  const auto progress = [](int processed) {
    return Send{chunk(chat_event(R"({"role":"assistant","content":null})", "null",
                                 R"(,"prompt_progress":{"total":99,"cache":0,"processed":)" +
                                     std::to_string(processed) + R"(,"time_ms":1})"))};
  };
  const std::string rest =
      chat_event(R"({"content":"read it"})") + chat_event("{}", R"("stop")") + "data: [DONE]\n\n";
  ScriptedUpstream upstream([&](const Received&) -> std::vector<Step> {
    return {Send{stream_head()}, progress(0),  Wait{300ms}, progress(50),
            Wait{300ms},         progress(99), Wait{300ms}, Send{chunk(rest) + stream_end()}};
  });
  Config config = test_config(upstream.url());
  config.timeouts.between_events = 100ms;
  TestProxy proxy(config);
  TestClient client(proxy.port());
  for (const bool stream : {true, false}) {
    const Response response = client.post("/v1/chat/completions", chat_body("long", stream));
    EXPECT_EQ(response.status, 200);
    EXPECT_TRUE(response.complete);
    EXPECT_NE(response.body.find("read it"), std::string::npos) << response.body;
  }
}

TEST(Faults, NobodyListeningIs502AndRecovers) {
  unsigned short port;
  {
    ScriptedUpstream gone([](const Received&) { return chat_stream("x"); });
    port = gone.port();
  }
  TestProxy proxy(test_config("http://127.0.0.1:" + std::to_string(port)), false);
  TestClient client(proxy.port());
  const Response response = client.post("/v1/chat/completions", chat_body("x", false));
  EXPECT_EQ(response.status, 502);
  EXPECT_EQ(client.get("/health").status, 503);
  EXPECT_EQ(client.get("/ready").status, 503);
}

TEST(Faults, LoadingModelIs503WithRetryAfter) {
  ScriptedUpstream upstream([](const Received&) { return chat_stream("x"); });
  upstream.set_health(503);
  TestProxy proxy(test_config(upstream.url()), false);
  TestClient client(proxy.port());
  const auto is_loading = [&] {
    return client.get("/health").body.find("loading") != std::string::npos;
  };
  ASSERT_TRUE(eventually(is_loading));
  const Response response = client.post("/v1/chat/completions", chat_body("x", false));
  EXPECT_EQ(response.status, 503);
  EXPECT_NE(response.header("Retry-After"), "");
  upstream.set_health(200);
  EXPECT_TRUE(eventually([&] { return client.get("/ready").status == 200; }));
  EXPECT_EQ(client.post("/v1/chat/completions", chat_body("x", false)).status, 200);
}

TEST(Faults, StaleKeepAliveConnectionIsRetriedOnce) {
  std::atomic<int> calls{0};
  ScriptedUpstream upstream([&calls](const Received&) {
    auto steps = chat_stream("x");
    // The close races the next request: the proxy may see a live connection that dies unanswered.
    steps.push_back(Wait{std::chrono::milliseconds(calls++ % 3)});
    steps.push_back(Close{});
    return steps;
  });
  TestProxy proxy(test_config(upstream.url()));
  TestClient client(proxy.port());
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(client.post("/v1/chat/completions", chat_body("x", false)).status, 200) << i;
  }
}

TEST(Faults, NonsenseFromUpstreamIs502) {
  ScriptedUpstream upstream([](const Received&) -> std::vector<Step> {
    return {Send{"SSH-2.0-nonsense\r\n\r\n"}, Close{}};
  });
  TestProxy proxy(test_config(upstream.url()));
  TestClient client(proxy.port());
  EXPECT_EQ(client.post("/v1/chat/completions", chat_body("x", false)).status, 502);
  EXPECT_EQ(client.get("/other").status, 502);
}

TEST(Faults, ErrorEventBecomesAStatusForWholeReplies) {
  ScriptedUpstream upstream([](const Received&) -> std::vector<Step> {
    return {Send{stream_head()},
            Send{chunk("data: {\"error\":{\"code\":500,\"message\":\"boom\",\"type\":"
                       "\"server_error\"}}\n\n")},
            Send{stream_end()}};
  });
  TestProxy proxy(test_config(upstream.url()));
  TestClient client(proxy.port());
  const Response whole = client.post("/v1/chat/completions", chat_body("x", false));
  EXPECT_GE(whole.status, 500);
  EXPECT_NE(whole.body.find("boom"), std::string::npos);
  const Response stream = client.post("/v1/chat/completions", chat_body("x", true));
  EXPECT_NE(stream.body.find("boom"), std::string::npos);
}

TEST(Faults, BadBodiesGetAnOpenAiError) {
  ScriptedUpstream upstream([](const Received&) { return chat_stream("x"); });
  TestProxy proxy(test_config(upstream.url()));
  TestClient client(proxy.port());
  for (const char* body : {"", "{", "[]", "{\"messages\":1}", "{\"messages\":[]}",
                           "{\"messages\":[{\"content\":\"no role\"}]}", "\xff\xfe",
                           "{\"messages\":[{\"role\":\"user\",\"content\":\"a\"}],"
                           "\"messages\":[{\"role\":\"user\",\"content\":\"b\"}]}"}) {
    const Response response = client.post("/v1/chat/completions", body);
    EXPECT_EQ(response.status, 400) << body;
    EXPECT_EQ(error_type(response.body), "invalid_request_error") << body;
  }
  EXPECT_TRUE(upstream.received().empty());
}

}  // namespace
}  // namespace keep::test
