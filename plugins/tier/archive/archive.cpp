// TierArchive but for what it does to slots: what it knows, and what it learns of servers.
#include "plugins/tier/archive/archive.hpp"

#include "base/log.hpp"
#include "base/text/ids.hpp"
#include "plugins/tier/archive/server_model.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace keep::tier {

namespace {

constexpr std::size_t kGhosts = 100'000;        // about 90 bytes each
constexpr std::size_t kRemembered = 1'000'000;  // names of blocks, for all conversations
constexpr int kUselessOfAll = 3;                // then a server is not asked any more
constexpr std::int64_t kLeast = kTailTokens;    // tokens: fewer are in no block

// Without it llama-server reads the whole prompt, whatever the slot holds.
bool wants_cache(const openai::ChatRequest& chat) {
  return std::ranges::none_of(chat.fields, [](const json::Member& member) {
    return member.key_is("cache_prompt") && !member.value.boolean().value_or(true);
  });
}

// Not known to be started anew. Between two looks at its health it may have been.
bool is_same_server(const ServerProps& a, const ServerProps& b) {
  return a.model_path == b.model_path && a.build == b.build && a.total_slots == b.total_slots &&
         a.n_ctx == b.n_ctx && a.router == b.router;
}

const char* reason(ArchiveServer::Off why) {
  using enum ArchiveServer::Off;
  switch (why) {
    case kNo: break;
    case kNoFolder: return "slot_save_path is no folder that can be read and written here";
    case kNoSlotFiles: return "it was started without --slot-save-path";
    case kOtherFolder: return "what it saves does not come into slot_save_path";
    case kLayout: return "the KV cache of its model cannot be cut into blocks";
    case kUseless: return "it makes nothing of what is restored";
  }
  return "";
}

}  // namespace

TierArchive::TierArchive(const TierSettings& settings, Services& services, const Servers& servers)
    : services_(services),
      upstreams_(servers.upstreams),
      queries_(servers.queries),
      metrics_(services.metrics),
      namer_(random_id("")),
      store_(settings.ram_bytes, make_policy(settings.policy, settings.ram_bytes, kGhosts),
             kGhosts),
      snapshots_(kRemembered),
      servers_(servers.upstreams.size()) {
  for (std::size_t i = 0; i < servers_.size() && i < settings.folders.size(); ++i) {
    const std::string& folder = settings.folders[i];
    if (!folder.empty()) servers_[i].staging = std::make_unique<Staging>(services, folder);
  }
}

Task<> TierArchive::start() {
  for (std::size_t i = 0; i < servers_.size(); ++i) {
    if (!servers_[i].staging) continue;
    const auto cleared = co_await servers_[i].staging->clear();
    if (!cleared) turn_off(i, ArchiveServer::Off::kNoFolder);
    look_at(i);
  }
  upstreams_.on_change([this, alive = std::weak_ptr(alive_)](std::size_t upstream) {
    if (!alive.expired()) look_at(upstream);
  });
  co_return Result<>{};
}

// What is known of a server is void when it has been away.
void TierArchive::look_at(std::size_t upstream) {
  ArchiveServer& server = servers_[upstream];
  if (!server.staging) return;
  const bool up = upstreams_.at(upstream).healthy();
  const ServerProps& props = upstreams_.at(upstream).props();
  if (up && !server.model.empty() && is_same_server(props, server.props)) return;
  start_anew(upstream);
}

void TierArchive::start_anew(std::size_t upstream) {
  ArchiveServer& server = servers_[upstream];
  const bool up = upstreams_.at(upstream).healthy();
  server.props = upstreams_.at(upstream).props();
  std::erase_if(restored_, [upstream](const auto& one) { return one.first.first == upstream; });
  server.generation = ++runs_;
  server.same = {server.generation};
  server.others.clear();
  server.tasks.clear();
  server.model.clear();
  server.layout = nullptr;
  server.streams = 0;
  server.unreadable = server.useless = 0;
  server.useful = false;
  server.cost = RestoreCost();
  if (server.off != ArchiveServer::Off::kNoFolder) server.off = ArchiveServer::Off::kNo;
  if (up) services_.spawner.spawn("model look", learn_model(upstream, server.generation));
}

// A server that was away for less than the time between two looks at its health was not missed.
// What it says of its slots is asked before each use of one.
Task<> TierArchive::look_for_restart(std::size_t upstream) {
  constexpr std::chrono::milliseconds kFresh{200};  // for what is kept and brought back in a row
  ArchiveServer& server = servers_[upstream];
  if (services_.clock.now() - server.looked < kFresh && !server.tasks.empty()) co_return Result<>{};
  const std::uint64_t generation = server.generation;
  const Instant before = server.looked;
  const auto slots = co_await upstreams_.at(upstream).slots().list();
  // An answer that was overtaken by a later one tells of less.
  const bool overtaken = generation != server.generation || before != server.looked;
  if (!slots || overtaken) co_return Result<>{};
  const bool restarted = server.has_restarted(*slots);
  if (restarted) start_anew(upstream);
  server.note_tasks(*slots);
  server.looked = services_.clock.now();
  if (restarted) co_return Error(Fault::kGone, Side::kUpstream, "llama-server was started anew");
  co_return Result<>{};
}

asio::awaitable<void> TierArchive::learn_model(std::size_t upstream, std::uint64_t generation) {
  auto job = [&files = services_.files, props = upstreams_.at(upstream).props()] {
    return model_of(props, files);
  };
  std::string model = co_await run_on(services_.pools.disk, std::move(job));
  ArchiveServer& server = servers_[upstream];
  if (generation != server.generation) co_return;
  server.model = std::move(model);
  log::info("what leaves a slot is kept by way of a folder",
            {{"url", upstreams_.at(upstream).url()}, {"folder", server.staging->folder()}});
}

