#include "flow/gateway.hpp"

#include "tests/unit/proxy/flow/one_client.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <ostream>
#include <string>
#include <utility>

namespace keep {
namespace {

asio::awaitable<Reply> nothing_local(const Request&) { co_return nullptr; }

struct Sent {
  std::string name, target, header, body;
};

// What is told of a case when it fails.
void PrintTo(const Sent& sent, std::ostream* out) { *out << sent.name; }

std::string large(const std::string& before, const std::string& after) {
  return before + std::string(3 << 20, 'x') + after;
}

const Sent kSent[] = {
    {"Chat", "/v1/chat/completions", "",
     large(R"({"messages":[{"role":"user","content":")", "\"}]}")},
    {"Messages", "/v1/messages", "", large(R"({"messages":[{"role":"user","content":")", "\"}]}")},
    {"Responses", "/v1/responses", "", large(R"({"input":")", "\"}")},
    {"Ollama", "/api/chat", "",
     large(R"({"model":"m","messages":[{"role":"user","content":")", "\"}]}")},
    {"Compressed", "/v1/chat/completions", "gzip", "not that it is"},
};

class LeaversTest : public test::OneClient, public testing::WithParamInterface<Sent> {
 protected:
  asio::awaitable<void> handle(Flow& flow, ResponseWriter& writer, Guard& guard) {
    Gateway gateway(
        flow, [](const Request&) { return std::optional<std::string>("me"); }, nothing_local);
    IncomingRequest incoming;
    incoming.request.method = "POST";
    incoming.request.target = GetParam().target;
    incoming.request.headers.add("Content-Type", "application/json");
    const std::string& coding = GetParam().header;
    if (!coding.empty()) incoming.request.headers.add("Content-Encoding", coding);
    incoming.request.body = GetParam().body;
    co_await gateway.handle(std::move(incoming), writer, guard);
  }
};

TEST_P(LeaversTest, AClientThatLeavesWhileItsRequestWaitsToBeReadWaitsForNothing) {
  occupy_pool();
  begin([this](Flow& flow, ResponseWriter& writer, Guard& guard) {
    return handle(flow, writer, guard);
  });
  loop_.poll();
  EXPECT_EQ(spawner_.running(), 1U) << "it waits for the pool";
  client_.close();
  EXPECT_TRUE(ends());
  EXPECT_THAT(metrics_.text(), testing::HasSubstr(R"(code="499")"));
}

INSTANTIATE_TEST_SUITE_P(All, LeaversTest, testing::ValuesIn(kSent),
                         [](const auto& sent) { return sent.param.name; });

}  // namespace
}  // namespace keep
