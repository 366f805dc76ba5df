#include "openai/edit/body_edit.hpp"

#include <gtest/gtest.h>

#include <random>

namespace keep::openai {
namespace {

std::string apply(const std::string& body, const BodyEdits& edits,
                  Surface surface = Surface::kChat) {
  const ChatRequest request = parse_chat_request(body, surface).value();
  const auto result = apply_edits(body, request, edits);
  if (!result) return std::string(to_string(result.error().fault)) + ": " + result.error().detail;
  EXPECT_TRUE(json::validate(*result)) << *result;
  return *result;
}

// A chat body whose messages are named by one letter each.
std::string chat(std::string_view names) {
  std::string out = R"({"messages":[)";
  for (const char name : names) {
    if (out.back() != '[') out += ", ";
    out += R"({"role":"user","content":")" + std::string(1, name) + "\"}";
  }
  return out + "]}";
}

std::string message(std::string_view text) {
  return R"({"role":"system","content":")" + std::string(text) + "\"}";
}

std::string names_of(const std::string& body) {
  std::string out;
  for (const json::Value value : json::Value(body).find("messages").elements()) {
    out += content_text(value.find("content"));
  }
  return out;
}

TEST(ApplyEdits, WithoutEditsGivesTheSameBytes) {
  const std::string body =
      " {\n\t\"seed\" : 12345678901234567890, \"t\":1.0, \"u\":1e5,\r\n \"messages\":[ {\"role\":"
      "\"user\",\"content\":\"\\u00e9\\/\"} ] , \"z\": {\"a\" : [ ]}\n} \n";
  EXPECT_EQ(apply(body, {}), body);
}

TEST(ApplyEdits, KeepsEveryOtherByte) {
  const std::string before = " { \"seed\" : 12345678901234567890 , \"t\":1.0,\"stream\": ";
  const std::string after =
      " ,\"u\": 1e5, \"messages\":[{\"role\":\"user\",\"content\":\"\\u00e9\"} ], \"a\":null }\n";
  EXPECT_EQ(apply(before + "false" + after, {SetField{"stream", "true"}}), before + "true" + after);
}

TEST(ApplyEdits, SetsFields) {
  const std::string body = R"({"messages":[{"role":"user"}],"n":1})";
  EXPECT_EQ(apply(body, {SetField{"id_slot", "3"}}),
            R"({"messages":[{"role":"user"}],"n":1,"id_slot":3})");
  EXPECT_EQ(apply(body, {SetField{"n", "2"}, SetField{"a\"b", "{}"}, SetField{"n", "3"}}),
            R"({"messages":[{"role":"user"}],"n":3,"a\"b":{}})");
  EXPECT_EQ(apply(body, {SetField{"messages", "[]"}}), R"({"messages":[],"n":1})");
}

TEST(ApplyEdits, SetsFieldsWhoseKeyIsEscaped) {
  EXPECT_EQ(apply(R"({"prompt":"x","str\u0065am":false})", {SetField{"stream", "true"}},
                  Surface::kCompletion),
            R"({"prompt":"x","str\u0065am":true})");
}

TEST(ApplyEdits, AddsToAnEmptyObject) {
  const std::string body = "{ }";
  ChatRequest request;
  request.root = json::Value(body);
  EXPECT_EQ(apply_edits(body, request, {SetField{"a", "1"}, SetField{"b", "2"}}).value(),
            R"({ "a":1,"b":2})");
}

TEST(EditedPieces, CopiesNothing) {
  const std::string body = chat("abc");
  const auto request = parse_chat_request(body, Surface::kChat);
  const BodyEdits first{ReplaceMessage{1, message("x")}}, then{SetField{"n", "2"}};
  const auto pieces = edited_pieces(body, *request, first, then);
  ASSERT_TRUE(pieces);
  std::string out;
  pieces->append_to(out);
  EXPECT_EQ(out.size(), pieces->bytes());
  EXPECT_EQ(names_of(out), "axc");
  EXPECT_TRUE(out.ends_with(R"(,"n":2})"));
  // Up to the message, the message, the rest, then the field.
  EXPECT_EQ(pieces->views()[0].data(), body.data());
  EXPECT_EQ(pieces->views()[1].data(), std::get<ReplaceMessage>(first[0]).json.data());
}

TEST(EditedPieces, TakesTheLaterEditOfBothLists) {
  const std::string body = R"({"prompt":"x","a":1})";
  const auto request = parse_chat_request(body, Surface::kCompletion);
  const BodyEdits first{SetField{"a", "2"}}, then{SetField{"a", "3"}};
  std::string out;
  edited_pieces(body, *request, first, then)->append_to(out);
  EXPECT_EQ(out, R"({"prompt":"x","a":3})");
}

