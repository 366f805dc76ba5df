#include "plugins/hygiene/prompt_memory.hpp"

#include "base/hash.hpp"

#include <gtest/gtest.h>

#include <string>

namespace keep::hygiene {
namespace {

Prompt prompt_of(std::uint64_t agent, const Texts& texts) {
  Prompt prompt;
  prompt.agent = agent;
  for (const std::string& text : texts) {
    PromptPart part;
    part.raw_hash = part.text_hash = hash64(text);
    part.bytes = static_cast<std::uint32_t>(text.size());
    prompt.parts.push_back(part);
  }
  return prompt;
}

TEST(PromptMemory, FindsByAgentThenByOpening) {
  PromptMemory memory(1 << 20);
  memory.put(1, 0, prompt_of(10, {"a"}), {"a"});
  memory.put(1, 0, prompt_of(20, {"b"}), {"b"});
  EXPECT_EQ(memory.find(1, 10, nullptr)->agent, 10U);
  EXPECT_EQ(memory.find(1, 30, nullptr), nullptr);
  const Prompt other = prompt_of(30, {"b", "c"});
  EXPECT_EQ(memory.find(1, 30, other.opening())->agent, 20U);
  EXPECT_EQ(memory.find(2, 10, nullptr), nullptr);
}

TEST(PromptMemory, TakesTheTextsItHas) {
  PromptMemory memory(1 << 20);
  memory.put(1, 0, prompt_of(10, {"a", "b"}), {"a", "b"});
  memory.put(1, 10, prompt_of(10, {"a", "b", "c"}), {"", "", "c"});
  const Prompt& prompt = *memory.find(1, 10, nullptr);
  ASSERT_NE(memory.texts(1, prompt), nullptr);
  EXPECT_EQ(*memory.texts(1, prompt), (Texts{"a", "b", "c"}));
}

TEST(PromptMemory, TextsStayAsTheyAreForWhoHoldsThem) {
  PromptMemory memory(1 << 20);
  memory.put(1, 0, prompt_of(10, {"a", "b"}), {"a", "b"});
  const auto held = memory.texts(1, *memory.find(1, 10, nullptr));
  memory.put(1, 10, prompt_of(10, {"a", "b", "c"}), {"", "", "c"});
  EXPECT_EQ(*held, (Texts{"a", "b"}));
  const auto bytes = memory.text_bytes();
  EXPECT_EQ(*memory.texts(1, *memory.find(1, 10, nullptr)), (Texts{"a", "b", "c"}));
  memory.put(1, 10, prompt_of(10, {"a", "b", "c"}), {"", "", ""});
  EXPECT_EQ(memory.text_bytes(), bytes) << "what nobody holds is taken over";
}

TEST(PromptMemory, KeepsNoTextsRatherThanWrongOnes) {
  PromptMemory memory(1 << 20);
  memory.put(1, 0, prompt_of(10, {"a", "x"}), {"a", "x"});
  memory.put(1, 10, prompt_of(10, {"a", "b", "c"}), {"", "", "c"});
  EXPECT_EQ(memory.texts(1, *memory.find(1, 10, nullptr)), nullptr);
  EXPECT_EQ(memory.text_bytes(), 0U);
}

TEST(PromptMemory, ReplacesAnAgentByAnother) {
  PromptMemory memory(1 << 20);
  memory.put(1, 0, prompt_of(10, {"a"}), {"a"});
  memory.put(1, 10, prompt_of(11, {"a"}), {"a"});
  EXPECT_EQ(memory.find(1, 10, nullptr), nullptr);
  EXPECT_NE(memory.find(1, 11, nullptr), nullptr);
}

TEST(PromptMemory, RemembersFourAgents) {
  PromptMemory memory(1 << 20);
  for (std::uint64_t agent = 1; agent <= 5; ++agent) {
    memory.put(1, 0, prompt_of(agent, {"a"}), {"a"});
  }
  EXPECT_EQ(memory.find(1, 1, nullptr), nullptr);
  EXPECT_NE(memory.find(1, 2, nullptr), nullptr);
}

TEST(PromptMemory, GivesUpTextsBeforeHashes) {
  PromptMemory memory(100000);
  const std::string text(10000, 'x');
  for (std::uint64_t i = 0; i < 1000; ++i) memory.put(i, 0, prompt_of(1, {text}), {text});
  EXPECT_LE(memory.text_bytes(), 100000U);
  const Prompt* const oldest = memory.find(0, 1, nullptr);
  ASSERT_NE(oldest, nullptr);
  EXPECT_EQ(memory.texts(0, *oldest), nullptr);
  EXPECT_NE(memory.texts(999, *memory.find(999, 1, nullptr)), nullptr);
}

TEST(PromptMemory, WhatIsForgottenTakesNoRoom) {
  PromptMemory memory(1 << 20);
  memory.put(1, 0, prompt_of(10, {"a"}), {"a"});
  memory.put(1, 0, prompt_of(20, {"b"}), {"b"});
  memory.forget(1);
  memory.forget(2);  // never known
  EXPECT_EQ(memory.find(1, 10, nullptr), nullptr);
  EXPECT_EQ(memory.find(1, 20, nullptr), nullptr);
  EXPECT_EQ(memory.text_bytes(), 0U);
  EXPECT_EQ(memory.hash_bytes(), 0U);
}

TEST(PromptMemory, IsBounded) {
  PromptMemory memory(1 << 20);
  const Texts texts(1000, "x");
  const Prompt prompt = prompt_of(1, texts);
  for (std::uint64_t i = 0; i < 1000; ++i) memory.put(i, 0, prompt, texts);
  EXPECT_LE(memory.hash_bytes(), PromptMemory::kMaxHashBytes);
  EXPECT_LE(memory.text_bytes(), std::size_t{1} << 20);
  EXPECT_EQ(memory.find(0, 1, nullptr), nullptr);
}

TEST(PromptMemory, KeepsNoTextsWhenToldSo) {
  PromptMemory memory(0);
  memory.put(1, 0, prompt_of(10, {"a"}), {"a"});
  EXPECT_EQ(memory.texts(1, *memory.find(1, 10, nullptr)), nullptr);
  EXPECT_EQ(memory.text_bytes(), 0U);
}

}  // namespace
}  // namespace keep::hygiene
