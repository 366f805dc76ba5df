// Four times the messages cost about four times the work, on each surface and for each shape: no
// stage from the parser to the last edit may look at all messages for each message.
//
// What counts is the processor time of this program, proxy and fakes together, so that a busy
// machine does not matter. KEEP_SCALE_MESSAGES: of the longer list.
#include "tests/support/scripted_upstream.hpp"
#include "tests/support/test_client.hpp"
#include "tests/support/test_proxy.hpp"

#include <gtest/gtest.h>
#include <time.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace keep::test {
namespace {

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
constexpr std::size_t kDefault = 2000;
#else
constexpr std::size_t kDefault = 6000;
#endif
constexpr double kLongestRatio = 8;  // linear is 4, quadratic 16
constexpr int kTries = 3;

std::size_t scale() {
  const char* const text = std::getenv("KEEP_SCALE_MESSAGES");
  return text == nullptr ? kDefault : static_cast<std::size_t>(std::atol(text));
}

double processor_seconds() {
  timespec time{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

// `count` elements, made by their index.
std::string list(std::size_t count, const std::function<std::string(std::size_t)>& element) {
  std::string out = "[";
  for (std::size_t i = 0; i < count; ++i) {
    if (i > 0) out += ',';
    out += element(i);
  }
  return out + "]";
}

std::string message(std::string_view role, std::size_t index) {
  return R"({"role":")" + std::string(role) + R"(","content":"number )" + std::to_string(index) +
         "\"}";
}

// The roles over and over: "ua" is a conversation.
std::function<std::string(std::size_t)> roles(std::string_view shape) {
  return [shape](std::size_t index) {
    switch (shape[index % shape.size()]) {
      case 's': return message("system", index);
      case 'a': return message("assistant", index);
      case 't':
        return R"({"role":"tool","tool_call_id":"c","content":"found )" + std::to_string(index) +
               "\"}";
      case 'x': return message("critic", index);
      default: return message("user", index);
    }
  };
}

class Scale : public testing::Test {
 protected:
  explicit Scale(int context = 100'000'000)
      : proxy_(test_config(with_context(upstream_, context).url())) {}

  static std::vector<Step> play(const Received& request) {
    if (request.target == "/tokenize") return {Send{reply(200, R"({"tokens":[1,2,3]})")}};
    if (request.target == "/apply-template") return {Send{reply(200, R"({"prompt":"x"})")}};
    if (request.target == "/v1/responses") return responses_stream("I see.");
    return chat_stream("I see.");
  }
  static ScriptedUpstream& with_context(ScriptedUpstream& upstream, int tokens) {
    upstream.forget_received();
    upstream.set_context(tokens);
    return upstream;
  }

  using MakeBody = std::function<std::string(std::size_t count)>;

  // A new conversation, the same once more, and one whose beginning was edited.
  double cost(const std::string& target, const MakeBody& body, std::size_t count) {
    const std::string whole = body(count);
    std::string edited = whole;
    if (const auto at = edited.find("number 1"); at != std::string::npos) edited[at] = 'N';
    const std::string headers = "X-Conversation-Id: c" + std::to_string(++conversations_) + "\r\n";
    const double begun = processor_seconds();
    const std::string* const texts[] = {&whole, &whole, &edited};
    for (const std::string* const text : texts) {
      TestClient client(proxy_.port());
      client.send(post_bytes(target, *text, headers));
      const Response response = client.read_response(std::chrono::minutes(2));
      EXPECT_TRUE(response.complete) << target << " " << text->substr(0, 200);
      EXPECT_TRUE(response.status == 200 || response.status == 400) << response.body;
    }
    return processor_seconds() - begun;
  }

  void expect_linear(const std::string& target, const MakeBody& body) {
    const std::size_t most = scale();
    double few = 1e9, many = 1e9;
    for (int i = 0; i < kTries && (i == 0 || many > kLongestRatio * few); ++i) {
      few = std::min(few, cost(target, body, most / 4));
      many = std::min(many, cost(target, body, most));
    }
    EXPECT_LE(many, kLongestRatio * few) << target << " " << body(3) << ": " << few << " s for "
                                         << most / 4 << ", " << many << " s for " << most;
  }
  void expect_linear(const std::string& target, const std::string& head,
                     const std::function<std::string(std::size_t)>& element,
                     const std::string& tail = "}") {
    expect_linear(target, [&](std::size_t count) { return head + list(count, element) + tail; });
  }

