// Answers that hedge: on every surface, and where nothing must be done.
#include "tests/component/answers/hedge_stage.hpp"

namespace keep::test {
namespace {

TEST_F(HedgeTest, NothingToBeSaidLeavesTheAnswerAsItIs) {
  const std::string other = "What is the weather like on Mars?";
  const std::vector<std::string> pieces{"Cold,", " if", " I", " recall", " correctly", "."};
  script({answer("a", pieces)});
  const Response response =
      TestClient(proxy_->port()).post("/v1/chat/completions", chat_body(other, true), headers());
  EXPECT_EQ(response.body, role_event("a") + texts("a", pieces) + end_event("a") +
                               usage_event("a", 50, 6) + kDone);
  EXPECT_EQ(asked().size(), 1U);
  EXPECT_EQ(metric("hedge_detected_total"), 1);
  EXPECT_EQ(metric("resubmits_total"), 0);
}

TEST_F(HedgeTest, AnAssembledAnswerIsOneAsWell) {
  const Response response =
      ask({endless("a", {"Well,", " if I recall"}), answer("b", {" it is", " 7341."})}, false);
  ASSERT_EQ(response.status, 200) << response.body;
  const json::Value root(response.body);
  const json::Value choice = *root.find("choices").elements().begin();
  EXPECT_EQ(choice.find("message").find("content").string(), "Well, it is 7341.");
  EXPECT_EQ(choice.find("finish_reason").string(), "stop");
  EXPECT_EQ(root.find("id").string(), "a");
  EXPECT_EQ(root.find("usage").find("completion_tokens").integer(), 3);
  EXPECT_EQ(root.find("x_keep").find("recall").string(), "mid;n=1");
  EXPECT_EQ(response.header("X-Keep-Recall"), "mid;n=1");
  EXPECT_EQ(metric("hedge_rescued_total"), 1);
}

TEST_F(HedgeTest, AnAnthropicClientGetsOneMessage) {
  for (const bool stream : {true, false}) {
    script({endless("a", {"Well,", " if I recall"}), answer("b", {" it is", " 7341."})});
    const std::string body =
        R"({"model":"m","max_tokens":50,"messages":[{"role":"user","content":)" +
        json::quoted(kQuestion) + R"(}],"stream":)" + (stream ? "true}" : "false}");
    const Response response = TestClient(proxy_->port()).post("/v1/messages", body, headers());
    ASSERT_EQ(response.status, 200) << response.body;
    EXPECT_EQ(response.body.find("I recall"), std::string::npos);
    const auto count = [&](const std::string& what) {
      int n = 0;
      for (auto at = response.body.find(what); at != std::string::npos;
           at = response.body.find(what, at + 1)) {
        ++n;
      }
      return n;
    };
    if (stream) {
      EXPECT_EQ(count("event: message_start"), 1);
      EXPECT_EQ(count("event: content_block_start"), 1);
      EXPECT_EQ(count("event: content_block_delta"), 3);
      EXPECT_EQ(count("event: message_stop"), 1);
    } else {
      EXPECT_EQ(count("\"text\":\"Well, it is 7341.\""), 1);
    }
    EXPECT_EQ(count("\"output_tokens\":3"), 1) << response.body;
    EXPECT_EQ(count(R"("x_keep":{"recall":"mid;n=1","resubmits":1,)"), 1);
    EXPECT_EQ(json::Value(asked()[1].body).find("max_tokens").integer(), 49);
  }
}

TEST_F(HedgeTest, ATemplateWithoutPrefillIsContinuedAsACompletion) {
  prefill_ = false;
  const auto native = [](const std::string& text, bool stop) {
    return "data: {\"index\":0,\"content\":" + json::quoted(text) + ",\"stop\":" +
           (stop
                ? R"(true,"stop_type":"eos","timings":{"cache_n":40,"prompt_n":10,"predicted_n":2})"
                : "false") +
           "}\n\n";
  };
  const Response response =
      ask({endless("a", {"Well,", " if I recall"}),
           {Send{stream_head()}, Send{chunk(native(" it is", false) + native(" 7341.", false))},
            Send{chunk(native("", true))}, Send{stream_end()}}},
          true, R"(,"stream_options":{"include_usage":true})");
  EXPECT_TRUE(response.complete);
  EXPECT_NE(response.body.find("\"content\":\" 7341.\""), std::string::npos) << response.body;
  EXPECT_NE(response.body.find(R"("completion_tokens":3)"), std::string::npos);
  EXPECT_EQ(response.body.find("stop_type"), std::string::npos);
  EXPECT_TRUE(response.body.ends_with(kDone));
  ASSERT_EQ(asked().size(), 2U);
  EXPECT_EQ(asked()[1].target, "/completion");
  const std::string prompt = json::Value(asked()[1].body).find("prompt").string().value_or("");
  EXPECT_TRUE(prompt.ends_with(std::string(kQuestion) + "|Well,")) << prompt;
  EXPECT_NE(prompt.find(kFact), std::string::npos);
}

TEST_F(HedgeTest, ItStaysOutOfWhatMustNotBeStopped) {
  const std::vector<std::string> pieces{"Well,", " if I recall", " it was 1111."};
  for (const std::string more :
       {R"(,"tools":[{"type":"function","function":{"name":"f"}}])",
        R"(,"response_format":{"type":"json_object"})", R"(,"grammar":"root ::= [a-z]+")",
        R"(,"json_schema":{"type":"object"})", R"(,"logit_bias":{"5":1})",
        R"(,"x_keep":{"hedge":false})", R"(,"n":2)", R"(,"store":false)"}) {
    const Response response = ask({answer("a", pieces)}, true, more);
    EXPECT_NE(response.body.find(texts("a", pieces)), std::string::npos) << more;
    EXPECT_EQ(asked().size(), 1U) << more;
  }
  EXPECT_EQ(metric("hedge_detected_total"), 0);
}

class QuotingTest : public HedgeTest {
 protected:
  QuotingTest() : HedgeTest([](Config& config) { config.recall.enabled = true; }) {}
};

// Recalled before the answer began, and repeated with the line that says where it came from.
TEST_F(QuotingTest, AnAnswerThatQuotesTheFrameLosesIt) {
  const std::string frame = "[Known: museum/vault] ";
  for (std::size_t cut = 1; cut < frame.size() + 3; ++cut) {
    const std::string text = frame + "It is 7341.";
    const Response response = ask({answer("a", {text.substr(0, cut), text.substr(cut)})});
    const std::string kept =
        cut > frame.size() ? text.substr(frame.size(), cut - frame.size()) : "";
    std::vector<std::string> pieces;
    if (!kept.empty()) pieces.push_back(kept);
    pieces.push_back(cut > frame.size() ? text.substr(cut) : "It is 7341.");
    EXPECT_EQ(response.body, role_event("a") + texts("a", pieces) + end_event("a") +
                                 usage_event("a", 50, 2) + kDone)
        << cut;
  }
}

TEST_F(QuotingTest, TheRecordHasNoFrame) {
  const std::string text = "[Known: museum/vault] It is 7341.";
  const Response response = ask({answer("a", {text})}, false);
  const json::Value choice = *json::Value(response.body).find("choices").elements().begin();
  EXPECT_EQ(choice.find("message").find("content").string(), "It is 7341.");
  const std::string id = "c" + std::to_string(conversations_);
  const std::string record = TestClient(proxy_->port()).get("/v1/conversations/" + id).body;
  EXPECT_NE(record.find("It is 7341."), std::string::npos);
  EXPECT_EQ(record.find("[Known"), std::string::npos);
}

class LimitedHedgeTest : public HedgeTest {
 protected:
  LimitedHedgeTest() : HedgeTest([](Config& config) { config.hedge.max_resubmits = 1; }) {}
};

TEST_F(LimitedHedgeTest, BeyondTheLimitHedgingIsGiven) {
  store("museum", "guard", "Rufus Quartermain guards the museum.");
  const std::vector<std::string> pieces{"It is 7341.", " Rufus Quartermain, if I", " recall", "."};
  const Response response = ask({endless("a", {"If I", " recall"}), answer("b", pieces)});
  EXPECT_EQ(without_time(response.body), role_event("a") + texts("a", pieces) +
                                             end_event("a", summary(2)) + usage_event("a", 50, 4) +
                                             kDone);
  EXPECT_EQ(asked().size(), 2U);
}

class SwitchedHedgeTest : public HedgeTest {
 protected:
  SwitchedHedgeTest() : HedgeTest([](Config& config) { config.hedge.enabled = false; }) {}
};

TEST_F(SwitchedHedgeTest, SwitchedOffNothingIsHeldAndNothingIsStopped) {
  const std::vector<std::string> pieces{"Well,", " if I recall", " it was 1111."};
  const Response response = ask({answer("a", pieces)});
  EXPECT_EQ(response.body, role_event("a") + texts("a", pieces) + end_event("a") +
                               usage_event("a", 50, 3) + kDone);
  EXPECT_EQ(asked().size(), 1U);
}

TEST_F(HedgeTest, WithoutHedgingTheBytesAreThoseOfUpstream) {
  const std::vector<std::string> pieces{"I",       " if",      " I",      " re", "membered",
                                        " it,",    " in Ital", "y",       ",",   " let",
                                        " me see", " if",      " as far", "."};
  const Response response = ask({answer("a", pieces)});
  EXPECT_EQ(response.body, role_event("a") + texts("a", pieces) + end_event("a") +
                               usage_event("a", 50, static_cast<int>(pieces.size())) + kDone);
  EXPECT_GT(metric("hedge_held_events_total"), 0);
  EXPECT_LT(metric("hedge_held_events_total"), static_cast<double>(pieces.size()));
}

}  // namespace
}  // namespace keep::test
