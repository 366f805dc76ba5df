#include "plugins/identify/table_file.hpp"

#include "tests/support/faulty_file_system.hpp"
#include "tests/support/temp_folder.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <span>
#include <string>
#include <vector>

namespace keep::identify {
namespace {

Fingerprint print_of(std::uint64_t length) {
  Fingerprint print;
  print.tenant = 1;
  print.agent = 2;
  for (std::uint64_t i = 0; i < length; ++i)
    print.links.push_back({100 + i, 200 + i, i % 2 == 1, 300 + i});
  return print;
}

std::vector<ConversationTable::Remembered> all_of(const ConversationTable& table) {
  std::vector<ConversationTable::Remembered> list;
  for (const auto key : table.keys()) list.push_back(table.remembered(key).value());
  return list;
}

TEST(TableFile, ConversationsGoOnAfterARestart) {
  const keep::test::TempFolder folder;
  keep::test::FaultyFileSystem files;
  const std::string path = folder.path + "/table";
  const Instant now = Instant() + std::chrono::hours(1);
  ConversationTable before(10);
  const auto key = before.assign(print_of(1), now).key;
  const std::vector<std::uint64_t> answer{0};
  before.finish(key, print_of(1), answer, now);
  before.note_explicit(77, 0, now);
  ASSERT_TRUE(save_table(files, path, all_of(before)));

  ConversationTable after(10);
  const auto loaded = load_table(files, path);
  ASSERT_TRUE(loaded);
  ASSERT_EQ(loaded->size(), 2U);
  for (const auto& entry : *loaded) after.restore(entry);
  EXPECT_EQ(after.derived(), 1U);
  EXPECT_EQ(after.with_id(), 1U);
  Fingerprint next = print_of(1);
  next.links.push_back({chain_after(next.whole(), answer), 300, true, answer[0]});
  next.links.push_back({400, 401, false, 402});
  EXPECT_EQ(after.find(next), key);
  for (const auto& entry : *loaded) after.restore(entry);
  EXPECT_EQ(after.derived(), 1U);
}

TEST(TableFile, AnEntryComesBackAsItWas) {
  const keep::test::TempFolder folder;
  keep::test::FaultyFileSystem files;
  const std::string path = folder.path + "/table";
  ConversationTable::Remembered entry;
  entry.key = 0xab;
  entry.marks = {1, ~0ULL};
  entry.asked = {2};
  entry.retold = {3, 4};
  entry.turn = {{0, 1, 0xffff}, {0xabc}, 77, true};
  ASSERT_TRUE(save_table(files, path, std::span(&entry, 1)));
  const auto loaded = load_table(files, path);
  ASSERT_EQ(loaded->size(), 1U);
  EXPECT_EQ(loaded->front().marks, entry.marks);
  EXPECT_EQ(loaded->front().asked, entry.asked);
  EXPECT_EQ(loaded->front().retold, entry.retold);
  EXPECT_EQ(loaded->front().turn, entry.turn);
}

TEST(TableFile, WhatCannotBeReadIsPassedOver) {
  const keep::test::TempFolder folder;
  keep::test::FaultyFileSystem files;
  const std::string path = folder.path + "/table";
  EXPECT_TRUE(load_table(files, path)->empty());
  std::ofstream(path) << "llama-keep conversations 1\n{\"key\":\"00000000000000ab\"}\nbroken\n{}\n";
  const auto loaded = load_table(files, path);
  ASSERT_EQ(loaded->size(), 1U);
  EXPECT_EQ(loaded->front().key, 0xabU);
}

TEST(TableFile, TheLossOfPowerLeavesTheOldOneOrTheNewOne) {
  for (const auto luck : keep::test::kLuck) {
    bool lost = true;
    for (std::size_t at = 1; lost; ++at) {
      const keep::test::TempFolder folder;
      const std::string path = folder.path + "/table";
      keep::test::FaultyFileSystem files;
      files.follow_syncs();
      std::vector<ConversationTable::Remembered> entries(20);
      for (std::size_t i = 0; i < entries.size(); ++i) entries[i].key = i + 1;
      ASSERT_TRUE(save_table(files, path, std::span(entries).first(10)));
      files.fail_at(at, true);
      const auto saved = save_table(files, path, entries);
      lost = files.heal();
      files.lose_power(luck);
      const auto loaded = load_table(files, path);
      ASSERT_TRUE(loaded) << loaded.error().detail;
      EXPECT_TRUE(loaded->size() == 20 || (!saved && loaded->size() == 10)) << loaded->size();
    }
  }
}

TEST(TableFile, AFileThatIsNotOursIsSetAside) {
  const keep::test::TempFolder folder;
  keep::test::FaultyFileSystem files;
  const std::string path = folder.path + "/table";
  std::ofstream(path) << "llama-keep conversations 7\n{}\n";
  EXPECT_EQ(load_table(files, path).error().fault, Fault::kStorage);
  EXPECT_TRUE(std::ifstream(path + ".damaged").good());
  EXPECT_TRUE(load_table(files, path)->empty());
}

}  // namespace
}  // namespace keep::identify
