// Answers that hedge: what the client sees, whatever happens in which order.
#include "tests/component/answers/hedge_stage.hpp"

namespace keep::test {
namespace {

TEST_F(HedgeTest, APhraseSplitAtEveryByteIsNeverSeen) {
  for (std::size_t cut = 0; cut <= kHedge.size(); ++cut) {
    std::vector<std::string> pieces{"Well,", " "};
    int wasted = 0;
    for (const std::string& part : {kHedge.substr(0, cut), kHedge.substr(cut)}) {
      if (part.empty()) continue;
      pieces.push_back(part);
      ++wasted;
    }
    pieces.emplace_back(" it was 1111.");
    const Response response = ask({endless("a", pieces), answer("b", {"it is", " 7341."})});
    EXPECT_EQ(response.status, 200);
    EXPECT_TRUE(response.complete);
    EXPECT_EQ(without_time(response.body),
              role_event("a") + texts("a", {"Well,", " "}) + texts("a", {"it is", " 7341."}) +
                  end_event("a", summary(wasted)) + usage_event("a", 48, 4) + kDone)
        << cut;
    ASSERT_EQ(asked().size(), 2U);
    EXPECT_EQ(message(1, 0).find("content").string(), "Well, ");
    EXPECT_EQ(message(1, 0).find("role").string(), "assistant");
    EXPECT_NE(message(1, 2).find("content").string()->find(kFact), std::string::npos);
    const std::string slot(json::Value(asked()[0].body).find("id_slot").raw());
    EXPECT_EQ(json::Value(asked()[1].body).find("id_slot").raw(), slot);
  }
}

TEST_F(HedgeTest, AHitInTheFirstTokensIsAnsweredAnewAsAWhole) {
  const Response response =
      ask({endless("a", {"If", " I", " recall"}), answer("b", {"It is 7341."})});
  EXPECT_EQ(without_time(response.body), role_event("a") + texts("a", {"It is 7341."}) +
                                             end_event("a", summary(3)) + usage_event("a", 50, 1) +
                                             kDone);
  EXPECT_EQ(message(1, 0).find("content").string(), kQuestion);
}

TEST_F(HedgeTest, AHitInTheLastTokenOfAnAnswerThatHasEnded) {
  for (const bool together : {false, true}) {
    std::vector<Step> first = answer("a", {"The code?", " Not sure,", " if I", " recall"});
    if (together) {
      std::string all;
      for (std::size_t i = 1; i < first.size(); ++i) all += std::get<Send>(first[i]).bytes;
      first = {first.front(), Send{all}};
    }
    const Response response = ask({first, answer("b", {" It is 7341."})});
    EXPECT_EQ(without_time(response.body),
              role_event("a") + texts("a", {"The code?", " Not sure,", " It is 7341."}) +
                  end_event("a", summary(2)) + usage_event("a", 48, 3) + kDone);
  }
}

TEST_F(HedgeTest, UpstreamThatWillNotGoOnHasTheFirstAnswerContinued) {
  const Response response = ask({endless("a", {"Well,", " if I", " recall"}),
                                 {refusal()},
                                 answer("c", {" it is", " 1111."})});
  const std::string given =
      role_event("a") + texts("a", {"Well,", " if I", " recall", " it is", " 1111."});
  EXPECT_EQ(without_time(response.body),
            given +
                end_event("a", R"(,"x_keep":{"recall":"none","resubmits":1,"wasted_tokens":0})") +
                usage_event("a", 47, 5) + kDone);
  EXPECT_TRUE(response.complete);
  ASSERT_EQ(asked().size(), 3U);
  EXPECT_EQ(message(2, 0).find("content").string(), "Well, if I recall");
  EXPECT_EQ(message(2, 1).find("content").string(), kQuestion);
  EXPECT_EQ(asked()[2].body.find(kFact), std::string::npos);
  EXPECT_EQ(metric("hedge_withdrawn_total"), 1);
  EXPECT_EQ(metric("hedge_rescued_total"), 0);
}

TEST_F(HedgeTest, AnEndBeforeAnyWordIsNoAnswer) {
  const Response response = ask({endless("a", {"Well,", " if I", " recall"}), answer("b", {}),
                                 answer("c", {" it is 1111."})});
  EXPECT_NE(response.body.find(texts("a", {"Well,", " if I", " recall", " it is 1111."})),
            std::string::npos);
  EXPECT_TRUE(response.complete);
}

TEST_F(HedgeTest, WhenUpstreamIsGoneNothingOfTheFirstAnswerIsLost) {
  const Response response =
      ask({endless("a", {"Well,", " if I", " recall"}), {refusal()}, {refusal()}});
  EXPECT_TRUE(
      response.body.starts_with(role_event("a") + texts("a", {"Well,", " if I", " recall"})));
  EXPECT_NE(response.body.find("\"error\""), std::string::npos);
  EXPECT_FALSE(response.complete);
}

TEST_F(HedgeTest, ASlotThatAnotherHasTakenIsWaitedFor) {
  std::vector<Step> first = endless("a", {"Well,"});
  first.back() = Send{chunk(text_event("a", " if I recall"))};
  first.emplace_back(WaitForClientGone{});
  upstream_.set_busy(5);
  const Response response = ask({first, answer("b", {" it is 7341."})});
  EXPECT_EQ(without_time(response.body), role_event("a") + texts("a", {"Well,", " it is 7341."}) +
                                             end_event("a", summary(1)) + usage_event("a", 49, 2) +
                                             kDone);
  EXPECT_EQ(upstream_.busy_answers(), 0);
}

TEST_F(HedgeTest, ASecondHedgeFindsMore) {
  store("museum", "guard", "Rufus Quartermain guards the museum.");
  const Response response =
      ask({endless("a", {"Well, if I", " recall"}),
           endless("b", {"It is 7341.", " Rufus Quartermain, if I", " recall"}),
           answer("c", {" He guards it."})});
  const std::string two = R"(,"x_keep":{"recall":"mid;n=2","resubmits":2,"wasted_tokens":4})";
  EXPECT_EQ(without_time(response.body), role_event("a") +
                                             texts("a", {"It is 7341.", " He guards it."}) +
                                             end_event("a", two) + usage_event("a", 49, 2) + kDone);
  EXPECT_EQ(asked().size(), 3U);
}

TEST_F(HedgeTest, ASecondHedgeThatFindsNothingNewIsGiven) {
  const std::vector<std::string> pieces{"It is 7341,", " if I", " recall", "."};
  const Response response = ask({endless("a", {"If I", " recall"}), answer("b", pieces)});
  EXPECT_EQ(without_time(response.body), role_event("a") + texts("a", pieces) +
                                             end_event("a", summary(2)) + usage_event("a", 50, 4) +
                                             kDone);
  EXPECT_EQ(asked().size(), 2U);
  EXPECT_EQ(metric("hedge_rescued_total"), 0);
}

TEST_F(HedgeTest, AClientThatLeavesDuringTheSearchFreesEverything) {
  search_may_end_ = false;
  script({endless("a", {"Well,", " if I recall"})});
  TestClient client(proxy_->port());
  client.send(post_bytes("/v1/chat/completions", chat_body(kQuestion, true), headers()));
  ASSERT_TRUE(eventually([&] { return searching_.load(); }));
  client.close();
  EXPECT_TRUE(eventually([&] { return upstream_.clients_gone() == 1; }));
  search_may_end_ = true;
  EXPECT_TRUE(eventually([&] { return upstream_.running() == 0; }));
  EXPECT_EQ(asked().size(), 1U);
  const Response next = ask({endless("c", {"If I recall"}), answer("d", {"It is 7341."})});
  EXPECT_NE(next.body.find(texts("c", {"It is 7341."})), std::string::npos);
}

TEST_F(HedgeTest, AClientThatLeavesBetweenTheAnswersFreesEverything) {
  script({endless("a", {"Well,", " if I recall"}),
          {Send{stream_head()}, Send{chunk(role_event("b"))}, WaitForClientGone{}}});
  TestClient client(proxy_->port());
  client.send(post_bytes("/v1/chat/completions", chat_body(kQuestion, true), headers()));
  ASSERT_TRUE(eventually([&] { return asked().size() == 2; }));
  client.close();
  EXPECT_TRUE(eventually([&] { return upstream_.clients_gone() == 2; }));
  EXPECT_TRUE(eventually([&] { return upstream_.running() == 0; }));
  const Response next = ask({answer("d", {"Hello."})});
  EXPECT_NE(next.body.find("Hello."), std::string::npos);
}

}  // namespace
}  // namespace keep::test
