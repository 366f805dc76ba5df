#include "openai/anthropic/anthropic.hpp"
#include "openai/dialects/dialects.hpp"
#include "openai/event/upstream_error.hpp"
#include "tests/unit/proxy/openai/replay.hpp"

namespace keep::openai {
namespace {

EncoderOptions messages(bool stream) {
  EncoderOptions options;
  options.dialect = &dialects::messages();
  options.stream = stream;
  options.model = "claude-\"x\"";
  options.id = "req-1";
  return options;
}

struct Event {
  std::string name, data;
};

std::vector<Event> parse(const std::string& stream) {
  std::vector<Event> all;
  SseParser parser;
  EXPECT_TRUE(parser.feed(stream));
  SseEvent event;
  while (parser.next(event)) {
    const std::string data(event.data);
    EXPECT_TRUE(json::validate(data)) << data;
    EXPECT_EQ(json::Value(data).find("type").string(), event.name) << data;
    all.push_back(Event{std::string(event.name), data});
  }
  EXPECT_EQ(parser.rest(), "");
  return all;
}

std::vector<Event> without_pings(std::vector<Event> all) {
  std::erase_if(all, [](const Event& event) { return event.name == "ping"; });
  return all;
}

// Puts the events together as the official clients do, and checks their order.
class Client {
 public:
  explicit Client(const std::string& stream) {
    for (const Event& event : without_pings(parse(stream))) take(event);
    EXPECT_TRUE(stopped_);
    EXPECT_TRUE(open_.empty());
  }

  std::string blocks() const { return blocks_; }
  std::string end() const { return end_; }

 private:
  void take(const Event& event) {
    EXPECT_FALSE(stopped_);
    const json::Value data(event.data);
    EXPECT_EQ(event.name == "message_start", !std::exchange(started_, true));
    if (event.name == "content_block_start") {
      EXPECT_TRUE(open_.empty());
      EXPECT_EQ(data.find("index").integer(), next_++);
      open_ = *data.find("content_block").find("type").string();
      name_ = data.find("content_block").find("name").string().value_or("");
    } else if (event.name == "content_block_delta") {
      const json::Value delta = data.find("delta");
      EXPECT_EQ(data.find("index").integer(), next_ - 1);
      for (const char* const key : {"text", "thinking", "partial_json", "signature"}) {
        text_ += delta.find(key).string().value_or("");
      }
    } else if (event.name == "content_block_stop") {
      blocks_ += open_ + (name_.empty() ? "" : ' ' + name_) + '[' + text_ + ']';
      open_.clear();
      text_.clear();
    } else if (event.name == "message_delta") {
      end_ = event.data;
    } else if (event.name == "message_stop") {
      stopped_ = true;
    }
  }

  bool started_ = false, stopped_ = false;
  std::int64_t next_ = 0;
  std::string open_, name_, text_, blocks_, end_;
};

std::string message_end(std::string_view reason, std::string_view sequence, std::string_view input,
                        std::string_view output) {
  std::string text = R"({"type":"message_delta","delta":{"stop_reason":")";
  text += reason;
  text += R"(","stop_sequence":)";
  text += sequence;
  text += R"(},"usage":{"input_tokens":)";
  text += input;
  text += R"(,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":)";
  text += output;
  return text + "}}";
}

TEST(MessageEncoder, TellsTheModelWhereTheClientNamedNone) {
  for (const bool stream : {false, true}) {
    EncoderOptions options = messages(stream);
    options.model.clear();
    const std::string text = replay(golden("chat_plain.sse"), options).text();
    EXPECT_NE(text.find(R"("model":"demo")"), std::string::npos) << text;
  }
}

TEST(AnthropicStream, Text) {
  const Replayed replayed = replay(golden("chat_plain.sse"), messages(true));
  ASSERT_TRUE(replayed.finished);
  const Client client(replayed.text());
  EXPECT_EQ(client.blocks(), "text[The vault code of the museum is 7341.]");
  EXPECT_EQ(client.end(), message_end("end_turn", "null", "49", "14"));
}

TEST(AnthropicStream, TheFirstEventStartsTheMessage) {
  const Replayed replayed = replay(golden("chat_plain.sse"), messages(true));
  const std::string id =
      golden("chat_plain.sse").substr(golden("chat_plain.sse").find("chatcmpl-") + 9, 32);
  EXPECT_EQ(replayed.pieces.front(),
            "event: message_start\n"
            R"(data: {"type":"message_start","message":{"id":"msg_)" +
                id +
                R"(","type":"message","role":"assistant","model":"claude-\"x\"","content":[],)"
                R"("stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":49,)"
                R"("cache_creation_input_tokens":0,"cache_read_input_tokens":0,)"
                R"("output_tokens":0}}})"
                "\n\n");
}

TEST(AnthropicStream, EveryPieceOfTextIsHandedOnAtOnce) {
  const Replayed replayed = replay(golden("chat_plain.sse"), messages(true));
  std::size_t deltas = 0;
  for (const std::string& piece : replayed.pieces) {
    deltas += piece.find("text_delta") != std::string::npos ? 1 : 0;
  }
  EXPECT_EQ(deltas, 13U);
}

