#include "upstream/upstream_embeddings.hpp"

#include "base/json/json.hpp"
#include "tests/support/scripted_upstream.hpp"
#include "tests/unit/plugins/plugin_harness.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace keep {
namespace {

using namespace keep::test;
using Kind = Embeddings::Kind;
using Texts = std::vector<std::string>;

TEST(ReadEmbeddings, InTheOrderOfTheTexts) {
  const auto read = read_embeddings(
      R"({"model":"m","data":[{"index":1,"embedding":[0,2.5]},{"index":0,"embedding":[1,-1e-1]}]})",
      2);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->model, "m");
  EXPECT_EQ(read->vectors, (std::vector<std::vector<float>>{{1, -0.1F}, {0, 2.5F}}));
}

TEST(ReadEmbeddings, NothingOddIsTaken) {
  for (const char* const body : {
           "",
           "{",
           "[]",
           R"({"data":[]})",
           R"({"data":[{"index":0,"embedding":[1]}]})",
           R"({"data":[{"index":0,"embedding":[1]},{"index":0,"embedding":[1]}]})",
           R"({"data":[{"index":0,"embedding":[1]},{"index":2,"embedding":[1]}]})",
           R"({"data":[{"index":0,"embedding":[1]},{"index":-1,"embedding":[1]}]})",
           R"({"data":[{"index":0,"embedding":[1]},{"index":1,"embedding":[1,2]}]})",
           R"({"data":[{"index":0,"embedding":[1]},{"index":1,"embedding":[]}]})",
           R"({"data":[{"index":0,"embedding":[1]},{"index":1,"embedding":[0]}]})",
           R"({"data":[{"index":0,"embedding":[1]},{"index":1,"embedding":["x"]}]})",
           R"({"data":[{"index":0,"embedding":[1]},{"index":1,"embedding":[1e300]}]})",
           R"({"data":[{"index":0,"embedding":[1]},{"index":1,"embedding":"QUJD"}]})",
       }) {
    const auto read = read_embeddings(body, 2);
    ASSERT_FALSE(read) << body;
    EXPECT_EQ(read.error().fault, Fault::kProtocol);
  }
  std::string long_one = R"({"data":[{"embedding":[1)";
  for (int i = 0; i < 9000; ++i) long_one += ",1";
  EXPECT_FALSE(read_embeddings(long_one + "]}]}", 1));
}

// A vector of a text: its length, and one.
std::string vectors_of(const std::string& request) {
  std::string data;
  for (const json::Value text : json::Value(request).find("input").elements()) {
    data += data.empty() ? "" : ",";
    data += "{\"embedding\":[" + std::to_string(text.string()->size()) + ",1]}";
  }
  return R"({"model":"m","data":[)" + data + "]}";
}

class UpstreamEmbeddingsTest : public testing::Test {
 protected:
  void connect(EmbeddingsAccess access = {}) {
    auto address = resolve_upstream(server_.url());
    embeddings_.emplace(loop_, *address, std::move(access), pools_, clock_, metrics_);
  }
  Result<Embedded> embed(Texts texts, Kind kind = Kind::kPassage) {
    std::optional<Result<Embedded>> result;
    asio::co_spawn(loop_, embeddings_->embed(kind, std::move(texts)),
                   [&](const std::exception_ptr&, Result<Embedded> value) {
                     result.emplace(std::move(value));
                   });
    while (!result) loop_.run_one();
    return *std::move(result);
  }

  std::function<std::string(const Received&)> answer_ = [](const Received& request) {
    return reply(200, vectors_of(request.body));
  };
  ScriptedUpstream server_{
      [this](const Received& request) { return std::vector<Step>{Send{answer_(request)}}; }};
  asio::io_context loop_;
  // While all that is under way is in a pool the loop must not take that for the end.
  asio::executor_work_guard<asio::io_context::executor_type> work_{loop_.get_executor()};
  Pools pools_{1, 1};
  HandClock clock_;
  Metrics metrics_;
  std::optional<UpstreamEmbeddings> embeddings_;
};

TEST_F(UpstreamEmbeddingsTest, AsksAsTheApiWantsIt) {
  connect({"some model", "Bearer secret"});
  const auto embedded = embed({"a", "\"bcd\""});
  ASSERT_TRUE(embedded) << embedded.error().detail;
  EXPECT_EQ(embedded->vectors, (std::vector<std::vector<float>>{{1, 1}, {5, 1}}));
  const Received request = server_.received().at(0);
  EXPECT_EQ(request.target, "/v1/embeddings");
  EXPECT_EQ(request.body,
            R"({"model":"some model","input":["a","\"bcd\""],"encoding_format":"float"})");
  EXPECT_EQ(request.header("Authorization"), "Bearer secret");
  EXPECT_EQ(request.header("Content-Type"), "application/json");
}

TEST_F(UpstreamEmbeddingsTest, WithoutAModelOrAKeyNoneIsNamed) {
  connect();
  ASSERT_TRUE(embed({"a"}));
  EXPECT_EQ(server_.received().at(0).body, R"({"input":["a"],"encoding_format":"float"})");
  EXPECT_EQ(server_.received().at(0).header("Authorization"), "");
}

