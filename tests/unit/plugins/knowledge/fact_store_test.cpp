#include "plugins/knowledge/fact_store.hpp"

#include "base/sqlite.hpp"
#include "tests/support/temp_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <fstream>

namespace keep::knowledge {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class FactStoreTest : public testing::Test {
 protected:
  FactStoreTest() { reopen(); }

  void reopen() {
    store_.reset();
    auto opened = FactStore::open(path());
    ASSERT_TRUE(opened) << opened.error().detail;
    store_ = *std::move(opened);
  }
  std::string path() const { return folder_.path + "/knowledge.db"; }

  Stored put(const std::string& tenant, const std::string& topic, const std::string& key,
             const std::string& value, std::int64_t now = 1000) {
    const auto stored = store_->store(tenant, {topic, key, value, "test"}, now);
    EXPECT_TRUE(stored) << stored.error().detail;
    return stored ? *stored : Stored();
  }
  static std::vector<std::string> values(const Result<std::vector<Fact>>& facts) {
    std::vector<std::string> values;
    EXPECT_TRUE(facts) << facts.error().detail;
    if (!facts) return values;
    for (const Fact& fact : *facts) values.push_back(fact.value);
    return values;
  }
  std::vector<std::string> candidates(const std::string& tenant, const std::string& question) {
    return values(store_->candidates({tenant, {}}, question));
  }
  std::vector<std::string> containing(const std::string& tenant, const std::string& text) {
    return values(store_->containing({tenant, {}}, text, 10));
  }
  // So many that a search goes by words.
  void put_many(const std::string& tenant) {
    for (std::size_t i = 0; i <= FactStore::kAll; ++i) {
      put(tenant, "numbers", "n" + std::to_string(i), "entry" + std::to_string(i));
    }
  }

