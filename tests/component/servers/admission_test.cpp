// One request per slot, the rest waits here, in order and within bounds.
#include "tests/support/scripted_upstream.hpp"
#include "tests/support/test_client.hpp"
#include "tests/support/test_proxy.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <mutex>
#include <set>

namespace keep::test {
namespace {

using namespace std::chrono_literals;

// Every answer waits until the test opens the gate.
class AdmissionTest : public testing::Test {
 protected:
  explicit AdmissionTest(int slots = 4)
      : upstream_(
            [this](const Received& request) {
              note(request);
              std::vector<Step> steps{WaitFor{&open_}};
              for (Step& step : chat_stream("done")) steps.push_back(std::move(step));
              return steps;
            },
            slots) {}
  ~AdmissionTest() override { open_ = true; }

  void note(const Received& request) {
    const std::lock_guard lock(mutex_);
    order_.push_back(request.body);
  }
  std::vector<std::string> order() {
    const std::lock_guard lock(mutex_);
    return order_;
  }
  // A streaming request on a connection of its own.
  std::unique_ptr<TestClient> ask(const TestProxy& proxy, const std::string& text,
                                  const std::string& headers = "") {
    auto client = std::make_unique<TestClient>(proxy.port());
    client->send(post_bytes("/v1/chat/completions", chat_body(text, true), headers));
    return client;
  }

  std::atomic<bool> open_{false};
  std::mutex mutex_;
  std::vector<std::string> order_;
  ScriptedUpstream upstream_;
};

std::string queue_depth(unsigned short port) {
  const std::string text = TestClient(port).get("/metrics").body;
  const std::size_t at = text.find("\nllama_keep_queue_depth ");
  return at == std::string::npos ? "?" : text.substr(at + 24, text.find('\n', at + 1) - at - 24);
}

TEST_F(AdmissionTest, Of69AtOnceOneIsRefusedAndNobodyHangs) {
  TestProxy proxy(test_config(upstream_.url()));
  std::vector<std::unique_ptr<TestClient>> clients;
  for (int i = 0; i < 68; ++i) clients.push_back(ask(proxy, "client " + std::to_string(i)));
  ASSERT_TRUE(eventually([&] { return queue_depth(proxy.port()) == "64"; }));
  auto one_too_many = ask(proxy, "client 68");
  const Response refused = one_too_many->read_response();
  EXPECT_EQ(refused.status, 503);
  EXPECT_NE(refused.header("Retry-After"), "");
  EXPECT_NE(refused.body.find("\"error\""), std::string::npos);
  EXPECT_TRUE(eventually([&] { return upstream_.max_running() == 4; }));
  open_ = true;
  for (auto& client : clients) EXPECT_EQ(client->read_response().status, 200);
  EXPECT_EQ(upstream_.max_running(), 4);
}

// With one slot the order in which upstream sees the requests is the order of the grants.
class OneSlotTest : public AdmissionTest {
 protected:
  OneSlotTest() : AdmissionTest(1) {}
};

TEST_F(OneSlotTest, TenantsAreServedInTheirOwnOrder) {
  TestProxy proxy(test_config(upstream_.url()));
  std::vector<std::unique_ptr<TestClient>> clients;
  for (int i = 0; i < 24; ++i) {
    const std::string tenant = i % 3 == 0 ? "alpha" : "beta";
    const std::string header = "X-Tenant-ID: " + tenant + "\r\n";
    clients.push_back(ask(proxy, tenant + "-" + std::to_string(100 + i), header));
    ASSERT_TRUE(eventually([&] { return queue_depth(proxy.port()) == std::to_string(i); }));
    ASSERT_TRUE(eventually([&] { return order().size() == 1; }));
  }
  open_ = true;
  for (auto& client : clients) EXPECT_EQ(client->read_response().status, 200);
  for (const std::string tenant : {"alpha", "beta"}) {
    std::vector<std::string> seen;
    for (const std::string& body : order()) {
      const std::size_t at = body.find(tenant + "-");
      if (at != std::string::npos) seen.push_back(body.substr(at + tenant.size() + 1, 3));
    }
    EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end())) << tenant;
  }
}

TEST_F(AdmissionTest, AClientThatLeavesTheQueueNeverReachesUpstream) {
  TestProxy proxy(test_config(upstream_.url()));
  std::vector<std::unique_ptr<TestClient>> clients;
  for (int i = 0; i < 4; ++i) clients.push_back(ask(proxy, "stays " + std::to_string(i)));
  ASSERT_TRUE(eventually([&] { return order().size() == 4; }));
  auto leaver = ask(proxy, "leaver");
  auto patient = ask(proxy, "patient");
  ASSERT_TRUE(eventually([&] { return queue_depth(proxy.port()) == "2"; }));
  leaver->close();
  ASSERT_TRUE(eventually([&] { return queue_depth(proxy.port()) == "1"; }));
  open_ = true;
  const Response response = patient->read_response();
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.header("X-Keep-Queue"), "2") << "when it came";
  for (const std::string& body : order()) EXPECT_EQ(body.find("leaver"), std::string::npos);
}

TEST_F(AdmissionTest, WaitingTooLongIs503) {
  Config config = test_config(upstream_.url());
  config.slots.queue_timeout = 200ms;
  TestProxy proxy(config);
  std::vector<std::unique_ptr<TestClient>> clients;
  for (int i = 0; i < 4; ++i) clients.push_back(ask(proxy, "holder " + std::to_string(i)));
  ASSERT_TRUE(eventually([&] { return order().size() == 4; }));
  const Response late = ask(proxy, "late")->read_response();
  EXPECT_EQ(late.status, 503);
  EXPECT_NE(late.header("Retry-After"), "");
}

TEST_F(AdmissionTest, ConversationsKeepTheirSlots) {
  open_ = true;
  TestProxy proxy(test_config(upstream_.url()));
  std::set<std::string> slots;
  for (const std::string name : {"a", "b", "c", "d"}) {
    TestClient client(proxy.port());
    const std::string header = "X-Conversation-Id: " + name + "\r\n";
    const std::string body = chat_body("hello from " + name, true);
    const std::string first =
        client.post("/v1/chat/completions", body, header).header("X-Keep-Slot");
    slots.insert(first);
    for (int turn = 0; turn < 3; ++turn) {
      EXPECT_EQ(client.post("/v1/chat/completions", body, header).header("X-Keep-Slot"), first);
    }
  }
  EXPECT_EQ(slots.size(), 4u);
}

TEST_F(AdmissionTest, SlotIdsOutOfRangeAreRefused) {
  open_ = true;
  TestProxy proxy(test_config(upstream_.url()));
  TestClient client(proxy.port());
  const std::string body = chat_body("x", true, R"(,"id_slot":99)");
  EXPECT_EQ(client.post("/v1/chat/completions", body).status, 400);
  EXPECT_TRUE(upstream_.received().empty());
}

}  // namespace
}  // namespace keep::test