TEST(ApplyEdits, RemovesFields) {
  const std::string body = R"({"a":1, "prompt":"x", "b":2})";
  const auto without = [&](const BodyEdits& edits) {
    return apply(body, edits, Surface::kCompletion);
  };
  EXPECT_EQ(without({RemoveField{"a"}}), R"({"prompt":"x", "b":2})");
  EXPECT_EQ(without({RemoveField{"b"}}), R"({"a":1, "prompt":"x"})");
  EXPECT_EQ(without({RemoveField{"c"}}), body);
  EXPECT_EQ(without({RemoveField{"a"}, RemoveField{"prompt"}, RemoveField{"b"}}), "{}");
  EXPECT_EQ(
      without({RemoveField{"a"}, RemoveField{"prompt"}, RemoveField{"b"}, SetField{"d", "4"}}),
      R"({"d":4})");
}

TEST(ApplyEdits, LetsTheLaterEditOfAFieldWin) {
  const std::string body = R"({"prompt":"x","a":1})";
  EXPECT_EQ(apply(body, {RemoveField{"a"}, SetField{"a", "2"}}, Surface::kCompletion),
            R"({"prompt":"x","a":2})");
  EXPECT_EQ(apply(body, {SetField{"a", "2"}, RemoveField{"a"}}, Surface::kCompletion),
            R"({"prompt":"x"})");
}

TEST(ApplyEdits, EditsEveryMemberOfAKeyThatAppearsTwice) {
  const std::string body = R"({"seed":1,"prompt":"x","seed":2})";
  EXPECT_EQ(apply(body, {SetField{"seed", "3"}}, Surface::kCompletion),
            R"({"seed":3,"prompt":"x"})");
  EXPECT_EQ(apply(body, {RemoveField{"seed"}}, Surface::kCompletion), R"({"prompt":"x"})");
}

TEST(ApplyEdits, ReplacesAndRemovesMessages) {
  const std::string body = chat("abc");
  EXPECT_EQ(names_of(apply(body, {ReplaceMessage{0, message("x")}})), "xbc");
  EXPECT_EQ(names_of(apply(body, {ReplaceMessage{2, message("x")}})), "abx");
  EXPECT_EQ(apply(body, {RemoveMessage{0}}), chat("bc"));
  EXPECT_EQ(apply(body, {RemoveMessage{1}}), chat("ac"));
  EXPECT_EQ(apply(body, {RemoveMessage{2}}), chat("ab"));
  EXPECT_EQ(apply(body, {RemoveMessage{1}, RemoveMessage{0}, RemoveMessage{2}}),
            R"({"messages":[]})");
}

TEST(ApplyEdits, InsertsMessages) {
  const std::string body = chat("abc");
  const auto insert = [&](std::size_t index) {
    return names_of(apply(body, {InsertMessage{index, message("x")}}));
  };
  EXPECT_EQ(insert(0), "xabc");
  EXPECT_EQ(insert(1), "axbc");
  EXPECT_EQ(insert(3), "abcx");
}

TEST(ApplyEdits, AppliesSeveralEditsAtOneIndexInOrder) {
  const std::string body = chat("abc");
  EXPECT_EQ(names_of(apply(body, {InsertMessage{1, message("x")}, InsertMessage{1, message("y")},
                                  InsertMessage{0, message("z")}})),
            "zaxybc");
  EXPECT_EQ(names_of(apply(body, {ReplaceMessage{1, message("x")}, RemoveMessage{1},
                                  ReplaceMessage{1, message("y")}})),
            "ayc");
  EXPECT_EQ(names_of(apply(body, {InsertMessage{1, message("x")}, RemoveMessage{1}})), "axc");
  EXPECT_EQ(names_of(apply(body, {RemoveMessage{0}, InsertMessage{0, message("x")}})), "xbc");
  EXPECT_EQ(names_of(apply(chat("a"), {RemoveMessage{0}, InsertMessage{1, message("x")}})), "x");
}

TEST(ApplyEdits, EditsFieldsAndMessagesTogether) {
  const std::string body = R"({"a":1,"messages":[ {"role":"user"} ],"b":2})";
  EXPECT_EQ(apply(body, {SetField{"b", "3"}, InsertMessage{1, "{\"role\":\"x\"}"}, RemoveField{"a"},
                         SetField{"c", "4"}}),
            R"({"messages":[ {"role":"user"},{"role":"x"} ],"b":3,"c":4})");
}