  keep::test::TempFolder folder_;
  std::optional<FactStore> store_;
};

TEST_F(FactStoreTest, KeepsOldValuesAsVersions) {
  EXPECT_EQ(put("t", "pets", "dog", "Bruno", 10).version, 1U);
  const Stored second = put("t", "pets", "dog", "Rex", 20);
  EXPECT_EQ(second.version, 2U);
  EXPECT_FALSE(second.is_new);
  put("t", "pets", "dog", "Waldo", 30);

  const auto facts = store_->candidates({"t", {}}, "dog");
  ASSERT_TRUE(facts);
  ASSERT_EQ(facts->size(), 1U);
  EXPECT_EQ(facts->front().value, "Waldo");
  EXPECT_EQ(facts->front().version, 3U);
  EXPECT_EQ(facts->front().updated, 30);
  const auto old = store_->old_values(facts->front().id);
  ASSERT_TRUE(old);
  ASSERT_EQ(old->size(), 2U);
  EXPECT_EQ(old->front().value, "Rex");
  EXPECT_EQ(old->front().version, 2U);
  EXPECT_EQ(old->back().value, "Bruno");
  EXPECT_EQ(old->back().stored, 10);
}

TEST_F(FactStoreTest, TheSameValueIsNoNewVersion) {
  EXPECT_TRUE(put("t", "pets", "dog", "Bruno").is_new);
  EXPECT_EQ(put("t", "pets", "dog", "Bruno").version, 1U);
}

TEST_F(FactStoreTest, KeepsSoManyOldValues) {
  constexpr int kMax = FactStore::kMaxOldValues;
  for (int i = 1; i <= kMax + 5; ++i) put("t", "a", "b", std::to_string(i));
  const auto facts = store_->candidates({"t", {}}, "");
  const auto old = store_->old_values(facts->front().id);
  ASSERT_EQ(old->size(), static_cast<std::size_t>(kMax));
  EXPECT_EQ(old->back().value, "5");
  EXPECT_EQ(old->front().value, std::to_string(kMax + 4));
}

TEST_F(FactStoreTest, TenantsDoNotSeeEachOther) {
  put("a", "pets", "dog", "Bruno");
  put("b", "pets", "dog", "Rex");
  put("", "pets", "dog", "Nobody's");
  EXPECT_THAT(candidates("a", "dog"), ElementsAre("Bruno"));
  EXPECT_THAT(containing("b", "re"), ElementsAre("Rex"));
  EXPECT_THAT(containing("b", "Bruno"), IsEmpty());
  EXPECT_THAT(candidates("c", "dog"), IsEmpty());
  put_many("a");
  put_many("b");
  EXPECT_THAT(candidates("a", "dog"), ElementsAre("Bruno"));
  EXPECT_THAT(candidates("", "dog"), ElementsAre("Nobody's"));
  EXPECT_EQ(store_->topics("a")->size(), 2U);
  EXPECT_THAT(*store_->topics("c"), IsEmpty());
}

TEST_F(FactStoreTest, FindsWordsAmongMany) {
  put_many("t");
  put("t", "pets", "dog_name", "Bruno the caf\xC3\xA9 dog");
  EXPECT_THAT(candidates("t", "dogs"), ElementsAre("Bruno the caf\xC3\xA9 dog"));
  EXPECT_THAT(candidates("t", "CAFE"), ElementsAre("Bruno the caf\xC3\xA9 dog"));
  EXPECT_THAT(candidates("t", "entry7 or entry9"), UnorderedElementsAre("entry7", "entry9"));
  EXPECT_THAT(candidates("t", "?"), IsEmpty());
  // t1 is the tenant's own word.
  EXPECT_THAT(candidates("t", "t1"), IsEmpty());
}

TEST_F(FactStoreTest, AWordOfAnOldValueIsNoLongerFound) {
  put_many("t");
  put("t", "pets", "dog", "Bruno");
  put("t", "pets", "dog", "Rex");
  EXPECT_THAT(candidates("t", "Bruno"), IsEmpty());
  EXPECT_THAT(candidates("t", "Rex"), ElementsAre("Rex"));
}

TEST_F(FactStoreTest, LooksAtOneTopicIfAsked) {
  put("t", "pets", "dog", "Bruno");
  put("t", "work", "dog", "a machine");
  EXPECT_THAT(values(store_->candidates({"t", "work"}, "dog")), ElementsAre("a machine"));
  put_many("t");
  EXPECT_THAT(values(store_->candidates({"t", "work"}, "dog")), ElementsAre("a machine"));
  EXPECT_THAT(values(store_->containing({"t", "pets"}, "dog", 10)), ElementsAre("Bruno"));
}

TEST_F(FactStoreTest, FindsPartsOfWordsAndTextWithoutWords) {
  put("t", "pets", "dog", "Bruno");
  put("t", "\xE5\xAE\xA0\xE7\x89\xA9", "k", "\xE6\x88\x91\xE7\x9A\x84\xE7\x8B\x97");
  put("t", "odd", "percent", "100%_sure\\");
  EXPECT_THAT(containing("t", "run"), ElementsAre("Bruno"));
  EXPECT_THAT(containing("t", "\xE7\x9A\x84"), ElementsAre("\xE6\x88\x91\xE7\x9A\x84\xE7\x8B\x97"));
  EXPECT_THAT(containing("t", "0%_s"), ElementsAre("100%_sure\\"));
  EXPECT_THAT(containing("t", "%"), ElementsAre("100%_sure\\"));
  EXPECT_THAT(containing("t", "e\\"), ElementsAre("100%_sure\\"));
}

TEST_F(FactStoreTest, NothingThatIsTypedIsAnError) {
  put_many("t");
  for (const char* typed : {"\"",          "*",       "NEAR(",     "a AND",
                            "OR OR",       "key:",    "{topic}:x", "^a",
                            "a + b",       "-",       "--; DROP",  "'",
                            "\\",          "%",       "_",         "\xF0\x9F\x90\x95",
                            "words MATCH", "a\"b\"c", "(((",       "NOT x"}) {
    EXPECT_TRUE(store_->candidates({"t", {}}, typed)) << typed;
    EXPECT_TRUE(store_->containing({"t", {}}, typed, 5)) << typed;
  }
  const std::string odd = "'); DROP TABLE facts; -- \" * NEAR(";
  EXPECT_TRUE(put("t", odd, odd, odd).is_new);
  EXPECT_THAT(containing("t", odd), ElementsAre(odd));
}

TEST_F(FactStoreTest, CountsTopicsAndTenants) {
  put("t", "work", "a", "1");
  put("t", "pets", "dog", "Bruno");
  put("t", "pets", "cat", "Tom");
  put("u", "pets", "cat", "Tim");
  const auto topics = store_->topics("t");
  ASSERT_EQ(topics->size(), 2U);
  EXPECT_EQ(topics->front().name, "pets");
  EXPECT_EQ(topics->front().facts, 2U);
  const auto counts = store_->counts();
  EXPECT_EQ(counts->at("t"), 3U);
  EXPECT_EQ(counts->at("u"), 1U);
}

TEST_F(FactStoreTest, SurvivesARestart) {
  put("t", "pets", "dog", "Bruno");
  put("t", "pets", "dog", "Rex");
  reopen();
  EXPECT_THAT(candidates("t", "dog"), ElementsAre("Rex"));
  EXPECT_EQ(put("t", "pets", "dog", "Waldo").version, 3U);
}

TEST_F(FactStoreTest, OnlyItsOwnerCanReadIt) {
  put("t", "pets", "dog", "Bruno");
  for (const char* end : {"", "-wal", "-shm"}) {
    struct stat info {};
    ASSERT_EQ(::stat((path() + end).c_str(), &info), 0) << end;
    EXPECT_EQ(info.st_mode & 0777, 0600U) << end;
  }
}

TEST_F(FactStoreTest, RefusesANewerFileAndLeavesItAlone) {
  put("t", "pets", "dog", "Bruno");
  store_.reset();
  {
    auto database = sqlite::Database::open(path(), "");
    ASSERT_TRUE(database);
    ASSERT_TRUE(database->run("PRAGMA user_version=4"));
  }
  const auto opened = FactStore::open(path());
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().fault, Fault::kStorage);
  EXPECT_THAT(opened.error().detail, HasSubstr("knowledge.db: written by a newer llama-keep"));
  auto database = sqlite::Database::open(path(), "");
  ASSERT_TRUE(database->run("PRAGMA user_version=3"));
  reopen();
  EXPECT_THAT(candidates("t", "dog"), ElementsAre("Bruno"));
}

