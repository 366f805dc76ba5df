// Pictures, sounds and files in front of models that cannot read them.
#include "base/json/json.hpp"
#include "tests/support/scripted_upstream.hpp"
#include "tests/support/test_client.hpp"
#include "tests/support/test_proxy.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>

namespace keep::test {
namespace {

constexpr const char* kTextOnly =
    R"(,"model_alias":"/models/smol.gguf","modalities":{"vision":false,"video":false,"audio":false})";
constexpr const char* kSeeing =
    R"(,"model_alias":"/models/llava.gguf","modalities":{"vision":true,"video":false,"audio":false})";

const std::string kBytes(200000, 'A');  // as text it would fill any window
const std::string kText = R"({"type":"text","text":"What is it?"},)";
const std::string kPicture =
    R"({"type":"image_url","image_url":{"url":"data:image/png;base64,)" + kBytes + R"("}})";
const std::string kSound =
    R"({"type":"input_audio","input_audio":{"data":")" + kBytes + R"(","format":"wav"}})";
const std::string kFile =
    R"({"type":"file","file":{"filename":"a.pdf","file_data":"data:application/pdf;base64,)" +
    kBytes + R"("}})";
const std::string kBlock =
    R"({"type":"image","source":{"type":"base64","media_type":"image/png","data":")" + kBytes +
    R"("}})";
const std::string kDocument =
    R"({"type":"document","source":{"type":"base64","media_type":"application/pdf","data":")" +
    kBytes + R"("}})";

std::string user(const std::string& parts) {
  return R"({"role":"user","content":[)" + parts + "]}";
}
std::string said(const std::string& role, const std::string& text) {
  return R"({"role":")" + role + R"(","content":)" + json::quoted(text) + "}";
}

class MediaTest : public testing::Test {
 protected:
  explicit MediaTest(const char* props = kTextOnly) {
    upstream_.set_props(props);
    Config config = test_config(upstream_.url());
    config.history.window_tokens = 4096;
    proxy_.emplace(std::move(config));
  }
  Response chat(const std::string& messages) {
    return TestClient(proxy_->port())
        .post("/v1/chat/completions", "{\"messages\":[" + messages + "]}",
              "X-Conversation-Id: one\r\n");
  }
  Response anthropic(const std::string& messages) {
    return TestClient(proxy_->port())
        .post("/v1/messages", "{\"max_tokens\":20,\"messages\":[" + messages + "]}");
  }
  Response responses(const std::string& items) {
    return TestClient(proxy_->port()).post("/v1/responses", "{\"input\":[" + items + "]}");
  }
  // The list of messages that went upstream last; empty: nothing went.
  std::string sent(const std::string& list = "messages") const {
    const auto requests = upstream_.received();
    if (requests.empty()) return "";
    body_ = requests.back().body;
    return std::string(json::Value(body_).find(list).raw());
  }
  void expect_refused(const Response& response, const std::string& kind) {
    EXPECT_EQ(response.status, 400);
    EXPECT_NE(response.body.find(kind + " input is not supported: the model smol.gguf reads text"),
              std::string::npos)
        << response.body;
    EXPECT_EQ(response.body.find("too long"), std::string::npos);
    EXPECT_TRUE(upstream_.received().empty());
  }

  mutable std::string body_;
  ScriptedUpstream upstream_{[](const Received&) { return chat_stream("I see."); }};
  std::optional<TestProxy> proxy_;
};

TEST_F(MediaTest, WhatIsNewIsRefusedByItsKind) {
  expect_refused(chat(user(kText + kPicture)), "image");
  expect_refused(chat(user(kText + kSound)), "audio");
  expect_refused(chat(user(kText + kFile)), "file");
  expect_refused(chat(said("user", "a") + "," + said("assistant", "b") + "," + user(kPicture)),
                 "image");
}

TEST_F(MediaTest, SoItIsWithTheOtherApis) {
  const Response message = anthropic(user(kText + kBlock));
  expect_refused(message, "image");
  EXPECT_EQ(json::Value(message.body).find("type").string(), "error");
  EXPECT_EQ(json::Value(message.body).find("error").find("type").string(), "invalid_request_error");
  expect_refused(anthropic(user(kText + kDocument)), "file");
  expect_refused(responses(user(R"({"type":"input_text","text":"x"},)"
                                R"({"type":"input_image","image_url":"data:,)" +
                                kBytes + "\"}")),
                 "image");
  expect_refused(responses(user(R"({"type":"input_file","file_data":")" + kBytes + "\"}")), "file");
  expect_refused(responses(user(R"({"type":"input_audio","input_audio":{}})")), "audio");
}

TEST_F(MediaTest, AShortTextStandsInForWhatIsOldAlwaysTheSame) {
  const std::string old = user(kText + kPicture) + "," + said("assistant", "A cat.") + ",";
  EXPECT_EQ(chat(old + said("user", "Thanks.")).status, 200);
  const std::string first = sent();
  EXPECT_NE(first.find(R"({"type":"text","text":"[image omitted: this model reads text only]"})"),
            std::string::npos)
      << first;
  EXPECT_LT(first.size(), 1000U);
  EXPECT_EQ(chat(old + said("user", "Thanks.") + "," + said("assistant", "I see.") + "," +
                 said("user", "Bye."))
                .status,
            200);
  EXPECT_EQ(sent().substr(0, first.size() - 1), first.substr(0, first.size() - 1));
}

TEST_F(MediaTest, WhatAToolGaveIsOldToo) {
  const Response response = anthropic(
      said("user", "Look.") +
      R"(,{"role":"assistant","content":[{"type":"tool_use","id":"t","name":"see","input":{}}]},)" +
      user(R"({"type":"tool_result","tool_use_id":"t","content":[)" + kBlock + "]}"));
  EXPECT_EQ(response.status, 200) << response.body;
  EXPECT_NE(sent().find("[image omitted: this model reads text only]"), std::string::npos);
}

TEST_F(MediaTest, ARefusalDoesNotEndTheConversation) {
  const std::string picture = user(kPicture);
  EXPECT_EQ(chat(picture).status, 400);
  EXPECT_EQ(chat(picture).status, 400);  // the same again
  const Response response = chat(picture + "," + said("user", "Never mind."));
  EXPECT_EQ(response.status, 200) << response.body;
  EXPECT_NE(sent().find("[image omitted"), std::string::npos);
}

class SeeingTest : public MediaTest {
 protected:
  SeeingTest() : MediaTest(kSeeing) {}
};

TEST_F(SeeingTest, WhatTheModelReadsPasses) {
  EXPECT_EQ(chat(user(kText + kPicture)).status, 200);
  EXPECT_EQ(sent(), "[" + user(kText + kPicture) + "]");
  const Response response = chat(user(kSound));
  EXPECT_EQ(response.status, 400);
  EXPECT_NE(response.body.find("audio input is not supported: the model llava.gguf does not"),
            std::string::npos)
      << response.body;
}

class UntoldTest : public MediaTest {
 protected:
  UntoldTest() : MediaTest("") {}
};

TEST_F(UntoldTest, AServerThatDoesNotTellIsAsked) {
  EXPECT_EQ(chat(user(kText + kPicture)).status, 200);
  EXPECT_EQ(sent(), "[" + user(kText + kPicture) + "]");
}

}  // namespace
}  // namespace keep::test
