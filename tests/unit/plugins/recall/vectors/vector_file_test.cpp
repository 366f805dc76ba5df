#include "plugins/recall/vectors/vector_file.hpp"

#include "base/hash.hpp"
#include "tests/support/faulty_file_system.hpp"
#include "tests/support/random_vectors.hpp"
#include "tests/support/test_proxy.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace keep::recall {
namespace {

const ConversationName kName{"t", "one"};

ConversationVectors some_vectors(std::size_t rows = 5) {
  ConversationVectors vectors("some model", 20);
  test::RandomVectors random(20);
  for (std::size_t i = 0; i < rows; ++i) {
    const auto place = PassagePlace{static_cast<Position>(2 * i + 1), static_cast<uint32_t>(i % 3)};
    vectors.add({place, 77 + i, ""}, random.next());
  }
  vectors.go_on_from({40, 2});
  return vectors;
}

void expect_same(const ConversationVectors& a, const ConversationVectors& b) {
  EXPECT_EQ(a.model(), b.model());
  EXPECT_EQ(a.dimensions(), b.dimensions());
  EXPECT_EQ(a.next(), b.next());
  EXPECT_EQ(a.stamps().first, b.stamps().first);
  EXPECT_EQ(a.stamps().last, b.stamps().last);
  ASSERT_EQ(a.size(), b.size());
  EXPECT_TRUE(std::ranges::equal(a.places(), b.places()));
  for (std::uint32_t row = 0; row < a.size(); ++row) {
    EXPECT_EQ(a.codes().scale(row), b.codes().scale(row));
    EXPECT_TRUE(std::ranges::equal(a.codes().parts(row), b.codes().parts(row)));
    EXPECT_NEAR(b.codes().cosine(row, row), 1, 0.02);
  }
}

std::string summed(std::string bytes) {
  bytes.resize(bytes.size() - 8);
  std::uint64_t sum = hash64(bytes);
  for (int i = 0; i < 8; ++i, sum >>= 8) bytes += static_cast<char>(sum & 0xff);
  return bytes;
}

TEST(VectorFile, GivesBackWhatWasWritten) {
  const ConversationVectors vectors = some_vectors();
  const auto read = decode_vectors(encode_vectors(vectors, kName), kName);
  ASSERT_NE(read, nullptr);
  expect_same(vectors, *read);
}

TEST(VectorFile, OfAnotherConversationIsNotUsed) {
  const std::string bytes = encode_vectors(some_vectors(), kName);
  EXPECT_EQ(decode_vectors(bytes, {"t", "two"}), nullptr);
  EXPECT_EQ(decode_vectors(bytes, {"to", "ne"}), nullptr);  // reads the same in one
}

TEST(VectorFile, AnyDamageIsNoticed) {
  const std::string bytes = encode_vectors(some_vectors(), kName);
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    EXPECT_EQ(decode_vectors(bytes.substr(0, at), kName), nullptr) << at;
    std::string damaged = bytes;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
    EXPECT_EQ(decode_vectors(damaged, kName), nullptr) << at;
  }
  EXPECT_EQ(decode_vectors(bytes + "x", kName), nullptr);
}

// Whoever can write a checksum cannot make it read what is not there.
TEST(VectorFile, NoNumberIsTrusted) {
  const std::string bytes = encode_vectors(some_vectors(), kName);
  ASSERT_NE(decode_vectors(summed(bytes), kName), nullptr);
  for (std::size_t at = 0; at + 8 < bytes.size(); ++at) {
    for (const char value : {'\0', '\x7f', '\xff'}) {
      std::string changed = bytes;
      changed[at] = value;
      const auto read = decode_vectors(summed(changed), kName);
      if (read == nullptr) continue;
      EXPECT_EQ(read->size(), 5U);
      EXPECT_EQ(read->dimensions(), 20U);
      EXPECT_TRUE(std::ranges::is_sorted(read->places()));
    }
  }
}

class VectorFiles : public testing::Test {
 protected:
  keep::test::TempFolder folder_;
  keep::test::FaultyFileSystem files_;
  std::string path_ = vector_path(folder_.path, kName);
  std::string bytes_ = encode_vectors(some_vectors(), kName);
};

TEST_F(VectorFiles, AreOnlyTheOwners) {
  ASSERT_TRUE(write_vectors(files_, path_, bytes_));
  ASSERT_TRUE(write_vectors(files_, path_, bytes_));
  struct stat status {};
  ASSERT_EQ(::stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
  EXPECT_FALSE(std::filesystem::exists(path_ + ".new"));
  const auto read = read_vectors(files_, path_, kName);
  ASSERT_TRUE(read && *read);
  expect_same(some_vectors(), **read);
}

TEST_F(VectorFiles, ThatAreNotThereOrNotGood) {
  const auto none = read_vectors(files_, path_, kName);
  ASSERT_TRUE(none);
  EXPECT_EQ(*none, nullptr);
  ASSERT_TRUE(write_vectors(files_, path_, bytes_.substr(1)));
  EXPECT_EQ(read_vectors(files_, path_, kName).error().fault, Fault::kStorage);
}

TEST_F(VectorFiles, AWriteThatFailsLeavesTheOldOne) {
  ASSERT_TRUE(write_vectors(files_, path_, bytes_));
  files_.fail_each({keep::test::FaultyFileSystem::Operation::kWrite}, {ENOSPC, 10});
  EXPECT_FALSE(write_vectors(files_, path_, encode_vectors(some_vectors(9), kName)));
  EXPECT_FALSE(std::filesystem::exists(path_ + ".new"));
  const auto read = read_vectors(files_, path_, kName);
  ASSERT_TRUE(read && *read);
  EXPECT_EQ((*read)->size(), 5U);
}

TEST_F(VectorFiles, TheLossOfPowerLeavesTheOldOneOrTheNewOne) {
  const std::string more = encode_vectors(some_vectors(9), kName);
  for (const auto luck : keep::test::kLuck) {
    bool lost = true;
    for (std::size_t at = 1; lost; ++at) {
      keep::test::FaultyFileSystem files;
      files.follow_syncs();
      ASSERT_TRUE(write_vectors(files, path_, bytes_));
      files.fail_at(at, true);
      const auto written = write_vectors(files, path_, more);
      lost = files.heal();
      files.lose_power(luck);
      const auto read = read_vectors(files, path_, kName);
      ASSERT_TRUE(read && *read) << at;
      EXPECT_TRUE((*read)->size() == 9U || (!written && (*read)->size() == 5U)) << at;
      std::filesystem::remove_all(folder_.path + "/vectors");
    }
  }
}

TEST_F(VectorFiles, TellWhoseTheyAre) {
  EXPECT_TRUE(list_vectors(files_, folder_.path).empty());
  ASSERT_TRUE(write_vectors(files_, path_, bytes_));
  const ConversationName other{"", "two"};
  ASSERT_TRUE(write_vectors(files_, vector_path(folder_.path, other),
                            encode_vectors(some_vectors(), other)));
  std::ofstream(path_ + ".new") << "half of a";
  std::ofstream(path_.substr(0, path_.size() - 9) + "x.vectors") << "junk";
  std::vector<VectorFile> found = list_vectors(files_, folder_.path);
  EXPECT_EQ(found.size(), 4U);
  const auto named = [&](const ConversationName& name) {
    return std::ranges::count(found, name, &VectorFile::name);
  };
  EXPECT_EQ(named(kName), 1);
  EXPECT_EQ(named(other), 1);
  EXPECT_EQ(named({}), 2);
}

}  // namespace
}  // namespace keep::recall
