// The vectors of conversations from end to end, with a server and a record that are made up.
#include "plugins/recall/vectors/vector_search.hpp"

#include "base/json/json.hpp"
#include "plugins/recall/vectors/vector_file.hpp"
#include "tests/support/test_proxy.hpp"
#include "tests/unit/plugins/plugin_harness.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace keep::recall {
namespace {

// Texts with the same number at their end mean the same.
class MadeUpServer final : public Embeddings {
 public:
  Task<Embedded> embed(Kind kind, std::vector<std::string> texts) override {
    ++(kind == Kind::kQuestion ? questions : requests);
    if (!works || requests == fail_at) {
      co_return Error(Fault::kRefused, Side::kUpstream, "gone");
    }
    Embedded embedded;
    embedded.model = model;
    for (const std::string& text : texts) {
      EXPECT_FALSE(text.empty());
      if (kind == Kind::kPassage) seen.push_back(text);
      const auto number = static_cast<unsigned>(
          std::atoi(text.substr(text.size() < 3 ? 0 : text.size() - 3).c_str()));
      std::vector<float>& vector = embedded.vectors.emplace_back();
      if (text.starts_with("refused")) continue;
      std::mt19937 random(number);
      std::normal_distribution<float> normal;
      for (std::size_t i = 0; i < dimensions; ++i) vector.push_back(normal(random));
    }
    if (on_embed) on_embed();
    co_return embedded;
  }
  bool available(Kind) const noexcept override { return works; }

  bool works = true;
  int requests = 0, questions = 0, fail_at = 0;
  std::string model = "one";
  std::size_t dimensions = 32;
  std::vector<std::string> seen;  // passages
  std::function<void()> on_embed;
};

class MadeUpRecord final : public Conversations {
 public:
  Task<std::vector<StoredMessage>> read(ConversationName name, Position from,
                                        std::size_t max_bytes) override {
    const auto at = talks.find(name);
    if (at == talks.end()) co_return Error(Fault::kNotFound, Side::kDownstream, "none");
    std::vector<StoredMessage> messages;
    std::size_t bytes = 0;
    for (std::size_t i = from; i < at->second.size(); ++i) {
      bytes += at->second[i].json.size();
      if (bytes > max_bytes && !messages.empty()) break;
      messages.push_back(at->second[i]);
    }
    co_return messages;
  }
  Task<std::string> read_sidecar(ConversationName, Sidecar) override { co_return std::string(); }
  Task<> write_sidecar(ConversationName, Sidecar, std::string) override { co_return Result<>{}; }
  bool has(const ConversationName& name) const override { return talks.contains(name); }
  void attach(ConversationObserver&) override {}

  void say(const ConversationName& name, const std::string& text) {
    auto& talk = talks[name];
    StoredMessage& message = talk.emplace_back();
    message.info.position = static_cast<Position>(talk.size() - 1);
    message.info.role = Role::kUser;
    message.info.hash = std::hash<std::string>()(text);
    message.info.time = time;
    message.json = "{\"content\":" + json::quoted(text) + "}";
  }

  std::map<ConversationName, std::vector<StoredMessage>> talks;
  std::int64_t time = 1700000000;
};

class VectorSearchTest : public testing::Test, protected keep::test::FakeServices {
 protected:
  VectorSearchTest() {
    for (int i = 100; i < 200; ++i) say("Number " + std::to_string(i));
    start();
  }
  ~VectorSearchTest() override { stop(); }

  void start(std::size_t max_bytes = 1 << 20) {
    search_.emplace(services_, record_, server_, folder_.path, max_bytes);
    search_->start();
    settle();
  }
  void stop() {
    if (!search_) return;
    settle();
    run(search_->stop());
    search_.reset();
  }
  void restart() {
    stop();
    start();
  }
  void say(const std::string& text, const ConversationName& name = kOne) {
    record_.say(name, text);
  }
  // Until nothing is done any more.
  void settle() {
    while (spawner_.running() > 0) {
      loop_.run_one();
    }
  }
  template <class T>
  T run(asio::awaitable<T> task) {
    std::optional<T> result;
    asio::co_spawn(loop_, std::move(task), [&](std::exception_ptr failure, T value) {
      if (failure) std::rethrow_exception(failure);
      result.emplace(std::move(value));
    });
    while (!result) loop_.run_one();
    return *std::move(result);
  }
  void run(asio::awaitable<void> task) {
    bool ended = false;
    asio::co_spawn(loop_, std::move(task), [&](const std::exception_ptr&) { ended = true; });
    while (!ended) loop_.run_one();
  }
  // The message found first, once all that this search has asked for is done; kNoPosition: none.
  Position find(const std::string& question, Position end = 100,
                const ConversationName& name = kOne) {
    Search search;
    search.name = name;
    search.questions = {question};
    search.path = {{0, end}};
    search.end = end;
    search.limit = 5;
    const auto lists = run(search_->find(search));
    settle();
    return lists.empty() || lists[0].empty() ? kNoPosition : lists[0][0].place.message;
  }
  std::string path(const ConversationName& name = kOne) const {
    return vector_path(folder_.path, name);
  }