TEST(AnthropicStream, Thinking) {
  const Client client(replay(golden("chat_reasoning.sse"), messages(true)).text());
  EXPECT_EQ(client.blocks(), "thinking[hm \"12\"\n]text[yes \\ 7]");
}

TEST(AnthropicStream, Tools) {
  const Client client(replay(golden("chat_two_tools.sse"), messages(true)).text());
  EXPECT_EQ(client.blocks(), "tool_use now[{}]tool_use now[{ }]");
  const Client one(replay(golden("chat_tool.sse"), messages(true)).text());
  EXPECT_EQ(one.blocks(), "tool_use now[{}]");
  EXPECT_TRUE(one.end().find(R"("stop_reason":"tool_use")") != std::string::npos) << one.end();
}

TEST(AnthropicStream, EmptyAnswer) {
  const Client client(replay(golden("chat_empty.sse"), messages(true)).text());
  EXPECT_EQ(client.blocks(), "");
  EXPECT_EQ(client.end(), message_end("end_turn", "null", "16", "1"));
}

TEST(AnthropicStream, StopSequence) {
  const std::string stream = golden("chat_verbose_stop.sse");
  const Client client(replay(stream, messages(true)).text());
  EXPECT_EQ(client.end(), message_end("stop_sequence", "\" lot\"", "16", "8"));
  EncoderOptions options = messages(true);
  options.stop = json::Value(R"(["x"," lot"])");
  EXPECT_EQ(Client(replay(stream, options).text()).end(), client.end());
  // A stop word of the template is none of the client's.
  options.stop = json::Value(R"(["x"])");
  EXPECT_EQ(Client(replay(stream, options).text()).end(),
            message_end("end_turn", "null", "16", "8"));
}

TEST(AnthropicStream, WithoutUsageChunkTheTimingsTellTheUsage) {
  const Client client(replay(golden("chat_plain.plain.sse"), messages(true)).text());
  EXPECT_EQ(client.end(), message_end("end_turn", "null", "49", "14"));
}

TEST(AnthropicStream, CachedTokensAreCountedApart) {
  const std::string stream = events({
      R"({"choices":[{"index":0,"delta":{"role":"assistant","content":null},)"
      R"("finish_reason":null}],"id":"chatcmpl-1",)"
      R"("prompt_progress":{"total":30,"cache":20,"processed":0}})",
      R"({"choices":[{"index":0,"delta":{},"finish_reason":"length"}]})",
      R"({"choices":[],"usage":{"prompt_tokens":30,"completion_tokens":2,)"
      R"("prompt_tokens_details":{"cached_tokens":21}}})",
      "[DONE]",
  });
  const Replayed replayed = replay(stream, messages(true));
  EXPECT_NE(replayed.pieces[0].find(R"("input_tokens":10,"cache_creation_input_tokens":0,)"
                                    R"("cache_read_input_tokens":20,"output_tokens":0)"),
            std::string::npos);
  EXPECT_NE(replayed.text().find(R"("stop_reason":"max_tokens")"), std::string::npos);
  EXPECT_NE(replayed.text().find(R"("input_tokens":9,"cache_creation_input_tokens":0,)"
                                 R"("cache_read_input_tokens":21,"output_tokens":2)"),
            std::string::npos);
}

TEST(AnthropicStream, ProgressAndCommentsArePings) {
  const std::string stream = ":\n\n" + golden("chat_tool.sse");
  std::size_t pings = 0;
  for (const Event& event : parse(replay(stream, messages(true)).text())) {
    pings += event.name == "ping" ? 1 : 0;
  }
  EXPECT_GE(pings, 2U);
}

TEST(AnthropicStream, AnErrorEventIsTheLastOne) {
  const Replayed replayed = replay(golden("chat_error.sse") + events({"[DONE]"}), messages(true));
  EXPECT_TRUE(replayed.finished);
  EXPECT_TRUE(replayed.text().ends_with(
      "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"api_error\","
      "\"message\":\"Context size has been exceeded.\"}}\n\n"));
}

TEST(AnthropicStream, AnOverflowIsToldInTheWordsThatClientsKnow) {
  const std::string stream = events({R"({"error":{"code":400,"message":"x","n_prompt_tokens":9,)"
                                     R"("n_ctx":5,"type":"exceed_context_size_error"}})"});
  const std::string text = replay(stream, messages(true)).text();
  EXPECT_TRUE(text.starts_with("event: error\n")) << text;
  EXPECT_NE(text.find("prompt is too long: 9 tokens > 5 maximum"), std::string::npos) << text;
}

TEST(AnthropicStream, ACutStreamIsAnError) {
  const std::string stream = golden("chat_plain.sse");
  const std::string cut = stream.substr(0, stream.find(R"({"choices":[{"finish_reason":"stop")"));
  const Replayed replayed = replay(cut.substr(0, cut.rfind("data:")), messages(true));
  ASSERT_FALSE(replayed.finished);
  EXPECT_EQ(replayed.text().find("message_stop"), std::string::npos);
}

