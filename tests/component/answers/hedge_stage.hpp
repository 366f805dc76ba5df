// The stage on which answers hedge: a proxy that knows one fact, and an upstream that says what a
// test has written.
#pragma once

#include "base/json/json.hpp"
#include "tests/support/scripted_upstream.hpp"
#include "tests/support/test_client.hpp"
#include "tests/support/test_proxy.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace keep::test {

inline constexpr const char* kQuestion = "What is the vault code of the museum?";
inline constexpr const char* kFact = "The vault code of the museum is 7341.";
inline const std::string kHedge = "if I recall";

inline std::string event(const std::string& id, const std::string& delta,
                         const std::string& finish = "null", const std::string& extra = "") {
  return R"(data: {"choices":[{"finish_reason":)" + finish + R"(,"index":0,"delta":)" + delta +
         R"(}],"created":17,"id":")" + id + R"(","model":"m","object":"chat.completion.chunk")" +
         extra + "}\n\n";
}
inline std::string text_event(const std::string& id, const std::string& text) {
  return event(id, R"({"content":)" + json::quoted(text) + "}");
}
inline std::string role_event(const std::string& id) {
  return event(id, R"({"role":"assistant","content":null})");
}
inline std::string texts(const std::string& id, const std::vector<std::string>& pieces) {
  std::string all;
  for (const std::string& piece : pieces) all += text_event(id, piece);
  return all;
}
inline std::string end_event(const std::string& id, const std::string& extra = "") {
  return event(id, "{}", R"("stop")", extra);
}
inline std::string usage_event(const std::string& id, int prompt, int completion) {
  return R"(data: {"choices":[],"created":17,"id":")" + id +
         R"(","model":"m","object":"chat.completion.chunk","usage":{"completion_tokens":)" +
         std::to_string(completion) + R"(,"prompt_tokens":)" + std::to_string(prompt) +
         R"(,"total_tokens":)" + std::to_string(prompt + completion) + "}}\n\n";
}
inline const std::string kDone = "data: [DONE]\n\n";

// A whole answer, one chunk for each event.
inline std::vector<Step> answer(const std::string& id, const std::vector<std::string>& pieces) {
  std::vector<Step> steps{Send{stream_head()}, Send{chunk(role_event(id))}};
  for (const std::string& piece : pieces) steps.push_back(Send{chunk(text_event(id, piece))});
  steps.push_back(Send{chunk(end_event(id))});
  steps.push_back(Send{chunk(usage_event(id, 50, static_cast<int>(pieces.size())) + kDone)});
  steps.push_back(Send{stream_end()});
  return steps;
}
// The beginning of one that goes on until the proxy leaves.
inline std::vector<Step> endless(const std::string& id, const std::vector<std::string>& pieces) {
  std::vector<Step> steps{Send{stream_head()}, Send{chunk(role_event(id))}};
  for (const std::string& piece : pieces) steps.push_back(Send{chunk(text_event(id, piece))});
  steps.push_back(WaitForClientGone{});
  return steps;
}
inline Send refusal() {
  return Send{reply(400, R"({"error":{"code":400,"message":"no prefill here"}})")};
}

class HedgeTest : public testing::Test {
 protected:
  using Answers = std::vector<std::vector<Step>>;

  explicit HedgeTest(std::function<void(Config&)> change = {}) {
    Config config = test_config(upstream_.url());
    config.recall.enabled = false;
    if (change) change(config);
    proxy_.emplace(std::move(config));
    store("museum", "vault", kFact);
  }

  std::vector<Step> play(const Received& request) {
    if (request.target == "/tokenize") return {Send{reply(200, R"({"tokens":[1,2,3]})")}};
    if (request.target == "/apply-template") {
      searching_ = true;
      return {WaitFor{&search_may_end_}, Send{reply(200, render(request))}};
    }
    const std::lock_guard lock(mutex_);
    asked_.push_back(request);
    if (answers_.empty()) return {Send{reply(500, R"({"error":{"message":"no script"}})")}};
    std::vector<Step> steps = std::move(answers_.front());
    answers_.erase(answers_.begin());
    return steps;
  }
  // A template that renders contents one after the other, and may know nothing of prefill.
  std::string render(const Received& request) const {
    std::string prompt;
    for (const json::Value m : json::Value(request.body).find("messages").elements()) {
      prompt += m.find("content").string().value_or("") + "|";
    }
    if (prefill_) prompt.pop_back();
    return R"({"prompt":)" + json::quoted(prompt) + "}";
  }

  void store(const std::string& topic, const std::string& key, const std::string& value) {
    const std::string body = R"({"topic":")" + topic + R"(","key":")" + key + R"(","value":)" +
                             json::quoted(value) + "}";
    const auto response = TestClient(proxy_->port()).post("/v1/knowledge/store", body);
    ASSERT_EQ(response.status, 200) << response.body;
  }
  // In a conversation of its own.
  std::string headers() {
    return "X-Conversation-Id: c" + std::to_string(++conversations_) + "\r\n";
  }
  Response ask(Answers answers, bool stream = true, const std::string& more = "") {
    script(std::move(answers));
    return TestClient(proxy_->port())
        .post("/v1/chat/completions", chat_body(kQuestion, stream, more), headers());
  }
  void script(Answers answers) {
    const std::lock_guard lock(mutex_);
    asked_.clear();
    answers_ = std::move(answers);
  }
  std::vector<Received> asked() {
    const std::lock_guard lock(mutex_);
    return asked_;
  }
  json::Value message(std::size_t request, std::size_t from_end) {
    std::vector<json::Value> list;
    held_ = asked().at(request).body;
    for (const json::Value m : json::Value(held_).find("messages").elements()) list.push_back(m);
    return list.at(list.size() - 1 - from_end);
  }
  double metric(const std::string& name) {
    const std::string all = TestClient(proxy_->port()).get("/metrics").body;
    const auto at = all.find("\nllama_keep_" + name + " ");
    return at == std::string::npos ? -1 : std::stod(all.substr(all.find(' ', at)));
  }
  // The end of a rescued answer: the summary's time is the one thing that differs.
  static std::string without_time(const std::string& body) {
    const auto at = body.find(",\"added_ms\":");
    if (at == std::string::npos) return body;
    return body.substr(0, at) + body.substr(body.find('}', at));
  }

  std::atomic<bool> prefill_{true}, searching_{false}, search_may_end_{true};
  std::mutex mutex_;
  Answers answers_;
  std::vector<Received> asked_;
  int conversations_ = 0;
  std::string held_;
  ScriptedUpstream upstream_{[this](const Received& request) { return play(request); }};
  std::optional<TestProxy> proxy_;
};

inline std::string summary(int wasted, int resubmits = 1) {
  return R"(,"x_keep":{"recall":"mid;n=1","resubmits":)" + std::to_string(resubmits) +
         R"(,"wasted_tokens":)" + std::to_string(wasted) + "}";
}

}  // namespace keep::test
