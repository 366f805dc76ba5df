#include "plugins/history/pack/pack.hpp"

#include "tests/unit/plugins/history/log_files.hpp"

#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <iterator>
#include <map>

namespace keep::history {
namespace {

using namespace test;

PackedConversation conversation(std::size_t number) {
  std::mt19937_64 random(number);
  PackedConversation one{"key " + std::to_string(number), {}};
  while (one.files.tail.size() < 1000) one.files.tail += json_of(random());
  one.files.sidecars[1] = number % 3 == 0 ? std::string("\0recalled", 9) : "";
  one.files.modified = static_cast<std::int64_t>(number);
  return one;
}

std::vector<PackedConversation> conversations(std::size_t count) {
  std::vector<PackedConversation> all;
  for (std::size_t i = 0; i < count; ++i) all.push_back(conversation(i));
  return all;
}

// No file grows beyond that. What the limit was.
rlimit fill_disk(std::uint64_t size) {
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  EXPECT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  rlimit full = before;
  full.rlim_cur = size;
  EXPECT_EQ(::setrlimit(RLIMIT_FSIZE, &full), 0);
  return before;
}

class PackTest : public testing::Test {
 protected:
  // What is in it.
  std::map<std::string, PackedFiles> open() {
    std::map<std::string, PackedFiles> all;
    pack_.emplace(files_, path_);
    const auto opened =
        pack_->open([&](PackedConversation one) { all[one.key] = std::move(one.files); });
    EXPECT_TRUE(opened) << opened.error().detail;
    if (opened) opened_ = *opened;
    return all;
  }
  void put(std::size_t count) {
    const auto done = pack_->change({}, conversations(count));
    ASSERT_TRUE(done) << done.error().detail;
  }
  void expect_found(std::size_t number) {
    const auto found = pack_->find(conversation(number).key);
    ASSERT_TRUE(found) << found.error().detail;
    ASSERT_TRUE(*found);
    expect_is((*found).value(), number);
  }
  static void expect_is(const PackedFiles& files, std::size_t number) {
    const PackedFiles wanted = conversation(number).files;
    EXPECT_EQ(files.tail, wanted.tail);
    EXPECT_EQ(files.sidecars, wanted.sidecars);
    EXPECT_EQ(files.modified, wanted.modified);
  }
  bool is_readable(const std::string& text) const {
    for (const auto& file : std::filesystem::directory_iterator(folder_.path)) {
      if (read_file(file.path()).find(text) != std::string::npos) return true;
    }
    return false;
  }

  // As a program has left it that had put in conversations twice: older rows of other keys.
  void rename_rows(const std::string& sql) {
    pack_.reset();
    ASSERT_TRUE(sqlite::Database::open(path_, "PRAGMA secure_delete=ON")->run(sql));
  }
  std::int64_t rows() const {
    auto database = sqlite::Database::open(path_, "");
    auto count = database->prepare("SELECT count(*) FROM packed");
    EXPECT_TRUE(count->step().value());
    return count->integer(0);
  }
  bool is_text_readable(std::size_t number) const {
    return is_readable(conversation(number).files.tail.substr(100, 50));
  }