TEST(ApplyEdits, RefusesWhatCannotBeMeant) {
  EXPECT_EQ(apply(chat("a"), {RemoveMessage{1}}), "internal: an edit of a message past the end");
  EXPECT_EQ(apply(chat("a"), {InsertMessage{2, "{}"}}),
            "internal: an edit of a message past the end");
  EXPECT_EQ(apply(R"({"prompt":"x"})", {InsertMessage{0, "{}"}}, Surface::kCompletion),
            "internal: an edit of messages in a bare prompt");
  EXPECT_EQ(apply(chat("a"), {RemoveMessage{0}, SetField{"messages", "[]"}}),
            "internal: an edit of messages whose list is set as a field");
}

TEST(ApplyEdits, LeavesRoomForTheNextParse) {
  const std::string body = chat("abc");
  const ChatRequest request = parse_chat_request(body, Surface::kChat).value();
  const auto out =
      apply_edits(body, request, {SetField{"\x01\x02", "1"}, InsertMessage{0, message("x")}});
  EXPECT_GE(out->capacity() - out->size(), 64U);
}

class RandomBodies {
 public:
  explicit RandomBodies(unsigned seed) : random_(seed) {}

  std::size_t pick(std::size_t count) { return random_() % count; }
  std::string space() { return std::string(pick(3), " \n\t"[pick(3)]); }
  std::string value() {
    static const std::vector<std::string> kValues = {
        "1.0", "1e5", "12345678901234567890", "\"\\u00e9,]}\"", "null", "[ ]", "{\"a\":[1 ,2]}"};
    return kValues[pick(kValues.size())];
  }
  std::string field(const std::string& key, const std::string& json) {
    return space() + '"' + key + '"' + space() + ':' + space() + json + space();
  }
  std::string body(std::size_t messages) {
    std::string list;
    for (std::size_t i = 0; i < messages; ++i) {
      list += (i == 0 ? "" : ",") + space() + "{" + field("role", "\"user\"") + "," +
              field("content", "\"" + std::to_string(i) + "\"") + "}" + space();
    }
    std::string out = space() + "{";
    const std::size_t before = pick(3), after = pick(3);
    for (std::size_t i = 0; i < before; ++i) out += field("b" + std::to_string(i), value()) + ",";
    out += field("messages", "[" + list + "]");
    for (std::size_t i = 0; i < after; ++i) {
      out += "," + field("c" + std::to_string(i), value());
    }
    return out + "}" + space();
  }

 private:
  std::mt19937 random_;
};

// What the edits mean, done on a list of texts.
std::vector<std::string> expected(std::vector<std::string> list, const BodyEdits& edits) {
  const std::size_t count = list.size();
  std::vector<std::vector<std::string>> inserts(count + 1);
  std::vector<bool> removed(count, false);
  for (const BodyEdit& edit : edits) {
    if (const auto* insert = std::get_if<InsertMessage>(&edit)) {
      inserts[insert->index].push_back(insert->json);
    } else if (const auto* remove = std::get_if<RemoveMessage>(&edit)) {
      removed[remove->index] = true;
    } else if (const auto* replace = std::get_if<ReplaceMessage>(&edit)) {
      removed[replace->index] = false;
      list[replace->index] = replace->json;
    }
  }
  std::vector<std::string> out;
  for (std::size_t i = 0; i <= count; ++i) {
    out.insert(out.end(), inserts[i].begin(), inserts[i].end());
    if (i < count && !removed[i]) out.push_back(list[i]);
  }
  return out;
}

TEST(ApplyEdits, DoesWhatItSaysOnRandomBodies) {
  RandomBodies make(3);
  for (int round = 0; round < 5000; ++round) {
    const std::size_t count = 1 + make.pick(4);
    const std::string body = make.body(count);
    const ChatRequest request = parse_chat_request(body, Surface::kChat).value();
    ASSERT_EQ(apply_edits(body, request, {}).value(), body);
    BodyEdits edits;
    for (std::size_t i = make.pick(6); i > 0; --i) {
      const std::string json = "{\"role\":\"" + std::to_string(round) + "\"}";
      switch (make.pick(5)) {
        case 0: edits.push_back(RemoveMessage{make.pick(count)}); break;
        case 1: edits.push_back(ReplaceMessage{make.pick(count), json}); break;
        case 2: edits.push_back(InsertMessage{make.pick(count + 1), json}); break;
        case 3: edits.push_back(RemoveField{"b0"}); break;
        default: edits.push_back(SetField{"c1", make.value()});
      }
    }
    const auto out = apply_edits(body, request, edits);
    ASSERT_TRUE(json::validate(out.value())) << body << "\n" << out.value();
    std::vector<std::string> before, after;
    for (const Message& item : request.messages) before.emplace_back(item.raw.raw());
    for (const json::Value item : json::Value(*out).find("messages").elements()) {
      after.emplace_back(item.raw());
    }
    ASSERT_EQ(after, expected(before, edits)) << body;
  }
}

}  // namespace
}  // namespace keep::openai
