#include "plugins/tier/slot_file/slot_file.hpp"

#include "base/os/posix_file_system.hpp"
#include "tests/support/temp_folder.hpp"
#include "tests/unit/plugins/tier/slot_file/fake_slot_file.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace keep::tier {
namespace {

using Server = test::FakeSlotFile;

class SlotFileTest : public ::testing::Test {
 protected:
  std::unique_ptr<File> file_of(const std::string& bytes) {
    auto file = files_.open(folder_.path + "/slot" + std::to_string(++count_), File::Mode::kCreate);
    EXPECT_TRUE(file);
    EXPECT_TRUE((*file)->write_at(0, bytes));
    return std::move(*file);
  }
  std::string refusal(const std::string& bytes) {
    const auto slot = SlotFile::read(*file_of(bytes));
    return slot ? "" : slot.error().detail;
  }
  // Cut at these tokens and put together again.
  std::string rebuilt(const std::string& bytes, const std::vector<std::size_t>& cuts,
                      KvStreams streams) {
    const auto file = file_of(bytes);
    const auto slot = SlotFile::read(*file);
    if (!slot) return slot.error().detail;
    std::vector<std::string> blocks;
    std::vector<KvRows> rows;
    for (std::size_t i = 0; i + 1 < cuts.size(); ++i) {
      blocks.push_back(*slot->rows(*file, cuts[i], cuts[i + 1]));
    }
    for (std::size_t i = 0; i < blocks.size(); ++i)
      rows.push_back({cuts[i + 1] - cuts[i], blocks[i]});
    const auto out = file_of("");
    const std::vector<TokenId> tokens(slot->tokens().begin(),
                                      slot->tokens().begin() + static_cast<long>(cuts.back()));
    EXPECT_TRUE(write_slot_file(*out, slot->layout(), streams, tokens, rows));
    return *out->read_at(0, 1 << 20);
  }

  keep::test::TempFolder folder_;
  PosixFileSystem files_;
  int count_ = 0;
};

// Sequences have another number when it is written here; llama-server does not look at it.
std::string with_sequence_0(Server server) {
  std::string bytes = server.file();
  const std::string seven("\7\0\0\0", 4), zero("\0\0\0\0", 4);
  const std::size_t head = 12 + 4 * (server.tokens.size() + 4) + 4 + 4 * server.used + 4;
  for (std::size_t i = 0; i < server.tokens.size(); ++i) bytes.replace(head + 12 * i + 8, 4, zero);
  return bytes;
}

TEST_F(SlotFileTest, ReadsTokensAndLayout) {
  Server server = Server::with(5);
  server.streams = 4;
  server.used = 2;
  const auto slot = SlotFile::read(*file_of(server.file()));
  ASSERT_TRUE(slot) << slot.error().detail;
  EXPECT_EQ(slot->tokens(), server.tokens);
  EXPECT_EQ(slot->streams().count, 4U);
  EXPECT_EQ(slot->streams().used, 2U);
  EXPECT_EQ(slot->layout().parts.size(), 4U);
  EXPECT_EQ(slot->layout().token_bytes(), 2U * 2 * (3 + 2));
  EXPECT_FALSE(slot->layout().transposed);
}

TEST_F(SlotFileTest, WhatIsCutApartAndPutTogetherIsTheSameFile) {
  for (const bool transposed : {false, true}) {
    for (const std::uint32_t streams : {1U, 4U}) {
      for (const auto& words : {std::vector<std::uint32_t>{}, {0, 0}, {5, 6, 7}}) {
        Server server = Server::with(9);
        server.transposed = transposed;
        server.streams = streams;
        server.used = streams - 1;
        server.words = words;
        const KvStreams same{streams, streams - 1};
        EXPECT_EQ(rebuilt(server.file(), {0, 4, 8, 9}, same), with_sequence_0(server));
        server.used = 0;
        EXPECT_EQ(rebuilt(server.file(), {0, 9}, same).size(), server.file().size());
      }
    }
  }
}

TEST_F(SlotFileTest, ABeginningIsTheFileOfAShorterPrompt) {
  for (const bool transposed : {false, true}) {
    Server server = Server::with(9), shorter = Server::with(6);
    server.transposed = shorter.transposed = transposed;
    EXPECT_EQ(rebuilt(server.file(), {0, 4, 6}, {1, 0}), with_sequence_0(shorter));
  }
}

TEST_F(SlotFileTest, CellsComeInAnyOrder) {
  std::mt19937 random(3);
  for (const bool transposed : {false, true}) {
    Server server = Server::with(9);
    server.transposed = transposed;
    const std::string ordered = with_sequence_0(server);
    std::shuffle(server.positions.begin(), server.positions.end(), random);
    EXPECT_EQ(rebuilt(server.file(), {0, 5, 9}, {1, 0}), ordered);
  }
}

TEST_F(SlotFileTest, ReadsListsOfTokensThatAreNotPacked) {
  Server server = Server::with(5);
  server.packed = false;
  const auto slot = SlotFile::read(*file_of(server.file()));
  ASSERT_TRUE(slot) << slot.error().detail;
  EXPECT_EQ(slot->tokens(), server.tokens);
}

TEST_F(SlotFileTest, SaysHowManyStreamsThereAreAlsoOfAnEmptySlot) {
  Server server = Server::with(0);
  server.streams = 8;
  EXPECT_EQ(*streams_of(*file_of(server.file())), 8U);
  EXPECT_FALSE(streams_of(*file_of("short")));
}

// A window of a cache, a second cache, a recurrent state, pictures, and files that are cut short.
TEST_F(SlotFileTest, RefusesWhatItDoesNotUnderstand) {
  EXPECT_NE(refusal(Server::with(0).file()), "");
  Server server = Server::with(6);
  server.behind = "more";
  EXPECT_NE(refusal(server.file()), "");
  server.behind = Server::with(6).file();
  EXPECT_NE(refusal(server.file()), "");
  server = Server::with(6);
  server.positions[0] = 6;
  EXPECT_NE(refusal(server.file()), "");
  server.positions[0] = 1;
  EXPECT_NE(refusal(server.file()), "");
  server = Server::with(6);
  server.positions.pop_back();
  EXPECT_NE(refusal(server.file()), "");
  server = Server::with(6);
  server.tokens[2] = -1;
  EXPECT_NE(refusal(server.file()), "");
  server = Server::with(6);
  server.streams = 0;
  EXPECT_NE(refusal(server.file()), "");
  const std::string whole = Server::with(6).file();
  EXPECT_EQ(refusal(whole), "");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_NE(refusal(whole.substr(0, size)), "") << size;
  }
}

TEST_F(SlotFileTest, NoByteMakesItReadBeyondTheFile) {
  std::mt19937 random(5);
  Server server = Server::with(6);
  server.streams = 3;
  server.used = 1;
  const std::string whole = server.file();
  for (int i = 0; i < 3000; ++i) {
    std::string bytes = whole;
    for (int flips = 0; flips < 3; ++flips) {
      bytes[random() % bytes.size()] = static_cast<char>(random());
    }
    const auto file = file_of(bytes);
    const auto slot = SlotFile::read(*file);
    if (!slot) continue;
    ASSERT_LE(slot->tokens().size() * slot->layout().token_bytes(), bytes.size());
    EXPECT_TRUE(slot->rows(*file, 0, slot->tokens().size()));
  }
}

}  // namespace
}  // namespace keep::tier
