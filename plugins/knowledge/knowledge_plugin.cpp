#include "plugins/knowledge/knowledge_plugin.hpp"

#include "base/async/sequenced.hpp"
#include "base/json/json.hpp"
#include "base/log.hpp"
#include "base/os/file_system.hpp"
#include "base/sqlite.hpp"
#include "base/time/unix_time.hpp"
#include "plugins/knowledge/fact_store.hpp"
#include "plugins/knowledge/knowledge_endpoints.hpp"

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace keep::knowledge {

namespace {

constexpr std::size_t kMaxContained = 256;  // bytes; a longer query is a question, no piece of text

using Counts = std::map<std::string, std::uint64_t, std::less<>>;  // facts by tenant

// The file of all facts, opened by the first who needs it.
class FactFile {
 public:
  FactFile(FileSystem& files, std::string folder)
      : files_(files), folder_(std::move(folder)), path_(folder_ + "/knowledge.db") {}

  // How much it holds. Makes no file, and sets a damaged one aside: it must keep nobody from
  // starting.
  Result<Counts> begin();
  Result<FactStore*> open();
  void close() noexcept { store_.reset(); }

 private:
  Result<bool> set_aside_if_damaged() const;

  FileSystem& files_;
  std::string folder_, path_;
  std::optional<FactStore> store_;
};

Result<Counts> FactFile::begin() {
  const auto there = files_.info(path_);
  if (folder_.empty() || !there) return Counts();
  const auto aside = set_aside_if_damaged();
  if (!aside) return aside.error();
  if (*aside) {
    log::error("damaged, set aside; facts begin anew", {{"what", path_ + ".damaged"}});
    return Counts();
  }
  const auto store = open();
  if (!store) return store.error();
  return (*store)->counts();
}

Result<FactStore*> FactFile::open() {
  if (store_) return &*store_;
  if (folder_.empty()) {
    return Error(Fault::kStorage, Side::kInternal, "history.folder: no place to keep anything");
  }
  if (const auto made = files_.make_folders(folder_); !made) return made.error();
  auto opened = FactStore::open(path_);
  if (!opened) return opened.error();
  store_ = *std::move(opened);
  return &*store_;
}

// Whether it has been.
Result<bool> FactFile::set_aside_if_damaged() const {
  const auto sound = sqlite::Database::is_sound(path_);
  if (!sound) return sound.error();
  if (*sound) return false;
  if (const auto moved = sqlite::set_aside(files_, path_); !moved) return moved.error();
  return true;
}

std::vector<std::string> texts_of(const std::vector<Fact>& facts) {
  std::vector<std::string> texts;
  texts.reserve(facts.size());
  for (const Fact& fact : facts) texts.push_back(fact.topic + " " + fact.key + ": " + fact.value);
  return texts;
}

std::vector<FoundFact> best_of(std::vector<Fact> facts, const std::vector<float>& relevance,
                               std::size_t limit) {
  std::vector<FoundFact> found;
  for (std::size_t i = 0; i < facts.size(); ++i) {
    if (relevance[i] > 0) found.push_back({std::move(facts[i]), relevance[i]});
  }
  std::ranges::stable_sort(found, std::greater<>(), &FoundFact::relevance);
  if (found.size() > limit) found.resize(limit);
  return found;
}

class KnowledgePlugin final : public LendingPlugin<Knowledge> {
 public:
  KnowledgePlugin(KnowledgeSettings settings, Services& services,
                  std::shared_ptr<const TextRanker> ranker)
      : ranker_(std::move(ranker)),
        file_(services.pools.disk, services.files, std::move(settings.folder)),
        cpu_(services.pools.cpu) {}

  std::string_view name() const noexcept override { return "knowledge"; }
  Task<> start() override;
  Task<> stop() override;
  asio::awaitable<Reply> on_endpoint(const Exchange& exchange) override;
  void report(json::Writer& health) const override;

  bool knows_anything(std::string_view tenant) const override { return facts_.contains(tenant); }
  Task<std::vector<FoundFact>> search(std::string tenant, std::string question,
                                      std::size_t limit) override;

 private:
  // Runs fn(FactStore&), which returns a Result, where files may be waited for.
  template <class Fn>
  asio::awaitable<std::invoke_result_t<Fn&, FactStore&>> with(Fn fn);
  Task<std::vector<FoundFact>> find(FactScope scope, std::string question, std::size_t limit);
  Task<> add_contained(const FactScope& scope, const Query& query, std::vector<FoundFact>& found);
  asio::awaitable<Reply> topics(const std::string& tenant);
  asio::awaitable<Reply> store(const Exchange& exchange);
  asio::awaitable<Reply> answer(const Exchange& exchange);
  Task<std::vector<Answered>> answers_to(const std::string& tenant, const Query& query);

  std::shared_ptr<const TextRanker> ranker_;
  const Sequenced<FactFile> file_;
  Pool& cpu_;
  Counts facts_;  // none of a tenant that has no facts
};

Task<> KnowledgePlugin::start() {
  auto job = [](FactFile& file) { return file.begin(); };
  auto counts = co_await file_.run(std::move(job));
  if (counts) {
    facts_ = *std::move(counts);
  } else {
    log::error("stored facts cannot be read", {{"why", counts.error().detail}});
  }
  co_return Result<>{};
}

Task<> KnowledgePlugin::stop() {
  auto job = [](FactFile& file) {
    file.close();
    return true;
  };
  co_await file_.run(std::move(job));
  co_return Result<>{};
}

template <class Fn>
asio::awaitable<std::invoke_result_t<Fn&, FactStore&>> KnowledgePlugin::with(Fn fn) {
  auto job = [fn = std::move(fn)](FactFile& file) mutable -> std::invoke_result_t<Fn&, FactStore&> {
    const auto store = file.open();
    if (!store) return store.error();
    return fn(**store);
  };
  return file_.run(std::move(job));
}

Task<std::vector<FoundFact>> KnowledgePlugin::search(std::string tenant, std::string question,
                                                     std::size_t limit) {
  FactScope scope{std::move(tenant), std::nullopt};
  auto found = co_await find(std::move(scope), std::move(question), limit);
  if (found) std::erase_if(*found, [](const FoundFact& one) { return one.fact.damaged; });
  co_return found;
}

Task<std::vector<FoundFact>> KnowledgePlugin::find(FactScope scope, std::string question,
                                                   std::size_t limit) {
  if (!knows_anything(scope.tenant)) co_return std::vector<FoundFact>();
  auto look = [&scope, &question](FactStore& store) { return store.candidates(scope, question); };
  auto facts = co_await with(std::move(look));
  if (!facts) co_return facts.error();
  auto rank = [ranker = ranker_, question = std::move(question), facts = *std::move(facts),
               limit]() mutable {
    const std::vector<float> relevance = ranker->rank(question, texts_of(facts));
    return best_of(std::move(facts), relevance, limit);
  };
  co_return co_await run_on(cpu_, std::move(rank));
}

asio::awaitable<Reply> KnowledgePlugin::on_endpoint(const Exchange& exchange) {
  const Request& request = exchange.request;
  const std::string_view path = request.path();
  if (path == "/v1/knowledge/topics" && request.method == "GET") {
    co_return co_await topics(exchange.identity.tenant);
  }
  if (request.method != "POST") co_return nullptr;
  if (path == "/v1/knowledge/store") co_return co_await store(exchange);
  if (path == "/v1/knowledge/search") co_return co_await answer(exchange);
  co_return nullptr;
}

asio::awaitable<Reply> KnowledgePlugin::topics(const std::string& tenant) {
  std::vector<Topic> list;
  if (knows_anything(tenant)) {
    auto look = [&tenant](FactStore& store) { return store.topics(tenant); };
    auto found = co_await with(std::move(look));
    if (!found) co_return to_reply(found.error());
    list = *std::move(found);
  }
  co_return json_reply(200, topics_body(list));
}

asio::awaitable<Reply> KnowledgePlugin::store(const Exchange& exchange) {
  auto fact = read_new_fact(exchange.request.body);
  if (!fact) co_return to_reply(fact.error());
  const std::string& tenant = exchange.identity.tenant;
  auto put = [&tenant, &fact, now = unix_now()](FactStore& store) {
    return store.store(tenant, *fact, now);
  };
  const auto stored = co_await with(std::move(put));
  if (!stored) co_return to_reply(stored.error());
  if (stored->is_new) ++facts_[tenant];
  co_return json_reply(200, stored_body(*fact, *stored));
}

asio::awaitable<Reply> KnowledgePlugin::answer(const Exchange& exchange) {
  const auto query = read_query(exchange.request.body);
  if (!query) co_return to_reply(query.error());
  const auto results = co_await answers_to(exchange.identity.tenant, *query);
  if (!results) co_return to_reply(results.error());
  co_return json_reply(200, results_body(*results, *query));
}

Task<std::vector<Answered>> KnowledgePlugin::answers_to(const std::string& tenant,
                                                        const Query& query) {
  const FactScope scope{tenant, query.topic};
  auto found = co_await find(scope, query.text, query.limit);
  if (!found) co_return found.error();
  const auto contained = co_await add_contained(scope, query, *found);
  if (!contained) co_return contained.error();
  std::vector<Answered> results;
  for (FoundFact& one : *found) results.push_back({std::move(one), {}});
  if (!query.versions) co_return results;
  auto look = [&results](FactStore& store) -> Result<> {
    for (Answered& result : results) {
      auto old = store.old_values(result.found.fact.id);
      if (!old) return old.error();
      result.old = *std::move(old);
    }
    return {};
  };
  const auto looked = co_await with(std::move(look));
  if (!looked) co_return looked.error();
  co_return results;
}

// What was typed may be a part of a word, or of a text that is not made of words.
Task<> KnowledgePlugin::add_contained(const FactScope& scope, const Query& query,
                                      std::vector<FoundFact>& found) {
  const bool worth_it = found.size() < query.limit && query.text.size() <= kMaxContained;
  if (!worth_it || !knows_anything(scope.tenant)) co_return Result<>{};
  auto look = [&scope, &query](FactStore& store) {
    return store.containing(scope, query.text, query.limit);
  };
  auto contained = co_await with(std::move(look));
  if (!contained) co_return contained.error();
  for (Fact& fact : *contained) {
    const auto same = [&fact](const FoundFact& one) { return one.fact.id == fact.id; };
    if (found.size() < query.limit && std::ranges::none_of(found, same)) {
      found.push_back({std::move(fact), 0});
    }
  }
  co_return Result<>{};
}

void KnowledgePlugin::report(json::Writer& health) const {
  std::uint64_t facts = 0;
  for (const auto& [tenant, count] : facts_) facts += count;
  health.key("knowledge").begin_object();
  health.member("facts", facts).member("tenants", facts_.size()).end_object();
}

}  // namespace

std::unique_ptr<LendingPlugin<Knowledge>> make_knowledge(KnowledgeSettings settings,
                                                         Services& services,
                                                         std::shared_ptr<const TextRanker> ranker) {
  return std::make_unique<KnowledgePlugin>(std::move(settings), services, std::move(ranker));
}

}  // namespace keep::knowledge
