// What the tests of stored conversations share: files, and messages to store.
#pragma once

#include "plugins/history/log/conversation_log.hpp"
#include "tests/support/faulty_file_system.hpp"
#include "tests/support/temp_folder.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <fstream>
#include <iterator>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace keep::history::test {

using keep::test::FaultyFileSystem;
using keep::test::TempFolder;
using Operation = FaultyFileSystem::Operation;

inline std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

inline void write_file(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary)
      .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

// Small, so that a few messages make several blocks and a dictionary.
inline LogSettings small_settings() {
  LogSettings settings;
  settings.block_bytes = 600;
  settings.dictionary_after = 6000;
  settings.dictionary_bytes = 1024;
  return settings;
}

inline ConversationName a_name() { return {"tenant", "talk"}; }

// The same number gives the same message.
inline std::string json_of(std::size_t number) {
  static constexpr const char* kWords[] = {
      "harbour", "\\u00e9t\\u00e9", "Größe", "\\\"quoted\\\"", "日本語", "\\\\", "train",
      "🚂",       "window",          "\\n",   "seven",          "morning"};
  std::mt19937_64 random(number);
  std::string json = "{\"role\":\"user\",\"content\":\"" + std::to_string(number);
  for (std::size_t words = 1 + random() % 20; words > 0; --words) {
    json += ' ';
    json += kWords[random() % std::size(kWords)];
  }
  return json + "\"}";
}

inline NewMessage message_of(std::size_t number, Position parent) {
  NewMessage message;
  message.role = number % 2 == 0 ? Role::kUser : Role::kAssistant;
  message.parent = parent;
  message.hash = number * 0x9e3779b97f4a7c15ULL + 1;
  message.tokens = static_cast<std::uint32_t>(10 + number % 7);
  message.time = 1'700'000'000 + static_cast<std::int64_t>(number);
  message.json = json_of(number);
  return message;
}

inline NewMessage chained(std::size_t number) {
  return message_of(number, static_cast<Position>(number) - 1);
}

inline std::unique_ptr<ConversationLog> open_log(FileSystem& files, const std::string& stem,
                                                 const LogSettings& settings = small_settings()) {
  auto log = ConversationLog::open(files, stem, a_name(), settings);
  if (!log) throw std::runtime_error(log.error().detail);
  return *std::move(log);
}

// Appends the messages [size, until), one by one.
inline void fill(ConversationLog& log, std::size_t until) {
  while (log.size() < until) {
    const std::vector<NewMessage> one{chained(log.size())};
    if (!log.append(one)) throw std::runtime_error("append");
  }
}

// Every message from `from` on is what fill() stored there.
inline void expect_filled(const ConversationLog& log, std::size_t until, std::size_t from = 0) {
  ASSERT_GE(log.size(), until);
  for (std::size_t i = from; i < until; ++i) {
    const auto position = static_cast<Position>(i);
    const auto json = log.json(position);
    ASSERT_TRUE(json) << i << ": " << json.error().detail;
    ASSERT_EQ(*json, json_of(i));
    const MessageInfo info = log.info(position);
    const NewMessage wanted = chained(i);
    ASSERT_EQ(info.parent, wanted.parent);
    ASSERT_EQ(info.role, wanted.role);
    ASSERT_EQ(info.tokens, wanted.tokens);
    ASSERT_EQ(info.hash, wanted.hash);
    ASSERT_EQ(info.time, wanted.time);
    ASSERT_EQ(info.turn, i / 2 + 1);
  }
}

}  // namespace keep::history::test