  TempFolder folder_;
  const std::string path_ = folder_.path + "/pack.db";
  PosixFileSystem files_;
  std::optional<Pack> pack_;
  Pack::Opened opened_;
};

TEST_F(PackTest, IsNotMadeBeforeSomethingIsInIt) {
  EXPECT_TRUE(open().empty());
  const std::string gone = "nothing";
  EXPECT_TRUE(pack_->change({&gone, 1}, {}));
  EXPECT_FALSE(pack_->find("nothing").value());
  EXPECT_EQ(pack_->disk_bytes(), 0U);
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(PackTest, KeepsWhatIsInIt) {
  open();
  put(100);
  for (int round = 0; round < 2; ++round) {
    for (std::size_t i = 0; i < 100; ++i) expect_found(i);
    EXPECT_FALSE(pack_->find("key 100").value());
    EXPECT_EQ(open().size(), 100U);
  }
  PackedConversation other = conversation(7);
  other.key = "key 5";
  const std::string gone = "key 3";
  ASSERT_TRUE(pack_->change({&gone, 1}, {&other, 1}));
  const auto all = open();
  EXPECT_EQ(all.size(), 99U);
  EXPECT_FALSE(all.contains("key 3"));
  expect_is(all.at("key 5"), 7);
  struct stat status {};
  ASSERT_EQ(::stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
  EXPECT_EQ(pack_->disk_bytes(), files_.info(path_)->on_disk);
}

TEST_F(PackTest, WhatIsDeletedIsNotReadableAnyMore) {
  open();
  put(30);
  EXPECT_TRUE(is_readable(conversation(3).files.tail));
  const std::string gone = "key 3";
  ASSERT_TRUE(pack_->change({&gone, 1}, {}));
  EXPECT_FALSE(is_readable(conversation(3).files.tail.substr(100, 50)));
  PackedConversation other = conversation(7);
  other.key = "key 5";
  ASSERT_TRUE(pack_->change({}, {&other, 1}));
  EXPECT_FALSE(is_readable(conversation(5).files.tail.substr(100, 50)));
  EXPECT_TRUE(is_readable(conversation(7).files.tail));
}

TEST_F(PackTest, OfSeveralOfOneKeyTheLastCounts) {
  open();
  put(2);
  std::vector<PackedConversation> twice{conversation(5), conversation(6), conversation(0)};
  twice[0].key = twice[1].key = "key 0";
  ASSERT_TRUE(pack_->change({}, twice));
  EXPECT_EQ(rows(), 2);
  expect_found(0);
  const std::vector<std::string> gone{"key 0", "key 0"};
  ASSERT_TRUE(pack_->change(gone, {}));
  for (const std::size_t number : {0U, 5U, 6U}) EXPECT_FALSE(is_text_readable(number)) << number;
  EXPECT_FALSE(pack_->holds("key 0"));
  EXPECT_EQ(open().size(), 1U);
}

// SQLite gives the number of a deleted row to the next one.
TEST_F(PackTest, WhatIsGoneAndComesAgainCostsNobodyElse) {
  open();
  put(3);
  const std::vector<std::string> gone{"key 2", "key 2"};
  ASSERT_TRUE(pack_->change(gone, std::vector{conversation(9), conversation(2)}));
  EXPECT_EQ(rows(), 4);
  for (const std::size_t number : {0U, 1U, 2U, 9U}) expect_found(number);
  EXPECT_EQ(open().size(), 4U);
}

TEST_F(PackTest, OlderRowsOfAKeyAreDeletedWhenItIsOpened) {
  open();
  put(4);
  rename_rows("UPDATE packed SET key = 'key 2' WHERE id < 3");
  const auto all = open();
  EXPECT_EQ(all.size(), 2U);
  expect_is(all.at("key 2"), 2);
  expect_found(2);
  EXPECT_EQ(rows(), 2);
  for (const std::size_t number : {0U, 1U}) EXPECT_FALSE(is_text_readable(number)) << number;
  const std::string gone = "key 2";
  ASSERT_TRUE(pack_->change({&gone, 1}, {}));
  EXPECT_EQ(open().size(), 1U);
}

TEST_F(PackTest, ShrinksWithWhatIsInIt) {
  open();
  put(1000);
  const std::uint64_t full = pack_->disk_bytes();
  EXPECT_LT(full, 1000U * 1600);
  std::vector<std::string> gone;
  for (std::size_t i = 0; i < 900; ++i) gone.push_back(conversation(i).key);
  ASSERT_TRUE(pack_->change(gone, {}));
  EXPECT_LT(pack_->disk_bytes(), full / 5);
  for (std::size_t i = 900; i < 1000; ++i) expect_found(i);
}

// Whatever happens to the file: what is found is what was put in, or what only its own checksums
// can tell from that; and the pack can be used.
TEST_F(PackTest, DamagedInAnyWayItOpensAndTakesMore) {
  open();
  put(200);
  pack_.reset();
  const std::string was = read_file(path_);
  std::mt19937_64 random(5);
  std::size_t aside = 0, most = 0;
  for (int i = 0; i < 60; ++i) {
    std::string bytes = was;
    const std::size_t at = i % 4 == 0 ? random() % 100 : random() % bytes.size();
    switch (i % 5) {
      case 0: bytes[at] = static_cast<char>(bytes[at] ^ (1U << (random() % 8))); break;
      case 1: bytes.resize(at); break;
      case 2: bytes.replace(at, 512, std::string(512, '\0')); break;
      case 3: bytes += std::string(5000, 'x'); break;
      default: bytes.replace(at / 8192 * 8192, 8192, std::string(8192, '\xff')); break;
    }
    write_file(path_, bytes);
    const auto all = open();
    std::size_t same = 0;
    for (std::size_t number = 0; number < 200; ++number) {
      const auto found = all.find(conversation(number).key);
      if (found != all.end() && found->second.tail == conversation(number).files.tail) ++same;
    }
    most = std::max(most, same);
    if (opened_.damaged) {
      ++aside;
      EXPECT_FALSE(opened_.notes.empty());
      EXPECT_TRUE(std::filesystem::exists(path_ + ".damaged"));
    }
    const PackedConversation more = conversation(1000 + static_cast<std::size_t>(i));
    if (pack_->change({}, {&more, 1})) expect_found(1000 + static_cast<std::size_t>(i));
    pack_.reset();
    for (const auto& file : std::filesystem::directory_iterator(folder_.path)) {
      std::filesystem::remove(file);
    }
  }
  EXPECT_GT(aside, 10U);
  EXPECT_EQ(most, 200U);
}

TEST_F(PackTest, OneDamagedPageCostsWhatIsOnIt) {
  open();
  put(200);
  pack_.reset();
  std::string bytes = read_file(path_);
  bytes.replace(bytes.size() / 8192 / 2 * 8192, 8192, std::string(8192, '\xff'));
  write_file(path_, bytes);
  const auto all = open();
  EXPECT_TRUE(opened_.damaged);
  EXPECT_GE(all.size(), 190U);
  EXPECT_LT(all.size(), 200U);
  EXPECT_EQ(open().size(), all.size());
  EXPECT_FALSE(opened_.damaged);
}

TEST_F(PackTest, OfADamagedPackTheNewestRowsCount) {
  open();
  put(400);
  rename_rows(  // both sides of the damage, and both from far away
      "UPDATE packed SET key = 'key 200' WHERE id = 1;"
      "UPDATE packed SET key = 'key 390' WHERE id = 2;"
      "UPDATE packed SET key = 'key 391' WHERE id = 390;");
  std::string bytes = read_file(path_);
  bytes.replace(bytes.size() / 8192 * 3 / 4 * 8192, 8192, std::string(8192, '\xff'));
  write_file(path_, bytes);
  const auto all = open();
  EXPECT_TRUE(opened_.damaged);
  EXPECT_GE(all.size(), 387U);
  EXPECT_LT(all.size(), 397U);
  for (const std::size_t number : {200U, 390U, 391U}) expect_found(number);
  EXPECT_EQ(rows(), static_cast<std::int64_t>(all.size()));
}

TEST_F(PackTest, OneOfANewerVersionIsLeftAlone) {
  open();
  put(3);
  pack_.reset();
  ASSERT_TRUE(sqlite::Database::open(path_, "")->run("PRAGMA user_version=2"));
  const std::string was = read_file(path_);
  EXPECT_TRUE(open().empty());
  EXPECT_EQ(opened_.notes.size(), 1U);
  EXPECT_FALSE(pack_->change({}, conversations(1)));
  EXPECT_TRUE(read_file(path_) == was);
}

TEST_F(PackTest, AFullDiskChangesNothing) {
  open();
  put(50);
  const std::uint64_t size = std::filesystem::file_size(path_);
  std::vector<PackedConversation> twice = conversations(100);
  std::ranges::copy(conversations(100), std::back_inserter(twice));
  const auto before = fill_disk(size);
  const auto done = pack_->change({}, twice);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().fault, Fault::kStorage);
  for (std::size_t i = 0; i < 50; ++i) expect_found(i);
  EXPECT_FALSE(pack_->holds("key 70"));
  put(100);
  EXPECT_EQ(rows(), 100);
  EXPECT_EQ(open().size(), 100U);
}

TEST_F(PackTest, OlderRowsThatCannotBeDeletedGoWithTheNextChange) {
  open();
  put(3);
  rename_rows("UPDATE packed SET key = 'key 1' WHERE id = 1");
  const auto before = fill_disk(0);
  const auto all = open();
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  EXPECT_EQ(all.size(), 2U);
  EXPECT_EQ(opened_.notes.size(), 1U);
  EXPECT_EQ(rows(), 3);
  const std::string gone = "key 1";
  ASSERT_TRUE(pack_->change({&gone, 1}, {}));
  EXPECT_EQ(rows(), 1);
  for (const std::size_t number : {0U, 1U}) EXPECT_FALSE(is_text_readable(number)) << number;
}

}  // namespace
}  // namespace keep::history
