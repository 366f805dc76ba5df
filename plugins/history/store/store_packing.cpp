// ConversationStore: what goes into the pack, and what is deleted from it.
#include "base/log.hpp"
#include "plugins/history/store/conversation_store.hpp"
#include "plugins/history/store/store_scan.hpp"

#include <algorithm>
#include <utility>

namespace keep::history {

namespace {

// Conversations in one transaction, which costs about as much as one of them alone. Fewer that
// could be packed stay in files until there are as many.
constexpr std::size_t kAtOnce = 128;
// What takes more on disk is not looked at: larger blocks than these have no file systems.
constexpr std::uint64_t kWorthALook = 3 << 16;

}  // namespace

// Some conversations that nobody uses, and what became of them. Whoever comes for one of them
// meanwhile waits on the strand.
struct ConversationStore::PackJob {
  std::vector<ConversationName> names, doomed;
  std::vector<std::string> stems, doomed_stems;
  std::vector<Packed> packed;  // as `names`; empty after a failure
  bool removed = false;
  std::uint64_t pack_bytes = 0;
  std::vector<std::string> failures;

  void run(FileSystem& files, Pack& pack);

 private:
  Result<> remove(FileSystem& files, Pack& pack) const;
};

Result<> ConversationStore::PackJob::remove(FileSystem& files, Pack& pack) const {
  std::vector<std::string> keys;
  for (const std::string& stem : doomed_stems) keys.push_back(key_of(stem));
  if (auto gone = pack.change(keys, {}); !gone) return gone;
  for (const std::string& stem : doomed_stems) {
    if (const auto gone = ConversationLog::remove(files, stem); !gone) return gone.error();
  }
  return {};
}

void ConversationStore::PackJob::run(FileSystem& files, Pack& pack) {
  const auto gone = remove(files, pack);
  removed = gone.has_value();
  if (!removed) failures.push_back("conversations not deleted: " + gone.error().detail);
  auto outcomes = pack_small(files, pack, stems);
  if (outcomes) {
    packed = *std::move(outcomes);
  } else {
    failures.push_back("small conversations not packed: " + outcomes.error().detail);
  }
  pack_bytes = pack.disk_bytes();
}

void ConversationStore::may_pack(const ConversationName& name, Entry& entry) {
  if (entry.in_pack || entry.figures.disk_bytes <= kWorthALook) enqueue(closed_, name, entry);
}

// As the last one there, wherever it was before. `name` lives in entries_.
void ConversationStore::enqueue(std::list<const ConversationName*>& queue,
                                const ConversationName& name, Entry& entry) {
  unqueue(entry);
  entry.queue = &queue;
  entry.queued = queue.insert(queue.end(), &name);
}

void ConversationStore::unqueue(Entry& entry) {
  if (entry.queue == nullptr) return;
  entry.queue->erase(entry.queued);
  entry.queue = nullptr;
}

void ConversationStore::tidy_pack() {
  if (tidying_ || (doomed_.empty() && closed_.size() < kAtOnce)) return;
  tidying_ = true;
  services_.spawner.spawn("history packing", run_pack_jobs(kAtOnce));
}

asio::awaitable<void> ConversationStore::run_pack_jobs(std::size_t least) {
  while (!doomed_.empty() || closed_.size() >= least) {
    auto job = [&files = services_.files, pack = pack_, work = next_pack_job()]() mutable {
      work.run(files, *pack);
      return std::move(work);
    };
    const PackJob done = co_await run_in_turn(pack_strand_, std::move(job));
    note(done);
  }
  tidying_ = false;
}

asio::awaitable<void> ConversationStore::put_away() {
  // There may be any number of them, for the next time.
  while (closed_.size() > kAtOnce) unqueue(entries_.find(*closed_.back())->second);
  close_unused(0, 0);
  co_await run_pack_jobs(1);
}

// Only what nobody uses: whatever is in use is closed again later.
ConversationStore::PackJob ConversationStore::next_pack_job() {
  PackJob job;
  const auto take = [this](const std::list<const ConversationName*>& from, bool counted,
                           std::vector<ConversationName>& names, std::vector<std::string>& stems) {
    while (!from.empty() && names.size() < kAtOnce) {
      const auto at = entries_.find(*from.front());
      Entry& entry = at->second;
      unqueue(entry);
      if (entry.counted != counted || entry.running > 0 || entry.log) continue;
      entry.in_pack = true;
      stems.push_back(stem_of(settings_.folder, at->first));
      names.push_back(at->first);
    }
  };
  take(doomed_, false, job.doomed, job.doomed_stems);
  take(closed_, true, job.names, job.stems);
  return job;
}

// What is in use again tells by itself what it takes.
void ConversationStore::note(const PackJob& done) {
  for (const std::string& line : done.failures) log::warn("conversations", {{"what", line}});
  for (std::size_t i = 0; i < done.packed.size(); ++i) {
    const auto at = entries_.find(done.names[i]);
    if (at == entries_.end() || !at->second.counted || at->second.log) continue;
    Entry& entry = at->second;
    entry.in_pack = done.packed[i].holds;
    if (!done.packed[i].bytes) continue;
    add(at->first.tenant, entry.figures, -1);
    entry.figures.disk_bytes = entry.figures.packed_bytes = *done.packed[i].bytes;
    add(at->first.tenant, entry.figures, 1);
  }
  note_removed(done);
  if (doomed_.empty()) count_pack(done.pack_bytes);  // else those would count as overhead
  sweep();
}

void ConversationStore::note_removed(const PackJob& done) {
  for (const ConversationName& name : done.doomed) {
    const auto at = entries_.find(name);
    const bool unused = at != entries_.end() && !at->second.counted && at->second.running == 0;
    if (!done.removed) {  // the entry stays, for whoever comes for it has to look in the pack
      if (unused) pack_undeleted_ += at->second.figures.packed_bytes;
      continue;
    }
    if (unused && !at->second.log) {
      unqueue(at->second);
      entries_.erase(at);
    }
    if (settings_.on_removed) settings_.on_removed(name);
  }
}

void ConversationStore::count_pack(std::uint64_t bytes) {
  const std::uint64_t known = totals_.packed_bytes + pack_undeleted_;
  pack_overhead_ = bytes - std::min(bytes, known);
}

}  // namespace keep::history