TEST(AnthropicStream, OnErrorNeedsNoEarlierCall) {
  std::string out;
  make_encoder(messages(true))->on_error(Error(Fault::kLoading, Side::kUpstream, "soon"), out);
  EXPECT_EQ(out,
            "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\","
            "\"message\":\"soon\"}}\n\n");
}

TEST(AnthropicStream, InterleavedCallsAreAnError) {
  const auto call = [](int index) {
    return R"({"choices":[{"index":0,"delta":{"tool_calls":[{"index":)" + std::to_string(index) +
           R"(,"id":"a","function":{"name":"f","arguments":"{"}}]},"finish_reason":null}]})";
  };
  const Replayed replayed = replay(events({call(0), call(1), call(0)}), messages(true));
  ASSERT_FALSE(replayed.finished);
  EXPECT_EQ(replayed.finished.error().fault, Fault::kProtocol);
}

// --- one JSON

const std::vector<std::string> kMasked = {"id", "usage", "model"};

TEST(AnthropicMessage, IsTheMessageOfTheServer) {
  const Replayed replayed = replay(golden("chat_tool.sse"), messages(false));
  ASSERT_TRUE(replayed.finished);
  EXPECT_EQ(canonical(replayed.text(), kMasked), canonical(golden("messages_tool.json"), kMasked));
}

// llama-server names the stop sequence, but gives end_turn as the reason.
TEST(AnthropicMessage, AStopSequenceIsTheReason) {
  const std::string text = replay(golden("chat_verbose_stop.sse"), messages(false)).text();
  const std::vector<std::string> masked = {"id", "usage", "model", "stop_reason"};
  EXPECT_EQ(canonical(text, masked), canonical(golden("messages_stop.json"), masked));
  EXPECT_EQ(json::Value(text).find("stop_reason").string(), "stop_sequence");
}

TEST(AnthropicMessage, NamesTheModelAsTheClientDid) {
  const Replayed replayed = replay(golden("chat_plain.sse"), messages(false));
  for (std::size_t i = 0; i + 1 < replayed.pieces.size(); ++i) EXPECT_EQ(replayed.pieces[i], "");
  const std::string text = replayed.text();
  EXPECT_EQ(canonical(text, {"id"}),
            canonical(std::string(
                          R"({"id":"","type":"message","role":"assistant","model":"claude-\"x\"",)"
                          R"("content":[{"type":"text",)"
                          R"("text":"The vault code of the museum is 7341."}],)"
                          R"("stop_reason":"end_turn","stop_sequence":null,"usage":)"
                          R"({"input_tokens":49,"cache_creation_input_tokens":0,)"
                          R"("cache_read_input_tokens":0,"output_tokens":14}})"),
                      {"id"}));
  EXPECT_TRUE(json::Value(text).find("id").string()->starts_with("msg_"));
}

TEST(AnthropicMessage, ThinkingAndEmpty) {
  const auto content = [](const char* name) {
    const std::string text = replay(golden(name), messages(false)).text();
    return std::string(json::Value(text).find("content").raw());
  };
  EXPECT_EQ(content("chat_reasoning.sse"),
            R"([{"type":"thinking","thinking":"hm \"12\"\n","signature":""},)"
            R"({"type":"text","text":"yes \\ 7"}])");
  EXPECT_EQ(content("chat_empty.sse"), "[]");
}

TEST(AnthropicMessage, WrongArgumentsBecomeAnEmptyObject) {
  const auto input = [](const std::string& arguments) {
    const std::string stream =
        events({R"({"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"a","function":)"
                R"({"name":"f","arguments":)" +
                    arguments + R"(}}]},"finish_reason":null}]})",
                R"({"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]})", "[DONE]"});
    const std::string text = replay(stream, messages(false)).text();
    std::string found;
    for (const json::Value block : json::Value(text).find("content").elements()) {
      found = block.find("input").raw();
    }
    return found;
  };
  EXPECT_EQ(input(R"("{\"a\": \"\\u00e9\"}")"), R"({"a": "\u00e9"})");
  EXPECT_EQ(input(R"("")"), "{}");
  EXPECT_EQ(input(R"("{\"a\":")"), "{}");
  EXPECT_EQ(input(R"("[1]")"), "{}");
}

TEST(AnthropicMessage, AnErrorEventIsTheError) {
  const Replayed replayed = replay(golden("chat_error.sse"), messages(false));
  ASSERT_FALSE(replayed.finished);
  EXPECT_EQ(replayed.text(), "");
  EXPECT_EQ(replayed.finished.error().detail, "Context size has been exceeded.");
}

TEST(AnthropicMessage, AnEmptyStreamIsAnError) {
  EXPECT_FALSE(replay("", messages(false)).finished);
  EXPECT_FALSE(replay(events({"[DONE]"}), messages(false)).finished);
}

}  // namespace
}  // namespace keep::openai
