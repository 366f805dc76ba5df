#include "openai/dialects/dialects.hpp"
#include "openai/event/upstream_error.hpp"
#include "openai/responses/request_echo.hpp"
#include "openai/responses/responses.hpp"
#include "tests/unit/proxy/openai/replay.hpp"

namespace keep::openai {
namespace {

EncoderOptions options_of(bool stream, const std::string& request) {
  EncoderOptions options;
  options.dialect = &dialects::responses();
  options.stream = stream;
  options.model = "demo";
  options.id = "req-1";
  options.echo =
      std::make_shared<const responses::RequestEcho>(responses::read_echo(json::Value(request)));
  return options;
}

// The recorded answers of a chat, and what a client of the Responses API is to get for each. What
// the official clients make of it is tested with them (tests/integration).
struct Case {
  const char* name;
  const char* request;
};
constexpr Case kCases[] = {
    {"plain", R"({"input":"Weather?","max_output_tokens":5})"},
    {"reasoning", R"({"input":"Weather?"})"},
    {"tool", R"({"input":"x","tools":[{"type":"function","name":"now","parameters":{}}]})"},
    {"two_tools", R"({"input":"x","tools":[{"type":"custom","name":"now"}]})"},
};

class ResponsesGolden : public testing::TestWithParam<Case> {};

TEST_P(ResponsesGolden, IsWhatTheContractSays) {
  const std::string request = GetParam().request, name = GetParam().name;
  const std::string chat = golden("chat_" + name + ".sse");
  const Replayed stream = replay(chat, options_of(true, request));
  ASSERT_TRUE(stream.finished) << stream.finished.error().detail;
  EXPECT_EQ(stream.text(), golden("responses_" + name + ".sse"));
  const Replayed whole = replay(chat, options_of(false, request));
  ASSERT_TRUE(whole.finished) << whole.finished.error().detail;
  EXPECT_EQ(whole.text() + '\n', golden("responses_" + name + ".json"));
}

INSTANTIATE_TEST_SUITE_P(Recorded, ResponsesGolden, testing::ValuesIn(kCases),
                         [](const auto& test) { return std::string(test.param.name); });

struct Event {
  std::string name, data;
  json::Value find(std::string_view key) const { return json::Value(data).find(key); }
};

std::vector<Event> parse(const std::string& stream) {
  std::vector<Event> all;
  SseParser parser;
  EXPECT_TRUE(parser.feed(stream));
  SseEvent event;
  while (parser.next(event)) {
    if (event.data.empty()) continue;
    all.push_back(Event{std::string(event.name), std::string(event.data)});
    EXPECT_TRUE(json::validate(all.back().data)) << all.back().data;
    EXPECT_EQ(all.back().find("type").string(), event.name);
    EXPECT_EQ(all.back().find("sequence_number").integer(),
              static_cast<std::int64_t>(all.size()) - 1);
  }
  EXPECT_EQ(parser.rest(), "");
  return all;
}

std::string chunk(const std::string& delta, const std::string& finish = "null") {
  return R"({"id":"chatcmpl-1","created":7,"model":"m","choices":[{"index":0,"delta":)" + delta +
         R"(,"finish_reason":)" + finish + "}]}";
}

TEST(ResponsesEncoder, EveryItemIsOpenedGrownAndClosed) {
  for (const Case& one : kCases) {
    const auto all = parse(
        replay(golden(std::string("chat_") + one.name + ".sse"), options_of(true, one.request))
            .text());
    ASSERT_GE(all.size(), 4U);
    EXPECT_EQ(all[0].name, "response.created");
    EXPECT_EQ(all[1].name, "response.in_progress");
    std::string open, text;
    std::vector<std::string> items;
    for (const Event& event : all) {
      const std::string id = event.find("item_id").string().value_or("");
      if (event.name == "response.output_item.added") {
        EXPECT_EQ(open, "");
        open = event.find("item").find("id").string().value();
        text.clear();
      } else if (!id.empty()) {
        EXPECT_EQ(id, open) << event.name;
      }
      if (event.name.ends_with(".delta")) text += event.find("delta").string().value();
      for (const char* whole : {"text", "arguments", "input"}) {
        const auto said = event.find(whole).string();
        if (event.name.ends_with(".done") && said) {
          EXPECT_EQ(*said, text);
        }
      }
      if (event.name != "response.output_item.done") continue;
      EXPECT_EQ(event.find("output_index").integer(), static_cast<std::int64_t>(items.size()));
      EXPECT_EQ(event.find("item").find("id").string(), open);
      items.push_back(std::string(event.find("item").raw()));
      open.clear();
    }
    EXPECT_EQ(open, "");
    std::size_t count = 0;
    for (const json::Value item : all.back().find("response").find("output").elements()) {
      EXPECT_EQ(item.raw(), items.at(count++));
    }
    EXPECT_EQ(count, items.size());
  }
}

TEST(ResponsesEncoder, AnAnswerThatWasCutIsIncomplete) {
  const std::string chat =
      events({chunk(R"({"content":"a"})"), chunk("{}", R"("length")"), "[DONE]"});
  const auto all = parse(replay(chat, options_of(true, "{}")).text());
  EXPECT_EQ(all.back().name, "response.incomplete");
  const json::Value response = all.back().find("response");
  EXPECT_EQ(response.find("status").string(), "incomplete");
  EXPECT_EQ(response.find("incomplete_details").find("reason").string(), "max_output_tokens");
  EXPECT_EQ((*response.find("output").elements().begin()).find("status").string(), "incomplete");
}

TEST(ResponsesEncoder, CallsComeBackAsTheClientKnowsThem) {
  const std::string request =
      R"({"tools":[{"type":"namespace","name":"ns","tools":[{"type":"function","name":"f"}]},)"
      R"({"type":"custom","name":"patch"},{"type":"local_shell"}]})";
  const auto call = [](int index, const char* name, const char* arguments) {
    return chunk(R"({"tool_calls":[{"index":)" + std::to_string(index) + R"(,"id":"c)" +
                 std::to_string(index) + R"(","function":{"name":")" + name + R"(","arguments":")" +
                 arguments + R"("}}]})");
  };
  const std::string chat =
      events({call(0, "ns__f", "{}"), call(1, "patch", R"({\"input\":\"a\\nb\"})"),
              call(2, "local_shell", R"({\"command\":[\"ls\"]})"), chunk("{}", R"("tool_calls")"),
              "[DONE]"});
  const Replayed whole = replay(chat, options_of(false, request));
  ASSERT_TRUE(whole.finished);
  const json::Value output = json::Value(whole.pieces.back()).find("output");
  EXPECT_EQ(
      output.raw(),
      R"([{"id":"fc_1_0","type":"function_call","status":"completed","call_id":"c0","name":"f",)"
      R"("namespace":"ns","arguments":"{}"},)"
      R"({"id":"ctc_1_1","type":"custom_tool_call","status":"completed","call_id":"c1",)"
      R"("name":"patch","input":"a\nb"},)"
      R"({"id":"lsh_1_2","type":"local_shell_call","status":"completed","call_id":"c2",)"
      R"("action":{"type":"exec","command":["ls"],"env":{}}}])");
  parse(replay(chat, options_of(true, request)).text());
}