  inline static const ConversationName kOne{"t", "one"}, kTwo{"t", "two"};
  keep::test::TempFolder folder_;
  MadeUpServer server_;
  MadeUpRecord record_;
  std::optional<VectorSearch> search_;
};

TEST_F(VectorSearchTest, NobodyAsksNothingIsMade) {
  EXPECT_EQ(server_.requests, 0);
  EXPECT_EQ(search_->rows(kOne), 0U);
}

TEST_F(VectorSearchTest, TheFirstSearchHasThemMadeForTheNext) {
  EXPECT_EQ(find("What is 150"), kNoPosition);
  EXPECT_EQ(server_.questions, 0);  // nothing to compare with
  EXPECT_EQ(search_->rows(kOne), 100U);
  EXPECT_EQ(find("What is 150"), 50U);
  EXPECT_EQ(server_.seen.size(), 100U);
  EXPECT_EQ(server_.requests, 7);  // sixteen at a time
}

TEST_F(VectorSearchTest, OnlyWhatIsBeforeTheClearZone) {
  find("What is 150", 60);
  EXPECT_EQ(search_->rows(kOne), 60U);
  find("What is 150", 100);
  EXPECT_EQ(search_->rows(kOne), 100U);
  EXPECT_EQ(server_.seen.size(), 100U);
}

TEST_F(VectorSearchTest, WhatIsAddedIsCaughtUpWith) {
  find("x");
  say("refused " + std::string(3, 'x'));
  say("Another 777");
  find("x", 102);
  EXPECT_EQ(search_->rows(kOne), 101U);
  EXPECT_EQ(find("What was 777", 102), 101U);
  EXPECT_EQ(server_.seen.size(), 102U);
}

TEST_F(VectorSearchTest, AServerThatGoesAwayCostsNothingAndIsGoneOnWith) {
  server_.fail_at = 4;
  find("x");
  EXPECT_EQ(search_->rows(kOne), 48U);
  server_.works = false;
  const int requests = server_.requests;
  EXPECT_EQ(find("What is 120"), kNoPosition);
  EXPECT_EQ(server_.requests, requests);
  EXPECT_EQ(server_.questions, 0);
  server_.works = true;
  find("x");
  EXPECT_EQ(find("What is 120"), 20U);
  EXPECT_EQ(search_->rows(kOne), 100U);
  server_.works = false;
  EXPECT_EQ(find("What is 120"), kNoPosition);
}

TEST_F(VectorSearchTest, ARestartFindsThemOnDisk) {
  find("x");
  restart();
  const int requests = server_.requests;
  EXPECT_EQ(find("What is 150"), 50U);
  EXPECT_EQ(server_.requests, requests);
  say("Another 777");
  find("x", 101);
  EXPECT_EQ(server_.seen.size(), 101U);
  restart();  // which writes the one more
  EXPECT_EQ(find("What was 777", 101), 100U);
  EXPECT_EQ(server_.seen.size(), 101U);
}

TEST_F(VectorSearchTest, TheyAreWrittenWithoutARestart) {
  find("x");
  EXPECT_TRUE(std::filesystem::exists(path()));
}

TEST_F(VectorSearchTest, WhatCouldNotBeWrittenIsWrittenAtTheStop) {
  files_.fail_each({keep::test::FaultyFileSystem::Operation::kWrite}, {ENOSPC, 10});
  find("x");
  files_.heal();
  EXPECT_FALSE(std::filesystem::exists(path()));
  restart();
  EXPECT_TRUE(std::filesystem::exists(path()));
  EXPECT_EQ(find("What is 150"), 50U);
  EXPECT_EQ(server_.seen.size(), 100U);
}

// As when a request was refused: its messages were indexed, others get their positions.
TEST_F(VectorSearchTest, WhatWasTakenBackIsForgotten) {
  find("x");
  search_->cut(kOne, 100);
  EXPECT_EQ(search_->rows(kOne), 100U);
  search_->cut(kOne, 50);
  EXPECT_EQ(search_->rows(kOne), 0U);
}

TEST_F(VectorSearchTest, ADamagedFileIsMadeAnew) {
  find("x");
  stop();
  std::filesystem::resize_file(path(), std::filesystem::file_size(path()) - 1);
  start();
  EXPECT_EQ(find("What is 150"), kNoPosition);
  EXPECT_EQ(server_.seen.size(), 200U);
  EXPECT_EQ(find("What is 150"), 50U);
}

TEST_F(VectorSearchTest, AFileOfAnEarlierConversationOfThatNameIsNotUsed) {
  find("x");
  stop();
  record_.talks.clear();
  record_.time += 1000;
  for (int i = 100; i < 200; ++i) say("Number " + std::to_string(i));
  start();
  EXPECT_EQ(find("What is 150"), kNoPosition);
  EXPECT_EQ(server_.seen.size(), 200U);
}

TEST_F(VectorSearchTest, AnotherModelMakesThemAnew) {
  find("x");
  server_.model = "two";
  EXPECT_EQ(find("What is 150"), kNoPosition);  // the question cannot be compared
  say("Another 777");
  find("x", 101);
  EXPECT_EQ(search_->rows(kOne), 0U);
  find("x", 101);
  EXPECT_EQ(search_->rows(kOne), 101U);
  EXPECT_EQ(server_.seen.size(), 100U + 1 + 101);
  EXPECT_EQ(find("What is 150", 101), 50U);
  restart();
  EXPECT_EQ(find("What is 150", 101), 50U);
  server_.dimensions = 48;
  say("Another 778");
  find("x", 102);
  find("x", 102);
  EXPECT_EQ(find("What was 778", 102), 101U);
}

TEST_F(VectorSearchTest, AForgottenConversationLeavesNothing) {
  find("x");
  search_->forget(kOne);
  EXPECT_EQ(search_->rows(kOne), 0U);
  EXPECT_EQ(search_->memory_bytes(), 0U);
  record_.talks.clear();
  stop();
  pools_.disk.join();
  EXPECT_FALSE(std::filesystem::exists(path()));
}

TEST_F(VectorSearchTest, ForgottenWhileTheyAreMade) {
  server_.on_embed = [this] {
    if (server_.requests == 3) search_->forget(kOne);
  };
  find("x");
  EXPECT_EQ(search_->rows(kOne), 0U);
  stop();
  pools_.disk.join();
  EXPECT_FALSE(std::filesystem::exists(path()));
}

TEST_F(VectorSearchTest, FilesWithoutAConversationAreDeletedAtStart) {
  find("x");
  stop();
  for (int i = 100; i < 200; ++i) say("Number " + std::to_string(i), kTwo);
  record_.talks.erase(kOne);
  start();
  EXPECT_FALSE(std::filesystem::exists(path()));
  find("x", 100, kTwo);
  restart();
  EXPECT_TRUE(std::filesystem::exists(path(kTwo)));
}

TEST_F(VectorSearchTest, TheLeastUsedAreFoundOnDiskAgain) {
  stop();
  start(10000);  // enough for one
  for (int i = 100; i < 200; ++i) say("Number " + std::to_string(i), kTwo);
  find("x");
  find("x", 100, kTwo);
  EXPECT_EQ(search_->rows(kOne), 0U);
  EXPECT_EQ(search_->rows(kTwo), 100U);
  EXPECT_EQ(find("What is 150"), 50U);
  EXPECT_EQ(server_.seen.size(), 200U);
  EXPECT_LT(search_->memory_bytes(), 10000U);
}

TEST_F(VectorSearchTest, SaysHowItIs) {
  find("x");
  json::Writer health;
  health.begin_object();
  search_->report(health);
  EXPECT_EQ(health.end_object().take(),
            R"({"embeddings":{"vectors":100,"questions":true,"passages":true}})");
  EXPECT_NE(metrics_.text().find("llama_keep_recall_vectors 100"), std::string::npos);
}

}  // namespace
}  // namespace keep::recall
