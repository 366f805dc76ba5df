#include "plugins/recall/vectors/vector_builder.hpp"

#include "base/log.hpp"

#include <algorithm>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace keep::recall {

namespace {

constexpr std::size_t kReadBytes = 32 << 10;  // messages of one step
constexpr std::size_t kBatch = 16;            // passages of one request
constexpr std::size_t kGraphRows = 32;        // of one step: some hundredths of a second

// The passages from `begin` on that go into one request.
std::vector<PassageText> take_batch(std::vector<PassageText>& passages, std::size_t begin) {
  const auto from = passages.begin() + static_cast<std::ptrdiff_t>(begin);
  const auto end = from + static_cast<std::ptrdiff_t>(std::min(kBatch, passages.size() - begin));
  return {std::move_iterator(from), std::move_iterator(end)};
}

// A server that was given another model gives vectors that cannot be compared. false: what was
// there is gone, and the next search has it begin anew.
bool add_rows(std::unique_ptr<ConversationVectors>& vectors,
              const std::vector<PassageText>& passages, const Embedded& embedded) {
  for (std::size_t i = 0; i < passages.size(); ++i) {
    const std::vector<float>& vector = embedded.vectors[i];
    if (vector.empty()) continue;  // no server takes it
    if (vectors == nullptr) {
      vectors = std::make_unique<ConversationVectors>(embedded.model, vector.size());
    }
    if (vectors->model() != embedded.model || vectors->dimensions() != vector.size()) {
      vectors.reset();
      return false;
    }
    if (passages[i].place >= vectors->next()) vectors->add(passages[i], vector);
  }
  return true;
}

}  // namespace

void VectorBuilder::want(const ConversationName& name, Position end) {
  if (!embeddings_.available(Embeddings::Kind::kPassage)) return;
  const auto known = std::ranges::find(jobs_, name, &Job::name);
  if (known != jobs_.end()) {
    known->end = end;
  } else {
    jobs_.push_back({name, end});
  }
  if (std::exchange(working_, true)) return;
  services_.spawner.spawn("recall vectors", work());
}

void VectorBuilder::forget(const ConversationName& name) {
  std::erase_if(jobs_, [&](const Job& job) { return job.name == name; });
}

asio::awaitable<void> VectorBuilder::work() {
  while (!jobs_.empty()) {
    Job job = std::move(jobs_.front());
    jobs_.pop_front();
    const auto more = co_await step(job);
    note_health(more);
    if (!more) jobs_.clear();
    if (more && *more) {
      const auto again = std::ranges::find(jobs_, job.name, &Job::name);
      if (again == jobs_.end()) jobs_.push_back(std::move(job));
    } else {
      co_await store_.save(std::move(job.name));
    }
  }
  working_ = false;
}

void VectorBuilder::note_health(const Result<bool>& done) {
  if (failing_ == !done) return;
  failing_ = !done;
  if (failing_) {
    log::warn("no vectors for now, words alone are searched", {{"why", done.error().detail}});
  } else {
    log::info("vectors are made again");
  }
}

// One read of messages; whether there is more to do.
Task<bool> VectorBuilder::step(Job job) {
  const std::optional<SharedVectors> open = co_await store_.open(job.name);
  if (!open) co_return false;
  const SharedVectors& shared = *open;
  const VectorState* const state = store_.find(job.name, shared);
  if (state == nullptr) co_return false;
  const PassagePlace from = state->next;
  const bool wants_graph = state->wants_graph;
  if (from.message >= job.end) {
    if (!wants_graph) co_return false;
    co_return co_await grow_graph(job.name, shared);
  }
  auto messages = co_await conversations_.read(job.name, from.message, kReadBytes);
  if (!messages) co_return false;  // ended
  std::erase_if(*messages, [&](const StoredMessage& one) { return one.info.position >= job.end; });
  if (messages->empty()) co_return false;
  const Position last = messages->back().info.position;
  auto split = [messages = *std::move(messages), from] {
    return passages_to_embed(messages, from);
  };
  auto passages = co_await run_on(services_.pools.cpu, std::move(split));
  const auto done = co_await embed(job, shared, std::move(passages));
  if (!done) co_return done.error();
  const PassagePlace next{last + 1, 0};
  if (*done) co_await go_on_from(job.name, shared, next);
  co_return *done;
}

Task<bool> VectorBuilder::embed(Job job, SharedVectors shared, std::vector<PassageText> passages) {
  for (std::size_t begin = 0; begin < passages.size(); begin += kBatch) {
    std::vector<PassageText> batch = take_batch(passages, begin);
    std::vector<std::string> texts;
    texts.reserve(batch.size());
    for (const PassageText& passage : batch) texts.push_back(passage.text);
    auto embedded = co_await embeddings_.embed(Embeddings::Kind::kPassage, std::move(texts));
    if (!embedded) co_return embedded.error();
    const bool added = co_await add(job.name, shared, std::move(batch), *std::move(embedded));
    if (!added || store_.find(job.name, shared) == nullptr) co_return false;
  }
  co_return true;
}

asio::awaitable<bool> VectorBuilder::add(ConversationName name, SharedVectors shared,
                                         std::vector<PassageText> passages, Embedded embedded) {
  struct Added {
    bool same_model = false;
    VectorState state;
  };
  auto job = [passages = std::move(passages),
              embedded = std::move(embedded)](std::unique_ptr<ConversationVectors>& vectors) {
    Added added;
    added.same_model = add_rows(vectors, passages, embedded);
    added.state = state_of(vectors.get(), {});
    return added;
  };
  const Added added = co_await shared.run(std::move(job));
  store_.note(name, shared, added.state);
  co_return added.same_model;
}

asio::awaitable<void> VectorBuilder::go_on_from(ConversationName name, SharedVectors shared,
                                                PassagePlace next) {
  auto job = [next](const std::unique_ptr<ConversationVectors>& vectors) {
    if (vectors != nullptr) vectors->go_on_from(next);
    return state_of(vectors.get(), next);
  };
  const VectorState state = co_await shared.run(std::move(job));
  store_.note(name, shared, state);
}

asio::awaitable<bool> VectorBuilder::grow_graph(ConversationName name, SharedVectors shared) {
  auto job = [](const std::unique_ptr<ConversationVectors>& vectors) {
    if (vectors != nullptr) {
      const auto grown = vectors->grow_graph(kGraphRows);
      if (!grown) log::warn("no graph of vectors", {{"why", grown.error().detail}});
    }
    return state_of(vectors.get(), {});
  };
  const VectorState state = co_await shared.run(std::move(job));
  store_.note(name, shared, state);
  co_return state.wants_graph;
}

}  // namespace keep::recall
