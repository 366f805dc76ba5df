#include "openai/ollama/models.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace keep::openai::ollama {
namespace {

const std::string kListed =
    R"({"id":"demo","object":"model","created":1700000000,"meta":{"n_vocab":32000,)"
    R"("n_ctx_train":8192,"n_embd":576,"n_params":134515008,"size":90000000}})";

ServedModel served(const std::string& listed = kListed) {
  ServedModel model;
  model.listed = json::Value(listed);
  model.window = 4096;
  return model;
}

json::Value first_of(const std::string& body) {
  return *json::Value(body).find("models").elements().begin();
}

TEST(OllamaModels, ListsWhatClientsRead) {
  const std::vector<ServedModel> models{served()};
  const std::string body = tags_body(models);
  ASSERT_TRUE(json::validate(body));
  const json::Value model = first_of(body);
  EXPECT_EQ(model.find("name").string(), "demo");
  EXPECT_EQ(model.find("model").string(), "demo");
  EXPECT_EQ(model.find("modified_at").string(), "2023-11-14T22:13:20Z");
  EXPECT_EQ(model.find("size").integer(), 90000000);
  EXPECT_EQ(model.find("digest").string().value_or("").size(), 64U);
  EXPECT_EQ(model.find("details").find("parameter_size").string(), "135M");
  EXPECT_EQ(tags_body({}), R"({"models":[]})");
}

TEST(OllamaModels, RunningOnesStay) {
  const std::vector<ServedModel> models{served()};
  const std::string body = ps_body(models);
  EXPECT_EQ(first_of(body).find("context_length").integer(), 4096);
  EXPECT_EQ(first_of(body).find("expires_at").string(), "9999-12-31T23:59:59Z");
}

TEST(OllamaModels, ShowsTheWindowAndWhatTheTemplateHasAPlaceFor) {
  ServedModel model = served();
  model.chat_template = "{% if tools %}{{ enable_thinking }}";
  model.modalities = {"vision", "video"};
  const std::string body = show_body(model);
  ASSERT_TRUE(json::validate(body)) << body;
  const json::Value root(body);
  EXPECT_EQ(root.find("capabilities").raw(), R"(["completion","tools","thinking","vision"])");
  const json::Value info = root.find("model_info");
  const std::string architecture = info.find("general.architecture").string().value_or("");
  EXPECT_EQ(info.find(architecture + ".context_length").integer(), 4096);
  EXPECT_EQ(root.find("template").string(), model.chat_template);
  model.window = 0;
  model.chat_template.clear();
  model.modalities.clear();
  const std::string bare = show_body(model);
  EXPECT_EQ(json::Value(bare).find("capabilities").raw(), R"(["completion"])");
  EXPECT_EQ(json::Value(bare).find("model_info").find("llama.context_length").integer(), 8192);
}

TEST(OllamaModels, ANameMayHaveATag) {
  const std::string other = R"({"id":"other:latest"})";
  const std::vector<ServedModel> one{served()}, two{served(), served(other)};
  EXPECT_EQ(find_model(one, "demo"), &one[0]);
  EXPECT_EQ(find_model(one, "anything"), &one[0]);
  EXPECT_EQ(find_model(two, "demo:latest"), &two[0]);
  EXPECT_EQ(find_model(two, "other"), &two[1]);
  EXPECT_EQ(find_model(two, "anything"), nullptr);
  EXPECT_EQ(find_model({}, "demo"), nullptr);
}

}  // namespace
}  // namespace keep::openai::ollama
