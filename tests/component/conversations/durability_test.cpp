// What is on record of a turn, and who is told when it is not: refusals, streams that break, a disk
// that is full.
#include "base/hash.hpp"
#include "base/json/json.hpp"
#include "base/os/posix_file_system.hpp"
#include "tests/support/scripted_upstream.hpp"
#include "tests/support/test_client.hpp"
#include "tests/support/test_proxy.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <string>
#include <vector>

namespace keep::test {
namespace {

constexpr const char* kChat = "/v1/chat/completions";

class DurabilityTest : public testing::Test {
 protected:
  explicit DurabilityTest(int slots = 4)
      : upstream_([this](const Received& request) { return play(request); }, slots),
        proxy_(config(upstream_.url())) {}
  ~DurabilityTest() override { open_ = true; }

  static Config config(const std::string& url) {
    Config config = test_config(url);
    config.slots.queue = 1;
    return config;
  }
  std::vector<Step> play(const Received& request) {
    if (refuses_) {
      return {Send{reply(400, R"({"error":{"code":400,"message":"no","type":"invalid"}})")}};
    }
    if (breaks_)
      return {Send{stream_head()}, Send{chunk(chat_event(R"({"content":"I"})"))}, Close{}};
    std::vector<Step> steps;
    if (request.body.find("wait") != std::string::npos) steps.emplace_back(WaitFor{&open_});
    for (Step& step : chat_stream("I see.")) steps.push_back(std::move(step));
    // Before the last words: the head has left by then.
    if (request.body.find("slowly") != std::string::npos) {
      steps.insert(steps.end() - 3, Wait{std::chrono::milliseconds(100)});
    }
    return steps;
  }

  static std::string body_of(const std::string& history, bool stream = false) {
    return "{\"messages\":[" + history + "],\"stream\":" + (stream ? "true" : "false") + "}";
  }
  static std::string user(const std::string& text) {
    return R"({"role":"user","content":)" + json::quoted(text) + "}";
  }
  static std::string header(const std::string& conversation) {
    return "X-Conversation-Id: " + conversation + "\r\n";
  }
  Response ask(const std::string& conversation, const std::string& history, bool stream = false) {
    return TestClient(proxy_.port()).post(kChat, body_of(history, stream), header(conversation));
  }
  // Texts in the order of the record; "none" for a conversation that is not there.
  std::string record(const std::string& conversation) const {
    const Response page = TestClient(proxy_.port()).get("/v1/conversations/" + conversation);
    if (page.status == 404) return "none";
    std::string texts;
    for (const json::Value entry : json::Value(page.body).find("messages").elements()) {
      texts += entry.find("message").find("content").string().value_or("?") + "|";
    }
    return texts;
  }
  bool comes_to_be(const std::string& conversation, const std::string& wanted) const {
    return eventually([&] { return record(conversation) == wanted; }, std::chrono::seconds(6));
  }
  json::Value health() {
    health_ = TestClient(proxy_.port()).get("/health").body;
    return json::Value(health_);
  }