TEST_F(FactStoreTest, RefusesAFileThatIsNoDatabase) {
  store_.reset();
  for (const char* end : {"", "-wal", "-shm"}) std::remove((path() + end).c_str());
  std::ofstream(path()) << std::string(5000, 'x');
  const auto opened = FactStore::open(path());
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error().detail, HasSubstr("not a database"));
}

// As a program that does not know of checksums, or a disk, changes it.
void change(const std::string& path, const std::string& sql) {
  auto database = sqlite::Database::open(path, "");
  ASSERT_TRUE(database) << database.error().detail;
  const auto done = database->run(sql);
  ASSERT_TRUE(done) << done.error().detail;
}

TEST_F(FactStoreTest, AValueThatIsNotWhatWasStoredIsTold) {
  put("t", "pets", "dog", "Bruno");
  put("t", "pets", "dog", "Rex");
  put("t", "pets", "cat", "Minka");
  change(path(), "UPDATE facts SET value = 'Max' WHERE key = 'dog'");
  change(path(), "UPDATE old_values SET value = 'Mox'");
  reopen();
  const auto facts = store_->candidates({"t", {}}, "dog").value();
  ASSERT_EQ(facts.size(), 2U);
  for (const Fact& fact : facts) {
    EXPECT_EQ(fact.damaged, fact.key == "dog");
    EXPECT_EQ(fact.value, fact.key == "dog" ? "" : "Minka");
  }
  const auto dog = std::ranges::find(facts, "dog", &Fact::key);
  const auto old = store_->old_values(dog->id).value();
  ASSERT_EQ(old.size(), 1U);
  EXPECT_TRUE(old.front().damaged);
  EXPECT_EQ(old.front().value, "");
  // Stored again it is whole, whatever was there.
  EXPECT_EQ(put("t", "pets", "dog", "Max").version, 3U);
  EXPECT_THAT(containing("t", "Max"), ElementsAre("Max"));
}

TEST_F(FactStoreTest, AFileWithoutChecksumsIsTakenAsItIs) {
  put("t", "pets", "dog", "Bruno");
  put("t", "pets", "dog", "Rex");
  store_.reset();
  change(path(),
         "ALTER TABLE facts DROP COLUMN sum; ALTER TABLE old_values DROP COLUMN sum;"
         "ALTER TABLE tenants DROP COLUMN bytes; PRAGMA user_version=1;");
  reopen();
  EXPECT_THAT(candidates("t", "dog"), ElementsAre("Rex"));
  const auto fact = store_->candidates({"t", {}}, "dog").value().front();
  EXPECT_FALSE(fact.damaged);
  const auto old = store_->old_values(fact.id).value();
  ASSERT_EQ(old.size(), 1U);
  EXPECT_FALSE(old.front().damaged);
  EXPECT_EQ(old.front().value, "Bruno");
  change(path(), "UPDATE facts SET value = 'Max'");
  reopen();
  EXPECT_TRUE(store_->candidates({"t", {}}, "dog").value().front().damaged);
}

constexpr std::uint64_t kSmallFile = 4 << 20;

// How many facts of 20 KB find room.
std::size_t fill(FactStore& store, const std::string& tenant) {
  for (std::size_t count = 0;; ++count) {
    const std::string key = "k" + std::to_string(count);
    const auto stored = store.store(tenant, {"t", key, std::string(20 << 10, 'x'), "test"}, 1000);
    if (stored) continue;
    EXPECT_EQ(stored.error().fault, Fault::kStorage);
    return count;
  }
}

TEST_F(FactStoreTest, NoTenantFillsTheFile) {
  store_ = *FactStore::open(path(), kSmallFile);
  const std::size_t alone = fill(*store_, "a");
  EXPECT_GT(alone, 40U);
  const std::size_t second = fill(*store_, "b");
  EXPECT_GT(second, alone / 4) << "there is room for others";
  EXPECT_GT(fill(*store_, "c"), second / 4);
  EXPECT_EQ(store_->counts().value().find("a")->second, alone) << "nothing of what was refused";
}

TEST_F(FactStoreTest, WhatIsDroppedIsNotCharged) {
  store_ = *FactStore::open(path(), kSmallFile);
  for (int i = 0; i < 1000; ++i) put("a", "t", "k", std::string(2000, 'x') + std::to_string(i));
}

TEST_F(FactStoreTest, AnOlderFileIsCharged) {
  store_ = *FactStore::open(path(), kSmallFile);
  const std::size_t before = fill(*store_, "a");
  store_.reset();
  change(path(), "ALTER TABLE tenants DROP COLUMN bytes; PRAGMA user_version=2;");
  store_ = *FactStore::open(path(), kSmallFile);
  EXPECT_EQ(fill(*store_, "a"), before) << "what is there already, and no more";
  EXPECT_GT(fill(*store_, "b"), 0U);
}

}  // namespace
}  // namespace keep::knowledge
