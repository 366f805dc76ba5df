// What Ollama's clients ask beside answers of a model.
#include "base/json/json.hpp"
#include "tests/support/scripted_upstream.hpp"
#include "tests/support/test_client.hpp"
#include "tests/support/test_proxy.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace keep::test {
namespace {

constexpr const char* kModels =
    R"({"object":"list","data":[{"id":"demo","created":1700000000,"meta":{"n_ctx_train":1024}}]})";

json::Value parsed(const std::string& body) {
  const auto root = json::validate(body);
  EXPECT_TRUE(root) << body;
  return root ? *root : json::Value();
}

// A llama-server whose template has a place for tools, and that sees pictures.
ScriptedUpstream& seeing(ScriptedUpstream& upstream) {
  upstream.set_props(R"(,"chat_template":"{{ tools }}","modalities":{"vision":true})");
  upstream.set_context(512);
  return upstream;
}

class OllamaModelsTest : public testing::Test {
 protected:
  // Of a reply that is an error of Ollama's.
  static std::string told(const Response& response, int status) {
    EXPECT_EQ(response.status, status) << response.body;
    EXPECT_EQ(response.header("Content-Type"), "application/json");
    return parsed(response.body).find("error").string().value_or("no error: " + response.body);
  }

  ScriptedUpstream upstream_{
      [](const Received&) -> std::vector<Step> { return {Send{reply(200, kModels)}}; }};
  TestProxy proxy_{test_config(seeing(upstream_).url())};
  TestClient client_{proxy_.port()};
};

TEST_F(OllamaModelsTest, ModelsAreThoseOfLlamaServer) {
  const Response listed = client_.get("/api/tags");
  const json::Value model = *parsed(listed.body).find("models").elements().begin();
  EXPECT_EQ(model.find("name").string(), "demo");
  EXPECT_EQ(model.find("modified_at").string(), "2023-11-14T22:13:20Z");
  const Response shown = client_.post("/api/show", R"({"model":"demo"})");
  const json::Value root = parsed(shown.body);
  EXPECT_EQ(root.find("capabilities").raw(), R"(["completion","tools","vision"])");
  EXPECT_EQ(root.find("model_info").find("llama.context_length").integer(), 512);
  EXPECT_EQ(client_.get("/api/ps").status, 200);
  EXPECT_NE(parsed(client_.get("/api/version").body).find("version").string().value_or(""), "");
  EXPECT_EQ(told(client_.post("/api/show", "{}"), 400), "'model' must be a string");
  const std::string long_name(64 << 10, 'm');
  EXPECT_EQ(told(client_.post("/api/show", R"({"model":")" + long_name + R"("})"), 413),
            "a question about a model is short");
}

TEST_F(OllamaModelsTest, ThereIsNoStoreOfModels) {
  for (const char* path : {"/api/pull", "/api/push", "/api/create", "/api/copy",
                           "/api/blobs/sha256:0", "/api/embed", "/api/embeddings"}) {
    EXPECT_NE(told(client_.post(path, R"({"model":"demo"})"), 501), "") << path;
  }
  EXPECT_TRUE(upstream_.received().empty());
}

TEST(OllamaModels, NobodyThereIsToldInItsWords) {
  ScriptedUpstream upstream([](const Received&) -> std::vector<Step> { return {}; });
  upstream.set_health(503);
  TestProxy proxy(test_config(upstream.url()), false);
  TestClient client(proxy.port());
  ASSERT_TRUE(eventually([&] { return client.get("/api/tags").status == 503; }));
  EXPECT_TRUE(parsed(client.get("/api/tags").body).find("error").is_string());
}

}  // namespace
}  // namespace keep::test