  int conversations_ = 0;
  ScriptedUpstream upstream_{play};
  TestProxy proxy_;
};

constexpr std::string_view kShapes[] = {"u", "ua", "uasu", "su", "uttt", "x"};

TEST_F(Scale, ChatMessages) {
  for (const std::string_view shape : kShapes) {
    expect_linear("/v1/chat/completions", R"({"messages":)", roles(shape));
  }
}

TEST_F(Scale, ManySystemMessagesInFront) {
  const auto then_user = [](std::size_t count) {
    std::string body = "{\"messages\":" + list(count, roles("s"));
    body.pop_back();
    return body + "," + message("user", count) + "]}";
  };
  expect_linear("/v1/chat/completions", then_user);
}

TEST_F(Scale, AnthropicTurns) {
  for (const std::string_view shape : {"ua", "uasu"}) {
    expect_linear("/v1/messages", R"({"max_tokens":9,"messages":)", roles(shape));
  }
  const auto result = [](std::size_t index) {
    return R"({"type":"tool_result","tool_use_id":"c","content":"number )" + std::to_string(index) +
           "\"}";
  };
  expect_linear("/v1/messages", R"({"max_tokens":9,"messages":[{"role":"user","content":)", result,
                "}]}");
  const auto use = [](std::size_t index) {
    return R"({"type":"tool_use","id":"c","name":"n)" + std::to_string(index) + R"(","input":{}})";
  };
  expect_linear("/v1/messages", R"({"max_tokens":9,"messages":[{"role":"assistant","content":)",
                use, R"(},{"role":"user","content":"go on"}]})");
}

TEST_F(Scale, ResponsesItems) {
  for (const std::string_view shape : {"ua", "uasu", "x"}) {
    expect_linear("/v1/responses", R"({"input":)", roles(shape));
  }
  const auto step = [](std::size_t index) {
    const std::string number = std::to_string(index / 2);
    return index % 2 == 0
               ? R"({"type":"function_call","name":"look","arguments":"{}","call_id":"c)" + number +
                     "\"}"
               : R"({"type":"function_call_output","output":"found","call_id":"c)" + number + "\"}";
  };
  expect_linear("/v1/responses", R"({"input":)", step);
}

TEST_F(Scale, OllamaTurns) {
  for (const std::string_view shape : {"ua", "uasu"}) {
    expect_linear("/api/chat", R"({"messages":)", roles(shape));
  }
  // Results that name another tool than any of the calls.
  const auto call = [](std::size_t index) {
    return R"({"function":{"name":"n)" + std::to_string(index) + R"(","arguments":{}}})";
  };
  const auto result = [](std::size_t index) {
    return R"({"role":"tool","tool_name":"other","content":"number )" + std::to_string(index) +
           "\"}";
  };
  const auto both = [&](std::size_t count) {
    return R"({"messages":[{"role":"assistant","tool_calls":)" + list(count, call) + "}," +
           list(count, result).substr(1) + "}";
  };
  expect_linear("/api/chat", both);
}

TEST_F(Scale, PartsToolsAndFields) {
  const auto part = [](std::size_t index) {
    return R"({"type":"text","text":"number )" + std::to_string(index) + "\"}";
  };
  expect_linear("/v1/chat/completions", R"({"messages":[{"role":"user","content":)", part, "}]}");
  const auto tool = [](std::size_t index) {
    return R"({"type":"function","function":{"name":"n)" + std::to_string(index) + "\"}}";
  };
  const std::string user = R"("messages":[{"role":"user","content":"number 1"}])";
  expect_linear("/v1/chat/completions", "{" + user + R"(,"tools":)", tool);
  const auto fields = [&user](std::size_t count) {
    std::string body = "{" + user;
    for (std::size_t i = 0; i < count; ++i) body += ",\"field" + std::to_string(i) + "\":0";
    return body + "}";
  };
  expect_linear("/v1/chat/completions", fields);
}

// Most of the history stays behind, and what is recalled stands in what goes.
class ScaleOfCuts : public Scale {
 protected:
  ScaleOfCuts() : Scale(4000) {}
};

TEST_F(ScaleOfCuts, HistoriesLongerThanTheWindow) {
  for (const std::string_view shape : {"ua", "uttta"}) {
    const auto body = [&](std::size_t count) {
      std::string text = "{\"messages\":" + list(count, roles(shape));
      text.pop_back();
      return text + "," + message("user", count) + "]}";
    };
    expect_linear("/v1/chat/completions", body);
  }
}

}  // namespace
}  // namespace keep::test
