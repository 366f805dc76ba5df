#include "plugins/recall/vectors/vector_store.hpp"

#include "base/hash.hpp"
#include "base/log.hpp"
#include "plugins/recall/vectors/vector_file.hpp"

#include <boost/asio/post.hpp>

#include <utility>
#include <vector>

namespace keep::recall {

namespace {

// Vectors that have come since a file of `rows` was written, to write it again: every file is
// written eight times its size in all.
std::size_t many_for(std::size_t rows) noexcept { return rows / 8 + 1; }

}  // namespace

VectorState state_of(const ConversationVectors* vectors, PassagePlace next) {
  VectorState state;
  state.next = next;
  if (vectors == nullptr) return state;
  state.rows = vectors->size();
  state.bytes = vectors->memory_bytes();
  state.next = vectors->next();
  state.wants_graph = vectors->wants_graph();
  return state;
}

VectorStore::VectorStore(Services& services, Conversations& conversations, std::string folder,
                         std::size_t max_bytes)
    : services_(services),
      conversations_(conversations),
      folder_(std::move(folder)),
      max_bytes_(max_bytes),
      turn_(services.pools.disk.get_executor()),
      held_(services.metrics.gauge("recall_vectors", "Vectors of passages in memory")) {}

asio::awaitable<std::optional<SharedVectors>> VectorStore::open(ConversationName name) {
  Entry& entry = entries_.get(exact_key(name), hash64(name.tenant));
  if (!entry.shared) {
    entry.shared.emplace(services_.pools.cpu);
    entry.name = name;
  }
  const SharedVectors shared = *entry.shared;
  if (entry.loaded) co_return shared;
  auto job = [&files = services_.files, path = vector_path(folder_, name), name] {
    return read_vectors(files, path, name);
  };
  auto read = co_await run_in_turn(turn_, std::move(job));
  if (!read) log::warn("vectors are made anew", {{"why", read.error().detail}});
  std::unique_ptr<ConversationVectors> vectors;
  if (read && *read != nullptr) {
    const bool ours = co_await is_of(name, **read);
    if (ours) vectors = *std::move(read);
  }
  Entry* const now = entries_.peek(exact_key(name));
  if (now == nullptr || now->shared != shared) co_return std::nullopt;
  if (now->loaded) co_return shared;  // another was quicker
  now->loaded = true;
  if (vectors == nullptr) co_return shared;
  now->rows_on_disk = vectors->size();
  set_state(*now, state_of(vectors.get(), {}));
  trim();
  // Jobs that are asked for from now on find them. Not awaited: a caller who is cancelled must
  // not leave it half done.
  shared.post([vectors = std::move(vectors)](std::unique_ptr<ConversationVectors>& value) mutable {
    value = std::move(vectors);
  });
  co_return shared;
}

asio::awaitable<bool> VectorStore::is_of(ConversationName name,
                                         const ConversationVectors& vectors) {
  const PassagePlace first = vectors.places().front(), last = vectors.places().back();
  const auto stamps = vectors.stamps();
  const bool begins = co_await has_message(name, first.message, stamps.first);
  if (!begins) co_return false;
  co_return co_await has_message(name, last.message, stamps.last);
}

asio::awaitable<bool> VectorStore::has_message(ConversationName name, Position position,
                                               std::uint64_t stamp) {
  const auto messages = co_await conversations_.read(std::move(name), position, 1);
  if (!messages || messages->empty()) co_return false;
  const MessageInfo& info = messages->front().info;
  co_return info.position == position&& stamp_of(info) == stamp;
}

const VectorState* VectorStore::find(const ConversationName& name,
                                     const SharedVectors& shared) const {
  const Entry* const entry = entries_.peek(exact_key(name));
  return entry == nullptr || entry->shared != shared ? nullptr : &entry->state;
}

void VectorStore::note(const ConversationName& name, const SharedVectors& shared,
                       VectorState state) {
  Entry* const entry = entries_.peek(exact_key(name));
  if (entry == nullptr || entry->shared != shared) return;
  if (state.rows < entry->state.rows) entry->rows_on_disk = 0;  // of another model
  entry->changed = entry->changed || state.rows != entry->state.rows;
  set_state(*entry, state);
  trim();
}

void VectorStore::set_state(Entry& entry, VectorState state) {
  bytes_ = bytes_ - entry.state.bytes + state.bytes;
  rows_ = rows_ - entry.state.rows + state.rows;
  entry.state = state;
  entries_.weigh(exact_key(entry.name), state.bytes);
  held_.set(static_cast<double>(rows_));
}

asio::awaitable<void> VectorStore::save(ConversationName name) {
  const Entry* const entry = entries_.peek(exact_key(name));
  if (entry == nullptr || !entry->changed) co_return;
  if (entry->state.rows < entry->rows_on_disk + many_for(entry->rows_on_disk)) co_return;
  co_await write(std::move(name), *entry->shared);
}

asio::awaitable<void> VectorStore::save_all() {
  std::vector<ConversationName> changed;
  entries_.for_each([&](const std::string&, const Entry& entry) {
    if (entry.changed) changed.push_back(entry.name);
  });
  for (const ConversationName& name : changed) {
    const Entry* const entry = entries_.peek(exact_key(name));
    if (entry == nullptr) continue;
    co_await write(name, *entry->shared);
  }
}

// What is asked of the files later finds it written: a file that is deleted stays so.
asio::awaitable<void> VectorStore::write(ConversationName name, SharedVectors shared) {
  auto encode = [name](const std::unique_ptr<ConversationVectors>& vectors) {
    const bool any = vectors != nullptr && vectors->size() > 0;
    return any ? encode_vectors(*vectors, name) : std::string();
  };
  auto bytes = co_await shared.run(std::move(encode));
  Entry* const entry = entries_.peek(exact_key(name));
  if (bytes.empty() || entry == nullptr || entry->shared != shared) co_return;
  entry->changed = false;
  entry->rows_on_disk = entry->state.rows;
  auto job = [&files = services_.files, path = vector_path(folder_, name),
              bytes = std::move(bytes)] { return write_vectors(files, path, bytes); };
  const auto written = co_await run_in_turn(turn_, std::move(job));
  if (written) co_return;
  log::warn("vectors are not on disk", {{"why", written.error().detail}});
  Entry* const late = entries_.peek(exact_key(name));
  if (late != nullptr && late->shared == shared) late->changed = true;  // when more have come
}

asio::awaitable<void> VectorStore::sweep() {
  auto list = [&files = services_.files, folder = folder_] { return list_vectors(files, folder); };
  const auto found = co_await run_in_turn(turn_, std::move(list));
  for (const VectorFile& file : found) {
    const bool known =
        file.path == vector_path(folder_, file.name) && conversations_.has(file.name);
    if (known) continue;
    auto remove = [&files = services_.files, path = file.path] { return files.remove(path); };
    const auto removed = co_await run_in_turn(turn_, std::move(remove));
    if (!removed) log::warn("vectors not deleted", {{"why", removed.error().detail}});
  }
}

void VectorStore::forget(const ConversationName& name) {
  if (Entry* const entry = entries_.peek(exact_key(name))) {
    set_state(*entry, {});
    entries_.erase(exact_key(name));
  }
  asio::post(turn_, [&files = services_.files, path = vector_path(folder_, name)] {
    const auto removed = files.remove(path);
    if (!removed) log::warn("vectors not deleted", {{"why", removed.error().detail}});
  });
}

bool VectorStore::reaches(const ConversationName& name, Position end) const {
  const Entry* const entry = entries_.peek(exact_key(name));
  return entry != nullptr && entry->state.next > PassagePlace{end, 0};
}

std::size_t VectorStore::rows(const ConversationName& name) const {
  const Entry* const entry = entries_.peek(exact_key(name));
  return entry == nullptr ? 0 : entry->state.rows;
}

void VectorStore::trim() {
  while (bytes_ > max_bytes_ && entries_.size() > 1) {
    auto oldest = entries_.pop_oldest();
    set_state(oldest->second, {});
  }
}

}  // namespace keep::recall