TEST_F(UpstreamEmbeddingsTest, TextsThatAreTooLongAreCut) {
  answer_ = [](const Received& request) {
    for (const json::Value text : json::Value(request.body).find("input").elements()) {
      if (text.string()->size() > 300) {
        return reply(500, R"({"error":{"message":"input (999 tokens) is too large to process"}})");
      }
    }
    return reply(200, vectors_of(request.body));
  };
  connect();
  const auto embedded = embed({"a", std::string(1000, 'b'), "cc", std::string(300, 'd'), "eee"});
  ASSERT_TRUE(embedded) << embedded.error().detail;
  EXPECT_EQ(embedded->vectors,
            (std::vector<std::vector<float>>{{1, 1}, {250, 1}, {2, 1}, {300, 1}, {3, 1}}));
  EXPECT_TRUE(embeddings_->available(Kind::kPassage));
}

TEST_F(UpstreamEmbeddingsTest, CharactersStayWhole) {
  answer_ = [](const Received& request) {
    return request.body.size() > 200 ? reply(413, "{}") : reply(200, vectors_of(request.body));
  };
  connect();
  std::string text = "x";
  for (int i = 0; i < 100; ++i) text += "\u00e9";
  ASSERT_TRUE(embed({text}));
  const std::string sent(json::Value(server_.received().back().body).find("input").raw());
  EXPECT_EQ(sent.find("\xef\xbf\xbd"), std::string::npos);  // what is put for half a character
}

TEST_F(UpstreamEmbeddingsTest, ATextThatIsNeverTakenHasNoVector) {
  answer_ = [](const Received& request) {
    return request.body.find("bad") != std::string::npos ? reply(413, "{}")
                                                         : reply(200, vectors_of(request.body));
  };
  connect();
  const auto embedded = embed({"a", "bad", "cc"});
  ASSERT_TRUE(embedded);
  EXPECT_EQ(embedded->vectors, (std::vector<std::vector<float>>{{1, 1}, {}, {2, 1}}));
}

TEST_F(UpstreamEmbeddingsTest, AServerThatFailsIsLeftAloneLongerAndLonger) {
  answer_ = [](const Received&) { return reply(503, "{}"); };
  connect();
  std::size_t asked = 0;
  for (const int rest : {1, 2, 4, 8, 16, 32, 60, 60}) {
    EXPECT_EQ(embed({"a"}).error().fault, Fault::kProtocol);
    EXPECT_EQ(server_.received().size(), ++asked);
    EXPECT_FALSE(embeddings_->available(Kind::kPassage));
    EXPECT_EQ(embed({"a"}).error().fault, Fault::kOverload);
    clock_.turn(std::chrono::seconds(rest) - std::chrono::milliseconds(1));
    EXPECT_FALSE(embeddings_->available(Kind::kPassage));
    clock_.turn(std::chrono::milliseconds(1));
    EXPECT_TRUE(embeddings_->available(Kind::kPassage));
    EXPECT_EQ(server_.received().size(), asked);
  }
  EXPECT_NE(metrics_.text().find("embeddings_failures_total{kind=\"passage\"} 8"),
            std::string::npos);
  answer_ = [](const Received& request) { return reply(200, vectors_of(request.body)); };
  EXPECT_TRUE(embed({"a"}));
  answer_ = [](const Received&) { return reply(503, "{}"); };
  EXPECT_FALSE(embed({"a"}));
  clock_.turn(std::chrono::seconds(1));
  EXPECT_TRUE(embeddings_->available(Kind::kPassage));
}

TEST_F(UpstreamEmbeddingsTest, QuestionsAndPassagesFailApart) {
  answer_ = [](const Received&) { return reply(503, "{}"); };
  connect();
  EXPECT_FALSE(embed({"a"}, Kind::kQuestion));
  EXPECT_FALSE(embeddings_->available(Kind::kQuestion));
  EXPECT_TRUE(embeddings_->available(Kind::kPassage));
}

TEST(UpstreamEmbeddings, AQuestionIsNotWaitedForLong) {
  ScriptedUpstream server([](const Received&) { return std::vector<Step>{WaitForClientGone{}}; });
  asio::io_context loop;
  Pools pools(1, 1);
  HandClock clock;
  Metrics metrics;
  UpstreamEmbeddings embeddings(loop, *resolve_upstream(server.url()), {}, pools, clock, metrics);
  std::optional<Fault> fault;
  asio::co_spawn(loop, embeddings.embed(Kind::kQuestion, {"a"}),
                 [&](const std::exception_ptr&, const Result<Embedded>& value) {
                   fault = value ? Fault::kInternal : value.error().fault;
                 });
  loop.run();
  EXPECT_EQ(fault, Fault::kTimeout);
}

TEST(UpstreamEmbeddings, NobodyThere) {
  unsigned short port = 0;
  {
    ScriptedUpstream server([](const Received&) { return std::vector<Step>{}; });
    port = server.port();
  }
  asio::io_context loop;
  Pools pools(1, 1);
  HandClock clock;
  Metrics metrics;
  auto address = resolve_upstream("http://127.0.0.1:" + std::to_string(port));
  UpstreamEmbeddings embeddings(loop, *address, {}, pools, clock, metrics);
  std::optional<Fault> fault;
  asio::co_spawn(loop, embeddings.embed(Kind::kPassage, {"a"}),
                 [&](const std::exception_ptr&, const Result<Embedded>& value) {
                   fault = value ? Fault::kInternal : value.error().fault;
                 });
  loop.run();
  EXPECT_EQ(fault, Fault::kRefused);
  EXPECT_FALSE(embeddings.available(Kind::kPassage));
}

}  // namespace
}  // namespace keep