  std::atomic<bool> refuses_{false}, breaks_{false}, open_{false};
  std::string health_;
  ScriptedUpstream upstream_;
  TestProxy proxy_;
};

TEST_F(DurabilityTest, WhatUpstreamRefusesIsNotOnRecord) {
  refuses_ = true;
  EXPECT_EQ(ask("new", user("odd")).status, 400);
  EXPECT_TRUE(comes_to_be("new", "none"));
  refuses_ = false;
  EXPECT_EQ(ask("a", user("one")).status, 200);
  EXPECT_EQ(record("a"), "one|I see.|");
  const std::string more = user("one") + R"(,{"role":"assistant","content":"I see."},)";
  refuses_ = true;
  EXPECT_EQ(ask("a", more + user("odd")).status, 400);
  EXPECT_TRUE(comes_to_be("a", "one|I see.|"));
  EXPECT_EQ(ask("a", more + user("odder"), true).status, 400);
  EXPECT_TRUE(comes_to_be("a", "one|I see.|"));
  refuses_ = false;
  EXPECT_EQ(ask("a", more + user("two")).status, 200);
  EXPECT_EQ(record("a"), "one|I see.|two|I see.|");
}

TEST_F(DurabilityTest, WhatABadSlotIsAskedForIsNotOnRecord) {
  const std::string bad = "{\"messages\":[" + user("odd") + "],\"id_slot\":99}";
  EXPECT_EQ(TestClient(proxy_.port()).post(kChat, bad, header("a")).status, 400);
  EXPECT_TRUE(comes_to_be("a", "none"));
}

TEST_F(DurabilityTest, ABrokenStreamLeavesWhatWasAsked) {
  breaks_ = true;  // after its first words
  ask("a", user("one"), true);
  EXPECT_TRUE(comes_to_be("a", "one|"));
  ask("b", user("one"), false);
  EXPECT_TRUE(comes_to_be("b", "one|"));
}

class OneSlotDurabilityTest : public DurabilityTest {
 protected:
  OneSlotDurabilityTest() : DurabilityTest(1) {}
};

TEST_F(OneSlotDurabilityTest, WhatIsTurnedAwayIsNotOnRecord) {
  TestClient first(proxy_.port()), second(proxy_.port());
  first.send(post_bytes(kChat, body_of(user("wait")), header("first")));
  ASSERT_TRUE(eventually([&] { return upstream_.running() == 1; }));
  second.send(post_bytes(kChat, body_of(user("wait too")), header("second")));
  ASSERT_TRUE(eventually([&] {
    return TestClient(proxy_.port()).get("/metrics").body.find("llama_keep_queue_depth 1") !=
           std::string::npos;
  }));
  EXPECT_EQ(ask("third", user("too many")).status, 503);
  EXPECT_TRUE(comes_to_be("third", "none"));
  open_ = true;
  EXPECT_EQ(first.read_response().status, 200);
  EXPECT_EQ(second.read_response().status, 200);
  EXPECT_EQ(record("second"), "wait too|I see.|");
}

// Two at once in one conversation: what one of them said stays if the other goes on from it.
TEST_F(DurabilityTest, WhatAnotherRequestGoesOnFromStays) {
  TestClient first(proxy_.port());
  first.send(post_bytes(kChat, body_of(user("wait")), header("a")));
  ASSERT_TRUE(eventually([&] { return upstream_.running() == 1; }));
  refuses_ = true;
  EXPECT_EQ(ask("a", user("wait") + "," + user("odd")).status, 400);
  open_ = true;
  EXPECT_EQ(first.read_response().status, 200);
  EXPECT_EQ(record("a"), "wait|I see.|");
}

// What was refused does not stay for it, if it does not.
TEST_F(DurabilityTest, WhatNobodyElseGoesOnFromDoesNotStay) {
  EXPECT_EQ(ask("a", user("one")).status, 200);
  const std::string history = user("one") + R"(,{"role":"assistant","content":"I see."},)";
  TestClient first(proxy_.port());
  first.send(post_bytes(kChat, body_of(history + user("wait")), header("a")));
  ASSERT_TRUE(eventually([&] { return upstream_.running() == 1; }));
  refuses_ = true;
  EXPECT_EQ(ask("a", history + user("odd")).status, 400);
  EXPECT_EQ(ask("a", history + user("odder")).status, 400);
  open_ = true;
  EXPECT_EQ(first.read_response().status, 200);
  EXPECT_EQ(record("a"), "one|I see.|wait|I see.|");
}

void fill_up(FaultyFileSystem& files) {
  using Operation = FaultyFileSystem::Operation;
  files.fail_each({Operation::kWrite, Operation::kCreate}, {ENOSPC, 3});
}

TEST_F(DurabilityTest, AFullDiskIsToldAndGoneOnFrom) {
  EXPECT_EQ(ask("a", user("one")).header("X-Keep-Record"), "");
  EXPECT_EQ(health().find("status").string(), "ok");
  fill_up(proxy_.files());
  const std::string history = user("one") + R"(,{"role":"assistant","content":"I see."},)";
  const Response second = ask("a", history + user("two"));
  EXPECT_EQ(second.status, 200);
  EXPECT_EQ(second.header("X-Keep-Record"), "memory");
  EXPECT_EQ(record("a"), "one|I see.|two|I see.|");
  const Response streamed = ask("b", user("slowly"), true);
  EXPECT_EQ(streamed.header("X-Keep-Record"), "");
  EXPECT_NE(streamed.body.find(": x-keep-record memory\n\n"), std::string::npos) << streamed.body;
  EXPECT_NE(streamed.body.find("data: [DONE]\n\n"), std::string::npos);
  EXPECT_EQ(record("b"), "slowly|I see.|");
  EXPECT_EQ(ask("b", user("slowly")).header("X-Keep-Record"), "memory");
  EXPECT_EQ(health().find("status").string(), "degraded");
  EXPECT_GT(health().find("history").find("unwritten_bytes").integer().value_or(0), 0);
  proxy_.files().heal();
  EXPECT_TRUE(eventually([&] { return health().find("status").string() == "ok"; }));
  EXPECT_EQ(health().find("history").find("unwritten_bytes").integer(), 0);
  EXPECT_EQ(ask("a", history + user("two")).header("X-Keep-Record"), "");
}

TEST(DurabilityRestartTest, WhatWaitedForTheDiskSurvivesARestartOnceItIsWritten) {
  const TempFolder folder;
  ScriptedUpstream upstream([](const Received&) { return chat_stream("I see."); });
  Config config = test_config(upstream.url());
  config.history.folder = folder.path;
  const std::string header = "X-Conversation-Id: a\r\n";
  {
    TestProxy proxy(config);
    fill_up(proxy.files());
    const Response answer = TestClient(proxy.port()).post(kChat, chat_body("one", false), header);
    EXPECT_EQ(answer.header("X-Keep-Record"), "memory");
    proxy.files().heal();
  }
  TestProxy proxy(config);
  const Response page = TestClient(proxy.port()).get("/v1/conversations/a");
  EXPECT_NE(page.body.find("I see."), std::string::npos) << page.body;
}

// Files stand where the folders of conversations should be: nothing can be opened, nor made.
TEST(DurabilityLossTest, WhatCannotBeKeptAtAllIsTold) {
  const TempFolder folder;
  const std::string conversations = folder.path + "/conversations";
  PosixFileSystem files;
  ASSERT_TRUE(files.make_folders(conversations));
  for (std::uint64_t i = 0; i < 256; ++i) {
    const std::string path = conversations + "/" + to_hex(i).substr(14);
    ASSERT_TRUE(files.replace(path, "x", false));
  }
  ScriptedUpstream upstream([](const Received&) { return chat_stream("I see."); });
  Config config = test_config(upstream.url());
  config.history.folder = folder.path;
  TestProxy proxy(config);
  const Response answer = TestClient(proxy.port()).post(kChat, chat_body("one", false));
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.header("X-Keep-Record"), "lost");
  const std::string health = TestClient(proxy.port()).get("/health").body;
  EXPECT_NE(health.find(R"("status":"degraded")"), std::string::npos) << health;
  EXPECT_NE(health.find(R"("lost_messages":1)"), std::string::npos) << health;
  const std::string metrics = TestClient(proxy.port()).get("/metrics").body;
  EXPECT_NE(metrics.find("llama_keep_history_lost_messages_total 1"), std::string::npos);
}

// One wrong number must not stay on record, nor in what is told of the server.
TEST(DurabilityNumbersTest, NumbersThatCannotBeDoNotStay) {
  const std::string huge = "9223372036854775807";
  ScriptedUpstream upstream([&huge](const Received&) -> std::vector<Step> {
    const std::string timings = R"(,"timings":{"cache_n":)" + huge + R"(,"prompt_n":)" + huge +
                                R"(,"predicted_n":)" + huge + R"(},"usage":{"prompt_tokens":)" +
                                huge + R"(,"completion_tokens":-)" + huge + "}";
    return {Send{stream_head()}, Send{chunk(chat_event(R"({"content":"I see."})"))},
            Send{chunk(chat_event("{}", R"("stop")", timings))}, Send{chunk("data: [DONE]\n\n")},
            Send{stream_end()}};
  });
  upstream.set_context(2'000'000'000);
  TestProxy proxy(test_config(upstream.url()));
  const std::string header = "X-Conversation-Id: a\r\n";
  for (int turn = 0; turn < 3; ++turn) {
    const std::string text = "number " + std::to_string(turn);
    EXPECT_EQ(TestClient(proxy.port()).post(kChat, chat_body(text, false), header).status, 200);
  }
  const std::string list = TestClient(proxy.port()).get("/v1/conversations/list").body;
  const json::Value first = *json::Value(list).find("conversations").elements().begin();
  EXPECT_LT(first.find("tokens").integer().value_or(1 << 30), 100) << list;
  const std::string health = TestClient(proxy.port()).get("/health").body;
  EXPECT_NE(health.find(R"("n_ctx":0)"), std::string::npos) << health;
  EXPECT_EQ(TestClient(proxy.port()).get("/metrics").body.find("e+18"), std::string::npos);
}

}  // namespace
}  // namespace keep::test
