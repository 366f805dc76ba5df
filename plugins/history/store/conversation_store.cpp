#include "plugins/history/store/conversation_store.hpp"

#include "base/log.hpp"
#include "base/time/unix_time.hpp"
#include "plugins/history/store/store_scan.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <memory>
#include <utility>

namespace keep::history {

namespace {

constexpr std::chrono::seconds kSweepEvery{60}, kTryAgain{3};
constexpr std::size_t kMaxUnwritten = 128 << 20;  // of all logs together, half of one tenant's

}  // namespace

ConversationStore::ConversationStore(Services& services, StoreSettings settings)
    : services_(services),
      settings_(std::move(settings)),
      metrics_(services.metrics),
      begun_(services.clock.now()),
      begun_at_(unix_now()),
      pack_(std::make_shared<Pack>(services.files, settings_.folder + "/pack.db")),
      pack_strand_(services.pools.disk.get_executor()),
      trouble_(services.metrics) {
  settings_.log.unwritten = std::make_shared<UnwrittenBytes>(kMaxUnwritten);
}

Task<> ConversationStore::open() {
  auto job = [&files = services_.files, folder = settings_.folder, log = settings_.log,
              pack = pack_] { return scan_store(files, folder, log, *pack); };
  auto scan = co_await run_in_turn(pack_strand_, std::move(job));
  if (!scan) co_return scan.error();
  for (const std::string& line : scan->notes) log::warn("conversations", {{"what", line}});
  totals_.damaged = scan->damaged;
  metrics_.damaged.add(static_cast<double>(scan->damaged));
  for (Found& found : scan->found) {
    Figures figures = found;
    figures.last_used = std::min(figures.last_used, wall_clock());  // by a clock that was wrong
    const auto at = entries_.try_emplace(std::move(found.name)).first;
    at->second.in_pack = found.in_pack;
    count(at->first, at->second, figures);
    if (figures.packed_bytes == 0) may_pack(at->first, at->second);
  }
  count_pack(scan->pack_bytes);
  sweep();
  tidy_pack();
  if (settings_.ttl.count() > 0) services_.spawner.spawn("history ttl", sweep_often());
  co_return Result<>{};
}

Task<bool> ConversationStore::end(ConversationName name) {
  if (!known(name)) co_return false;
  co_return co_await remove(std::move(name));
}

Task<bool> ConversationStore::remove(ConversationName name) {
  const Sequenced<OpenLog> log = enter(name);
  const Turn turn(*this, std::move(name));
  (void)take_waiting(turn.name());
  auto job = [](OpenLog& value) {
    Done<Result<bool>> done;
    done.result = value.remove();
    done.state = value.state();
    return done;
  };
  Done<Result<bool>> done = co_await log.run(std::move(job));
  note(turn.name(), std::move(done.state));
  if (done.result && settings_.on_removed) settings_.on_removed(turn.name());
  co_return std::move(done.result);
}

std::vector<Summary> ConversationStore::list(std::string_view tenant) const {
  std::vector<Summary> summaries;
  const ConversationName first{std::string(tenant), std::string()};
  for (auto at = entries_.lower_bound(first); at != entries_.end(); ++at) {
    if (at->first.tenant != tenant) break;
    if (at->second.counted) summaries.push_back(Summary{at->second.figures, at->first});
  }
  return summaries;
}

std::optional<Summary> ConversationStore::find(const ConversationName& name) const {
  if (!known(name)) return std::nullopt;
  return Summary{entries_.find(name)->second.figures, name};
}

bool ConversationStore::known(const ConversationName& name) const {
  const auto at = entries_.find(name);
  return at != entries_.end() && at->second.counted;
}

const ConversationLog* ConversationStore::at_hand(const ConversationName& name) {
  if (!known(name)) return nullptr;  // or about to be deleted
  const Entry& entry = entries_.find(name)->second;
  if (!entry.log || entry.running > 0 || !entry.waiting.empty()) return nullptr;
  open_.splice(open_.end(), open_, entry.opened);
  return entry.log->value_while_idle().opened();  // its jobs are turns, and none is running
}

void ConversationStore::add_later(const ConversationName& name, std::vector<NewMessage> messages) {
  entries_.find(name)->second.waiting = std::move(messages);
}

bool ConversationStore::waits(const ConversationName& name) const {
  const auto at = entries_.find(name);
  if (at == entries_.end()) return false;
  const Entry& entry = at->second;
  return !entry.waiting.empty() || entry.figures.unwritten > entry.figures.refused;
}

bool ConversationStore::refused(const ConversationName& name) const {
  const auto at = entries_.find(name);
  return at != entries_.end() && at->second.figures.refused > 0;
}

asio::awaitable<void> ConversationStore::write_all() {
  std::vector<ConversationName> names;
  for (const ConversationName* const name : open_) {
    if (waits(*name) || refused(*name)) names.push_back(*name);
  }
  co_await write_each(std::move(names));
}

asio::awaitable<void> ConversationStore::write_each(std::vector<ConversationName> names) {
  for (ConversationName& name : names) {
    auto job = [](ConversationLog& log) { return log.flush(); };
    co_await with(std::move(name), false, std::move(job));
  }
}

asio::awaitable<void> ConversationStore::try_again() {
  asio::steady_timer timer(services_.loop);
  while (totals_.refused > 0) {
    timer.expires_after(kTryAgain);
    co_await timer.async_wait(asio::use_awaitable);
    std::vector<ConversationName> names;
    for (const ConversationName* const name : open_) {
      if (refused(*name)) names.push_back(*name);
    }
    co_await write_each(std::move(names));
  }
  trying_again_ = false;
}

std::vector<NewMessage> ConversationStore::take_waiting(const ConversationName& name) {
  return std::exchange(entries_.find(name)->second.waiting, {});
}

// Asks for a turn.
Sequenced<OpenLog> ConversationStore::enter(const ConversationName& name) {
  const auto at = entries_.try_emplace(name).first;
  Entry& entry = at->second;
  if (!entry.log) {
    const Strand strand =
        entry.in_pack ? pack_strand_ : Strand(services_.pools.disk.get_executor());
    entry.log.emplace(strand, services_.files, stem_of(settings_.folder, name), name, settings_.log,
                      entry.in_pack ? pack_ : nullptr);
    entry.opened = open_.insert(open_.end(), &at->first);
  } else {
    open_.splice(open_.end(), open_, entry.opened);
  }
  ++entry.running;
  close_idle();
  return *entry.log;
}

// A turn has ended.
void ConversationStore::leave(const ConversationName& name) {
  const auto at = entries_.find(name);
  Entry& entry = at->second;
  --entry.running;
  if (entry.running == 0 && !entry.counted) {
    open_.erase(entry.opened);
    set_memory(entry, 0);
    unqueue(entry);
    entries_.erase(at);
  }
  close_idle();
  sweep();
}

// What a turn has left behind.
void ConversationStore::note(const ConversationName& name, OpenLog::State state) {
  for (const std::string& line : state.notes) log::warn("conversation", {{"what", line}});
  if (state.lost_messages > 0) trouble_.lost(state.lost_messages, state.lost);
  if (!state.figures) return;
  const auto at = entries_.find(name);
  Entry& entry = at->second;
  if (entry.log) set_memory(entry, state.memory);
  const Figures& figures = *state.figures;
  const std::uint64_t before = entry.figures.messages;
  if (entry.counted && figures.messages == before) {
    add(name.tenant, entry.figures, -1);
    entry.figures.disk_bytes = figures.disk_bytes;
    entry.figures.packed_bytes = figures.packed_bytes;
    entry.figures.unwritten = figures.unwritten;
    entry.figures.refused = figures.refused;
    add(name.tenant, entry.figures, 1);
  } else {
    if (entry.counted) discount(entry);
    entry.figures = figures;
    entry.figures.last_used = wall_clock();
    if (figures.messages > 0) count(at->first, entry, entry.figures);
  }
  trouble_.refused(totals_.refused, state.refusal);
  if (figures.messages > before && figures.unwritten == 0) trouble_.written();
  if (totals_.refused > 0 && !std::exchange(trying_again_, true)) {
    services_.spawner.spawn("history retry", try_again());
  }
}

// As the one that was used last. `name` lives in entries_.
void ConversationStore::count(const ConversationName& name, Entry& entry, const Figures& figures) {
  entry.figures = figures;
  entry.counted = true;
  entry.use = by_use_.insert(by_use_.end(), &name);
  std::list<const ConversationName*>& own = shares_[name.tenant].by_use;
  entry.own_use = own.insert(own.end(), &name);
  ++totals_.conversations;
  add(name.tenant, figures, 1);
}

void ConversationStore::discount(Entry& entry) {
  const auto share = shares_.find((*entry.use)->tenant);
  entry.counted = false;
  by_use_.erase(entry.use);
  share->second.by_use.erase(entry.own_use);
  --totals_.conversations;
  add(share->first, entry.figures, -1);
  if (share->second.by_use.empty()) shares_.erase(share);
}

void ConversationStore::add(const std::string& tenant, const Figures& figures, int times) {
  const auto factor = static_cast<std::uint64_t>(times);  // arithmetic that wraps around
  totals_.messages += figures.messages * factor;
  totals_.turns += figures.turns * factor;
  totals_.tokens += figures.tokens * factor;
  totals_.disk_bytes += figures.disk_bytes * factor;
  totals_.packed_bytes += figures.packed_bytes * factor;
  shares_[tenant].disk_bytes += figures.disk_bytes * factor;
  totals_.refused += figures.refused * factor;
}

void ConversationStore::close_idle() {
  close_unused(settings_.max_open, settings_.max_open_bytes);
  tidy_pack();
}

void ConversationStore::close_unused(std::size_t most, std::uint64_t bytes) {
  const auto too_many = [&] { return open_.size() > most || open_bytes_ > bytes; };
  for (auto at = open_.begin(); at != open_.end() && too_many();) {
    Entry& entry = entries_.find(**at)->second;
    if (entry.running > 0 || entry.figures.unwritten > 0) {
      ++at;
      continue;
    }
    may_pack(**at, entry);
    close(entry);
    at = open_.erase(at);
  }
}

void ConversationStore::close(Entry& entry) {
  entry.log->post([](OpenLog& value) { value.close(); });
  entry.log.reset();
  set_memory(entry, 0);
}

void ConversationStore::set_memory(Entry& entry, std::uint64_t bytes) {
  open_bytes_ += bytes - entry.memory;
  entry.memory = bytes;
}

void ConversationStore::sweep() {
  sweep_old();
  sweep_much();
  metrics_.conversations.set(static_cast<double>(totals_.conversations));
  metrics_.disk_bytes.set(static_cast<double>(totals().disk_bytes));
  metrics_.open.set(static_cast<double>(open_.size()));
  metrics_.open_bytes.set(static_cast<double>(open_bytes_));
}

void ConversationStore::sweep_old() {
  const std::int64_t now = wall_clock();
  const std::int64_t ttl = settings_.ttl.count();
  for (auto at = by_use_.begin(); ttl > 0 && at != by_use_.end();) {
    const ConversationName name = **at++;
    const Entry& entry = entries_.find(name)->second;
    if (now - entry.figures.last_used < ttl) break;
    if (entry.running == 0 && entry.waiting.empty()) let_go(name, true);
  }
}

void ConversationStore::sweep_much() {
  while (settings_.max_bytes > 0 && totals().disk_bytes > settings_.max_bytes) {
    const ConversationName* const name = most_spare();
    if (name == nullptr) break;
    let_go(ConversationName(*name), false);
  }
}

// Of the tenant that has most on disk, and of nobody else while it is using all of that.
const ConversationName* ConversationStore::most_spare() const {
  const auto less = [](const auto& a, const auto& b) {
    return a.second.disk_bytes < b.second.disk_bytes;
  };
  const auto most = std::ranges::max_element(shares_, less);
  if (most == shares_.end()) return nullptr;
  for (const ConversationName* const name : most->second.by_use) {
    const Entry& entry = entries_.find(*name)->second;
    if (entry.running == 0 && entry.waiting.empty() && name != by_use_.back()) return name;
  }
  return nullptr;
}

void ConversationStore::let_go(const ConversationName& name, bool old) {
  const auto at = entries_.find(name);
  Entry& entry = at->second;
  log::info("conversation deleted", {{"conversation", name.id},
                                     {"reason", old ? "ttl" : "quota"},
                                     {"messages", entry.figures.messages},
                                     {"bytes", entry.figures.disk_bytes}});
  (old ? metrics_.evicted_ttl : metrics_.evicted_quota).add();
  discount(entry);
  if (entry.in_pack && !entry.log) {
    enqueue(doomed_, at->first, entry);
    tidy_pack();
  } else {
    services_.spawner.spawn("history deletion", delete_files(name));
  }
}

asio::awaitable<void> ConversationStore::delete_files(ConversationName name) {
  // Somebody may have come for it meanwhile: then it stays.
  const auto at = entries_.find(name);
  if (at == entries_.end() || at->second.counted || at->second.running > 0) co_return;
  const auto removed = co_await remove(std::move(name));
  if (!removed) log::warn("conversation not deleted", {{"what", removed.error().detail}});
}

asio::awaitable<void> ConversationStore::sweep_often() {
  asio::steady_timer timer(services_.loop);
  for (;;) {
    timer.expires_after(kSweepEvery);
    co_await timer.async_wait(asio::use_awaitable);
    sweep();
  }
}

Totals ConversationStore::totals() const noexcept {
  Totals totals = totals_;
  totals.disk_bytes += pack_overhead_;
  totals.open = open_.size();
  return totals;
}

// Time of day when this began, and what has passed since: a clock that jumps does not make every
// conversation old.
std::int64_t ConversationStore::wall_clock() const {
  if (settings_.wall_clock) return settings_.wall_clock();
  const auto since =
      std::chrono::duration_cast<std::chrono::seconds>(services_.clock.now() - begun_);
  return begun_at_ + since.count();
}

}  // namespace keep::history