void TierArchive::turn_off(std::size_t upstream, ArchiveServer::Off why) {
  servers_[upstream].off = why;
  log::warn("what slots of this llama-server hold is not kept until it is started anew",
            {{"url", upstreams_.at(upstream).url()},
             {"why", reason(why)},
             {"advice", "see llama-keep doctor; what it has saved elsewhere is llama-keep-*"}});
}

bool TierArchive::suits(const ArchiveServer& server, const Snapshot* snapshot) const {
  if (snapshot == nullptr || !server.usable() || !server.may_compute_as(snapshot->by)) return false;
  return !server.layout || *server.layout == *snapshot->layout;
}

TierArchive::Match TierArchive::own(std::size_t upstream, const PromptOwner& owner) const {
  Match match;
  const Snapshot* const snapshot = snapshots_.find(owner);
  if (!suits(servers_[upstream], snapshot)) return match;
  match.snapshot = snapshot;
  match.chain = snapshot->chain;
  match.chain = match.chain.first(store_.count_leading(match.chain));
  match.tokens = static_cast<std::int64_t>(tokens_in(match.chain));
  return match;
}

// The blocks that hold the messages which both begin with, by their share of the text: llama-server
// finds out where they part.
TierArchive::Match TierArchive::shared(const Snapshot& kin,
                                       const openai::PromptTrail& trail) const {
  Match match;
  if (kin.text_bytes == 0) return match;
  const double bytes = static_cast<double>(kin.trail.shared_with(trail).bytes);
  const double share = std::min(bytes / static_cast<double>(kin.text_bytes), 1.0);
  const auto tokens = static_cast<std::size_t>(share * static_cast<double>(tokens_in(kin.chain)));
  const std::size_t enough = tokens + tokens / 8 + kBlockTokens;
  const auto end = std::ranges::find_if(
      kin.chain, [enough](const ChainBlock& block) { return block.first >= enough; });
  match.snapshot = &kin;
  match.chain = {kin.chain.begin(), end};
  match.chain = match.chain.first(store_.count_leading(match.chain));
  match.tokens = static_cast<std::int64_t>(std::min(tokens, tokens_in(match.chain)));
  return match;
}

TierArchive::Match TierArchive::find(std::size_t upstream, const WantedPrompt& prompt) const {
  Match best = own(upstream, *prompt.owner);
  for (const Snapshot* const kin : snapshots_.kin_of(prompt)) {
    if (!suits(servers_[upstream], kin)) continue;
    const Match match = shared(*kin, prompt.trail);
    if (match.tokens > best.tokens) best = match;
  }
  return best;
}

// What leaves a slot is kept, whoever's it is: nobody loses more than anybody else, and who has
// been away longest goes.
std::int64_t TierArchive::cost_of_losing(std::size_t, const SlotContent&) const noexcept {
  return 0;
}

bool TierArchive::wants(SlotPlace place, const SlotContent& content) const noexcept {
  const ArchiveServer& server = servers_[place.upstream];
  if (!server.usable()) return false;
  if (content.tokens - own(place.upstream, *content.owner).tokens < kLeast) return false;
  if (!server.layout) return true;
  const auto tokens = static_cast<std::uint64_t>(content.tokens);
  return server.cost.pays(content.tokens, tokens * server.layout->token_bytes());
}

std::int64_t TierArchive::has(std::size_t upstream, const WantedPrompt& prompt) const noexcept {
  const Match match = find(upstream, prompt);
  if (match.tokens < kLeast || match.tokens <= prompt.there) return 0;
  const std::uint64_t bytes = tokens_in(match.chain) * match.snapshot->layout->token_bytes();
  return servers_[upstream].is_worth(match.tokens, bytes) ? match.tokens : 0;
}

void TierArchive::forget(const ConversationName& name) {
  for (Saving& saving : savings_) saving.ended = saving.ended || saving.conversation == name;
  store_.drop(snapshots_.forget(name));
  show();
}

void TierArchive::show() {
  metrics_.bytes.set(static_cast<double>(store_.used_bytes()));
  metrics_.blocks.set(static_cast<double>(store_.blocks()));
  const std::uint64_t evicted = store_.evictions();
  metrics_.evicted.add(static_cast<double>(evicted - std::exchange(evicted_, evicted)));
}

void TierArchive::answered(const Exchange& exchange) {
  const Answer& answer = exchange.answer;
  if (!exchange.route.lease.held()) return;
  const std::size_t upstream = exchange.route.lease.upstream();
  const auto at = restored_.extract({upstream, exchange.route.lease.slot()});
  if (!answer.timings) return;
  const openai::ServerTimings& timings = *answer.timings;
  ArchiveServer& server = servers_[upstream];
  server.cost.prefilled(timings.prompt_n, timings.prompt_ms / 1000);
  if (at.empty() || at.mapped().owner != exchange.identity.owner()) return;
  const Restored& restored = at.mapped();
  if (timings.cache_n > 0) {
    server.useful = true;
    metrics_.restored.add();
    const std::int64_t used = std::min(timings.cache_n, restored.tokens);
    metrics_.restored_tokens.add(static_cast<double>(used));
    const double saved = server.cost.prefill_seconds(used) - restored.seconds;
    metrics_.saved_seconds.add(std::max(saved, 0.0));
    return;
  }
  metrics_.useless.add();
  const bool telling = restored.same && !server.useful && wants_cache(exchange.chat);
  if (telling && ++server.useless >= kUselessOfAll)
    turn_off(upstream, ArchiveServer::Off::kUseless);
}

}  // namespace keep::tier
