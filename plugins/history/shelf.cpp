#include "plugins/history/shelf.hpp"

#include "base/log.hpp"
#include "plugins/history/shelf_scan.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace keep::history {

namespace {

constexpr std::chrono::seconds kSweepEvery{60};

}  // namespace

Shelf::Shelf(Services& services, ShelfSettings settings)
    : services_(services), settings_(std::move(settings)), metrics_(services.metrics) {}

Task<> Shelf::open() {
  auto job = [folder = settings_.folder, log = settings_.log] { return scan_shelf(folder, log); };
  auto scan = co_await run_on(services_.pools.disk, std::move(job));
  if (!scan) co_return scan.error();
  for (const std::string& line : scan->notes) log::warn("conversations", {{"what", line}});
  totals_.damaged = scan->damaged;
  metrics_.damaged.add(static_cast<double>(scan->damaged));
  for (Summary& summary : scan->found) {
    const Figures figures = summary;
    const auto at = entries_.try_emplace(std::move(summary.name)).first;
    count(at->first, at->second, figures);
  }
  sweep();
  if (settings_.ttl.count() > 0) services_.spawner.spawn("history ttl", sweep_often());
  co_return Result<>{};
}

Task<bool> Shelf::end(ConversationName name) {
  if (!known(name)) co_return false;
  co_return co_await remove(std::move(name));
}

Task<bool> Shelf::remove(ConversationName name) {
  std::shared_ptr<Drawer> drawer = enter(name);
  Turn turn(*this, std::move(name), drawer);
  (void)take_waiting(turn.name());
  auto job = [drawer = std::move(drawer)] {
    Done<Result<bool>> done;
    done.result = drawer->remove();
    done.state = drawer->state();
    return done;
  };
  Done<Result<bool>> done = co_await run_in_turn(turn.drawer()->strand, std::move(job));
  note(turn.name(), std::move(done.state));
  if (done.result && settings_.on_removed) settings_.on_removed(turn.name());
  co_return std::move(done.result);
}

std::vector<Summary> Shelf::list(std::string_view tenant) const {
  std::vector<Summary> summaries;
  const ConversationName first{std::string(tenant), std::string()};
  for (auto at = entries_.lower_bound(first); at != entries_.end(); ++at) {
    if (at->first.tenant != tenant) break;
    if (at->second.counted) summaries.push_back(Summary{at->second.figures, at->first});
  }
  return summaries;
}

std::optional<Summary> Shelf::find(const ConversationName& name) const {
  if (!known(name)) return std::nullopt;
  return Summary{entries_.find(name)->second.figures, name};
}

bool Shelf::known(const ConversationName& name) const {
  const auto at = entries_.find(name);
  return at != entries_.end() && at->second.counted;
}

const ConversationLog* Shelf::at_hand(const ConversationName& name) {
  if (!known(name)) return nullptr;  // or about to be deleted
  const Entry& entry = entries_.find(name)->second;
  if (entry.drawer == nullptr || entry.running > 0 || !entry.waiting.empty()) return nullptr;
  open_.splice(open_.end(), open_, entry.opened);
  return entry.drawer->opened();
}

void Shelf::add_later(const ConversationName& name, std::vector<NewMessage> messages) {
  entries_.find(name)->second.waiting = std::move(messages);
}

bool Shelf::waits(const ConversationName& name) const {
  const auto at = entries_.find(name);
  return at != entries_.end() && !at->second.waiting.empty();
}

std::vector<ConversationName> Shelf::waiting() const {
  std::vector<ConversationName> names;
  for (const auto& [name, entry] : entries_) {
    if (!entry.waiting.empty()) names.push_back(name);
  }
  return names;
}

std::vector<NewMessage> Shelf::take_waiting(const ConversationName& name) {
  return std::exchange(entries_.find(name)->second.waiting, {});
}

// Asks for a turn.
std::shared_ptr<Drawer> Shelf::enter(const ConversationName& name) {
  const auto at = entries_.try_emplace(name).first;
  Entry& entry = at->second;
  if (entry.drawer == nullptr) {
    entry.drawer = std::make_shared<Drawer>(Strand(services_.pools.disk.get_executor()),
                                            stem_of(settings_.folder, name), name, settings_.log);
    entry.opened = open_.insert(open_.end(), &at->first);
  } else {
    open_.splice(open_.end(), open_, entry.opened);
  }
  ++entry.running;
  close_idle();
  return entry.drawer;
}