TEST(ResponsesEncoder, ErrorsAreToldAndEndTheStream) {
  const std::string request = "{}";  // the encoder reads it until the end
  auto encoder = make_encoder(options_of(true, request));
  std::string text = replay(events({chunk(R"({"content":"a"})")}), *encoder).text();
  encoder->on_error(Error(Fault::kTimeout, Side::kUpstream, "too \"slow\""), text);
  const auto all = parse(text);
  ASSERT_GE(all.size(), 2U);
  EXPECT_EQ(all[all.size() - 2].name, "error");
  EXPECT_EQ(all[all.size() - 2].find("error").find("message").string(), "too \"slow\"");
  EXPECT_EQ(all.back().name, "response.failed");
  EXPECT_EQ(all.back().find("response").find("error").find("message").string(), "too \"slow\"");
}

TEST(ResponsesEncoder, AnErrorBeforeTheAnswerIsAWholeStream) {
  const std::string request = "{}";
  std::string text;
  make_encoder(options_of(true, request))
      ->on_error(Error(Fault::kOverload, Side::kInternal, "busy"), text);
  const auto all = parse(text);
  ASSERT_EQ(all.size(), 4U);
  EXPECT_EQ(all[0].name, "response.created");
  EXPECT_EQ(all[1].name, "response.in_progress");
  EXPECT_EQ(all[2].name, "error");
  EXPECT_EQ(all[3].name, "response.failed");
  const auto id = all[0].find("response").find("id").string();
  EXPECT_TRUE(id && id->starts_with("resp_") && id->size() > 5) << id.value_or("none");
  EXPECT_EQ(all[3].find("response").find("id").string(), id);
}

TEST(ResponsesEncoder, UpstreamsErrorIsTheAnswersError) {
  const Replayed stream = replay(golden("chat_error.sse"), options_of(true, "{}"));
  EXPECT_TRUE(stream.finished);
  EXPECT_EQ(parse(stream.text()).back().name, "response.failed");
  const Replayed whole = replay(golden("chat_error.sse"), options_of(false, "{}"));
  ASSERT_FALSE(whole.finished);
  EXPECT_EQ(whole.finished.error().detail, "Context size has been exceeded.");
}

TEST(ResponsesEncoder, AnEndWithoutEndMarkIsAnError) {
  for (const bool stream : {false, true}) {
    EXPECT_FALSE(replay(events({chunk(R"({"content":"a"})")}), options_of(stream, "{}")).finished);
  }
}

}  // namespace
}  // namespace keep::openai
