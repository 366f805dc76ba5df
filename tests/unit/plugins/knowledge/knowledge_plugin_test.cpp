#include "plugins/knowledge/knowledge_plugin.hpp"

#include "base/sqlite.hpp"
#include "plugins/recall/recall_plugin.hpp"
#include "tests/support/temp_folder.hpp"
#include "tests/unit/plugins/plugin_harness.hpp"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

namespace keep::knowledge {
namespace {

using namespace keep::test;
using ::testing::HasSubstr;

Task<Reply> as_task(asio::awaitable<Reply> reply) { co_return co_await std::move(reply); }

class KnowledgePluginTest : public testing::Test {
 protected:
  KnowledgePluginTest() { restart(); }

  void restart() {
    harness_.reset();
    harness_.emplace([this](Services& services) {
      return make_knowledge({true, folder_.path}, services, recall::make_ranker());
    });
  }
  Reply ask(const std::string& method, const std::string& path, const std::string& body = "",
            const std::string& tenant = "t") {
    Exchange exchange;
    exchange.identity.tenant = tenant;
    exchange.request.method = method;
    exchange.request.target = "/v1/knowledge/" + path;
    exchange.request.body = body;
    return *run_now(as_task(harness_->plugin().on_endpoint(exchange)));
  }
  std::string store(const std::string& topic, const std::string& key, const std::string& value,
                    const std::string& tenant = "t") {
    json::Writer body;
    body.begin_object().member("topic", topic).member("key", key).member("value", value);
    return ask("POST", "store", body.end_object().take(), tenant)->body;
  }
  std::string search(const std::string& query, const std::string& tenant = "t") {
    return ask("POST", "search", R"({"query":)" + json::quoted(query) + "}", tenant)->body;
  }
  Knowledge& knowledge() { return dynamic_cast<Knowledge&>(harness_->plugin()); }
  std::string health() {
    json::Writer out;
    out.begin_object();
    harness_->plugin().report(out);
    return out.end_object().take();
  }

  TempFolder folder_;
  std::optional<PluginHarness> harness_;
};

TEST_F(KnowledgePluginTest, NoFactsCostNothing) {
  EXPECT_FALSE(knowledge().knows_anything("t"));
  EXPECT_EQ(ask("GET", "topics")->body, R"({"topics":[]})");
  EXPECT_EQ(search("dog"), R"({"results":[]})");
  EXPECT_TRUE(std::filesystem::is_empty(folder_.path));
}

TEST_F(KnowledgePluginTest, StoresFindsAndRanks) {
  EXPECT_EQ(store("pets", "dog's name", "Bruno"),
            R"({"status":"stored","topic":"pets","key":"dog's name","version":1})");
  store("home", "city", "Hamburg");
  EXPECT_THAT(search("What is the name of my dog?"),
              HasSubstr(R"({"results":[{"topic":"pets","key":"dog's name","value":"Bruno",)"
                        R"("source":"","version":1,"updated":)"));
  EXPECT_EQ(search("What is the name of my dog?").find("Hamburg"), std::string::npos);
  EXPECT_EQ(ask("GET", "topics")->body,
            R"({"topics":[{"topic":"home","entries":1},{"topic":"pets","entries":1}]})");
  EXPECT_EQ(health(), R"({"knowledge":{"facts":2,"tenants":1}})");
}

TEST_F(KnowledgePluginTest, TenantsDoNotSeeEachOther) {
  store("pets", "dog", "Bruno", "a");
  EXPECT_EQ(search("dog", "b"), R"({"results":[]})");
  EXPECT_EQ(search("Brun", "b"), R"({"results":[]})");
  EXPECT_EQ(ask("GET", "topics", "", "b")->body, R"({"topics":[]})");
  EXPECT_FALSE(knowledge().knows_anything("b"));
  EXPECT_TRUE(run_now(knowledge().search("b", "dog", 5))->empty());
  EXPECT_EQ(run_now(knowledge().search("a", "dog", 5))->size(), 1U);
}

TEST_F(KnowledgePluginTest, FindsAPartOfAWordWithoutAScore) {
  store("pets", "dog", "Bruno");
  EXPECT_THAT(search("run"), HasSubstr(R"("score":0)"));
  EXPECT_TRUE(run_now(knowledge().search("t", "run", 5))->empty());  // no prompt wants it
}

TEST_F(KnowledgePluginTest, KnowsAfterARestartWhoKnowsSomething) {
  store("pets", "dog", "Bruno");
  store("pets", "dog", "Rex");
  restart();
  EXPECT_TRUE(knowledge().knows_anything("t"));
  EXPECT_EQ(health(), R"({"knowledge":{"facts":1,"tenants":1}})");
  const Reply reply = ask("POST", "search", R"({"query":"dog","versions":true})");
  EXPECT_THAT(reply->body, HasSubstr(R"("versions":[{"version":1,"value":"Bruno")"));
}

TEST_F(KnowledgePluginTest, RefusesInTheShapeThatClientsKnow) {
  const Reply reply = ask("POST", "store", R"({"topic":"t","key":"k"})");
  EXPECT_EQ(reply->status, 400);
  EXPECT_THAT(reply->body, HasSubstr(R"({"error":{"message":"'value' must be a string)"));
  EXPECT_EQ(ask("POST", "search", "{")->status, 400);
  EXPECT_EQ(ask("GET", "search"), nullptr);
  EXPECT_EQ(ask("POST", "other", "{}"), nullptr);
}

TEST_F(KnowledgePluginTest, AFileOfANewerProgramKeepsNobodyFromStarting) {
  store("pets", "dog", "Bruno");
  ASSERT_TRUE(
      sqlite::Database::open(folder_.path + "/knowledge.db", "")->run("PRAGMA user_version=99"));
  restart();
  EXPECT_EQ(search("dog"), R"({"results":[]})");
  EXPECT_EQ(ask("POST", "store", R"({"topic":"t","key":"k","value":"v"})")->status, 500);
  EXPECT_FALSE(std::filesystem::exists(folder_.path + "/knowledge.db.damaged"));
}

TEST_F(KnowledgePluginTest, ADamagedValueIsToldAndNeverRecalled) {
  store("pets", "dog", "Bruno");
  {
    auto database = sqlite::Database::open(folder_.path + "/knowledge.db", "");
    ASSERT_TRUE(database->run("UPDATE facts SET value = 'Benno'"));
  }
  EXPECT_THAT(search("dog"), HasSubstr(R"("value":"")"));
  EXPECT_THAT(search("dog"), HasSubstr(R"("damaged":true)"));
  EXPECT_TRUE(run_now(knowledge().search("t", "dog", 5))->empty());
}

TEST_F(KnowledgePluginTest, ADamagedFileIsSetAside) {
  store("pets", "dog", "Bruno");
  harness_.reset();
  const std::string path = folder_.path + "/knowledge.db";
  for (const std::uintmax_t offset : {0, 100, 4096}) {
    {
      std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
      file.seekp(static_cast<std::streamoff>(offset));
      file << std::string(300, '\x5a');
    }
    restart();
    EXPECT_TRUE(std::filesystem::exists(path + ".damaged")) << offset;
    EXPECT_EQ(search("dog"), R"({"results":[]})");
    EXPECT_THAT(store("pets", "dog", "Bruno"), HasSubstr(R"("version":1)"));
    harness_.reset();
    std::filesystem::remove(path + ".damaged");
  }
  restart();
  EXPECT_THAT(search("dog"), HasSubstr("Bruno"));
}

}  // namespace
}  // namespace keep::knowledge
