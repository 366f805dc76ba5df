#include "plugins/media/media_parts.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace keep::media {
namespace {

using openai::Surface;

const std::vector<std::string> kNone, kVision{"vision"};

std::string replaced(const std::string& json, Surface surface = Surface::kChat,
                     const std::vector<std::string>& modalities = kNone) {
  const auto message = surface == Surface::kResponses
                           ? openai::read_response_item(json::Value(json), "input")
                           : openai::read_chat_message(json::Value(json), "messages");
  if (!message) return message.error().detail;
  const auto result = without_unreadable(*message, surface, Senses(modalities));
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
  EXPECT_EQ(replaced(message + R"({"type":"text","text":"x"}]})", Surface::kChat, kVision),
            "as it was");
  EXPECT_EQ(replaced(message + R"({"type":"video_url","video_url":{}}]})", Surface::kChat, kVision),
            message + R"({"type":"text","text":"[video omitted: this model does not read it]"}]})");
}

TEST(WithoutUnreadable, ItemsOfTheResponsesApiHaveTheirOwnTypes) {
  EXPECT_EQ(replaced(R"({"role":"user","content":[{"type":"input_image","image_url":"data:,x"}]})",
                     Surface::kResponses),
            R"({"role":"user","content":[{"type":"input_text",)"
            R"("text":"[image omitted: this model reads text only]"}]})");
  EXPECT_EQ(replaced(R"({"type":"function_call_output","call_id":"c",)"
                     R"("output":[{"type":"input_file","file_id":"f"}]})",
                     Surface::kResponses),
            R"({"type":"function_call_output","call_id":"c","output":[{"type":"input_text",)"
            R"("text":"[file omitted: this model reads text only]"}]})");
  EXPECT_EQ(
      replaced(R"({"role":"assistant","content":[{"type":"input_image"}]})", Surface::kResponses),
      R"({"role":"assistant","content":[{"type":"output_text",)"
      R"("text":"[image omitted: this model reads text only]"}]})");
}

}  // namespace
}  // namespace keep::media
