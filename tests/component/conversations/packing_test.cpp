// Many small conversations: what they take on disk once they are closed, and that they go on.
#include "base/json/json.hpp"
#include "base/os/posix_file_system.hpp"
#include "tests/support/scripted_upstream.hpp"
#include "tests/support/test_client.hpp"
#include "tests/support/test_proxy.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <string>

namespace keep::test {
namespace {

constexpr int kConversations = 300;
constexpr std::uint64_t kBlock = 4096;

class PackingTest : public testing::Test {
 protected:
  PackingTest() : upstream_([](const Received&) { return chat_stream("I see."); }) {
    config_ = test_config(upstream_.url());
    config_.history.folder = folder_.path;
    config_.history.max_open = 16;
  }

  static std::string named(int number) {
    return "X-Conversation-Id: talk-" + std::to_string(number) + "\r\n";
  }
  static std::string question(int number) {
    return R"({"role":"user","content":"What about number )" + std::to_string(number) + "?\"}";
  }
  static int ask(const TestProxy& proxy, int number, const std::string& messages) {
    const std::string body = "{\"messages\":[" + messages + "]}";
    return TestClient(proxy.port()).post("/v1/chat/completions", body, named(number)).status;
  }
  static std::string record(const TestProxy& proxy, int number) {
    const std::string path = "/v1/conversations/talk-" + std::to_string(number);
    const Response page = TestClient(proxy.port()).get(path);
    std::string texts;
    for (const json::Value entry : json::Value(page.body).find("messages").elements()) {
      texts += entry.find("message").find("content").string().value_or("?") + "|";
    }
    return texts;
  }
  std::uint64_t blocks() const {
    std::uint64_t bytes = 0;
    for (const auto& at : std::filesystem::recursive_directory_iterator(folder_.path)) {
      if (at.is_regular_file()) bytes += PosixFileSystem().info(at.path())->on_disk;
    }
    return bytes;
  }

  TempFolder folder_;
  ScriptedUpstream upstream_;
  Config config_;
};

TEST_F(PackingTest, SmallConversationsShareAFileAndGoOnAfterARestart) {
  {
    const TestProxy proxy(config_);
    for (int i = 0; i < kConversations; ++i) ASSERT_EQ(ask(proxy, i, question(i)), 200);
  }
  EXPECT_LT(blocks(), kConversations * kBlock / 4);
  {
    const TestProxy proxy(config_);
    const std::string list = TestClient(proxy.port()).get("/v1/conversations/list").body;
    EXPECT_NE(list.find("talk-0"), std::string::npos);
    for (int i = 0; i < kConversations; ++i) {
      const std::string first = "What about number " + std::to_string(i) + "?|I see.|";
      ASSERT_EQ(record(proxy, i), first);
      const std::string past = question(i) + R"(,{"role":"assistant","content":"I see."},)";
      ASSERT_EQ(ask(proxy, i, past + R"({"role":"user","content":"And then?"})"), 200);
      ASSERT_EQ(record(proxy, i), first + "And then?|I see.|");
    }
  }
  EXPECT_LT(blocks(), kConversations * kBlock / 3);
  const TestProxy proxy(config_);
  for (int i = 0; i < kConversations; ++i) {
    ASSERT_EQ(record(proxy, i),
              "What about number " + std::to_string(i) + "?|I see.|And then?|I see.|");
  }
}

}  // namespace
}  // namespace keep::test