// A turn has ended.
void Shelf::leave(const ConversationName& name) {
  const auto at = entries_.find(name);
  Entry& entry = at->second;
  --entry.running;
  if (entry.running == 0 && !entry.counted) {
    open_.erase(entry.opened);
    entries_.erase(at);
  }
  close_idle();
  sweep();
}

// What a turn has left behind.
void Shelf::note(const ConversationName& name, Drawer::State state) {
  for (const std::string& line : state.notes) log::warn("conversation", {{"what", line}});
  if (!state.figures) return;
  const auto at = entries_.find(name);
  Entry& entry = at->second;
  Figures figures = *state.figures;
  if (entry.counted && figures.messages == entry.figures.messages) {
    totals_.disk_bytes += figures.disk_bytes - entry.figures.disk_bytes;
    entry.figures.disk_bytes = figures.disk_bytes;
    return;
  }
  if (entry.counted) discount(entry);
  figures.last_used = wall_clock();
  if (figures.messages > 0) count(at->first, entry, figures);
}

// As the one that was used last. `name` lives in entries_.
void Shelf::count(const ConversationName& name, Entry& entry, const Figures& figures) {
  entry.figures = figures;
  entry.counted = true;
  entry.use = by_use_.insert(by_use_.end(), &name);
  ++totals_.conversations;
  totals_.messages += figures.messages;
  totals_.turns += figures.turns;
  totals_.tokens += figures.tokens;
  totals_.disk_bytes += figures.disk_bytes;
}

void Shelf::discount(Entry& entry) {
  entry.counted = false;
  by_use_.erase(entry.use);
  --totals_.conversations;
  totals_.messages -= entry.figures.messages;
  totals_.turns -= entry.figures.turns;
  totals_.tokens -= entry.figures.tokens;
  totals_.disk_bytes -= entry.figures.disk_bytes;
}

void Shelf::close_idle() {
  for (auto at = open_.begin(); at != open_.end() && open_.size() > settings_.max_open;) {
    Entry& entry = entries_.find(**at)->second;
    if (entry.running > 0) {
      ++at;
      continue;
    }
    const Strand strand = entry.drawer->strand;
    asio::post(strand, [drawer = std::move(entry.drawer)] { drawer->close(); });
    entry.drawer.reset();
    at = open_.erase(at);
  }
}

void Shelf::sweep() {
  const std::int64_t now = wall_clock();
  const std::int64_t ttl = settings_.ttl.count();
  for (auto at = by_use_.begin(); at != by_use_.end();) {
    const ConversationName name = **at;
    const Entry& entry = entries_.find(name)->second;
    const bool old = ttl > 0 && entry.figures.last_used + ttl <= now;
    const bool last = ++at == by_use_.end();
    const bool much = settings_.max_bytes > 0 && totals_.disk_bytes > settings_.max_bytes && !last;
    if (!old && !much) break;
    if (entry.running == 0 && entry.waiting.empty()) let_go(name, old);
  }
  metrics_.conversations.set(static_cast<double>(totals_.conversations));
  metrics_.disk_bytes.set(static_cast<double>(totals_.disk_bytes));
  metrics_.open.set(static_cast<double>(open_.size()));
}

void Shelf::let_go(const ConversationName& name, bool old) {
  Entry& entry = entries_.find(name)->second;
  log::info("conversation deleted", {{"conversation", name.id},
                                     {"reason", old ? "ttl" : "quota"},
                                     {"messages", entry.figures.messages},
                                     {"bytes", entry.figures.disk_bytes}});
  (old ? metrics_.evicted_ttl : metrics_.evicted_quota).add();
  discount(entry);
  services_.spawner.spawn("history deletion", delete_files(name));
}

asio::awaitable<void> Shelf::delete_files(ConversationName name) {
  // Somebody may have come for it meanwhile: then it stays.
  const auto at = entries_.find(name);
  if (at == entries_.end() || at->second.counted || at->second.running > 0) co_return;
  const auto removed = co_await remove(std::move(name));
  if (!removed) log::warn("conversation not deleted", {{"what", removed.error().detail}});
}

asio::awaitable<void> Shelf::sweep_often() {
  asio::steady_timer timer(services_.loop);
  for (;;) {
    timer.expires_after(kSweepEvery);
    co_await timer.async_wait(asio::use_awaitable);
    sweep();
  }
}

Totals Shelf::totals() const noexcept {
  Totals totals = totals_;
  totals.open = open_.size();
  return totals;
}

std::int64_t Shelf::wall_clock() const {
  if (settings_.wall_clock) return settings_.wall_clock();
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::seconds>(since).count();
}

}  // namespace keep::history
