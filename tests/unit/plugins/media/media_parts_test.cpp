#include "plugins/media/media_parts.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace keep::media {
namespace {

const std::vector<std::string> kNone, kVision{"vision"};

std::string replaced(const std::string& json, const std::vector<std::string>& modalities = kNone) {
  const auto message = openai::read_chat_message(json::Value(json), "messages");
  if (!message) return message.error().detail;
  const auto result = without_unreadable(*message, Senses(modalities));
  return result ? result->json : "as it was";
}

TEST(WithoutUnreadable, ATextStandsInForEachPartAndTheRestKeepsItsBytes) {
  EXPECT_EQ(replaced(R"({"role": "user","content":[ {"type":"text","text":"a\u0041"},)"
                     R"({"type":"image_url","image_url":{"url":"data:,x"}},)"
                     R"({"type":"input_audio","input_audio":{"data":"AA","format":"wav"}},)"
                     R"({"type":"file","file":{"file_data":"AA"}}],"name":"n"})"),
            R"({"role": "user","content":[{"type":"text","text":"a\u0041"},)"
            R"({"type":"text","text":"[image omitted: this model reads text only]"},)"
            R"({"type":"text","text":"[audio omitted: this model reads text only]"},)"
            R"({"type":"text","text":"[file omitted: this model reads text only]"}],"name":"n"})");
}

TEST(WithoutUnreadable, TextIsLeftAlone) {
  EXPECT_EQ(replaced(R"({"role":"user","content":"data:image/png;base64,AAAA"})"), "as it was");
  EXPECT_EQ(replaced(R"({"role":"user","content":[{"type":"text","text":"x"}]})"), "as it was");
  EXPECT_EQ(replaced(R"({"role":"user","content":[{"type":"of_tomorrow","x":1}]})"), "as it was");
  EXPECT_EQ(replaced(R"({"role":"user","content":null})"), "as it was");
}

TEST(WithoutUnreadable, WhatTheModelReadsIsLeftAlone) {
  const std::string message =
      R"({"role":"user","content":[{"type":"image_url","image_url":{"url":"data:,x"}},)";
  EXPECT_EQ(replaced(message + R"({"type":"text","text":"x"}]})", kVision), "as it was");
  EXPECT_EQ(replaced(message + R"({"type":"video_url","video_url":{}}]})", kVision),
            message + R"({"type":"text","text":"[video omitted: this model does not read it]"}]})");
}

}  // namespace
}  // namespace keep::media
