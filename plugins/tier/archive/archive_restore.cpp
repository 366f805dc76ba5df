// TierArchive::bring_back: blocks, by way of a file, into a slot.
#include "base/log.hpp"
#include "plugins/tier/archive/archive.hpp"

#include <algorithm>
#include <utility>

namespace keep::tier {

namespace {

// A server restores only what has as many streams as its own cache; which they are is told by
// whatever it saves, be it of an empty slot.
Result<std::uint32_t> read_streams(FileSystem& files, const std::string& path) {
  const auto file = files.open(path, File::Mode::kRead);
  if (!file) return file.error();
  return streams_of(**file);
}

Result<> write_blocks(FileSystem& files, const std::string& path, const KvLayout& layout,
                      KvStreams streams, std::span<const BlockPtr> blocks) {
  std::vector<TokenId> tokens;
  std::vector<KvRows> rows;
  for (const BlockPtr& block : blocks) {
    tokens.insert(tokens.end(), block->tokens.begin(), block->tokens.end());
    rows.push_back({block->tokens.size(), block->rows});
  }
  auto file = files.open(path, File::Mode::kCreate);
  if (!file) return file.error();
  return write_slot_file(**file, layout, streams, tokens, rows);
}

std::uint64_t bytes_of(std::span<const BlockPtr> blocks) {
  std::uint64_t bytes = 0;
  for (const BlockPtr& block : blocks) bytes += block->rows.size();
  return bytes;
}

std::int64_t tokens_of(std::span<const BlockPtr> blocks) {
  std::size_t tokens = 0;
  for (const BlockPtr& block : blocks) tokens += block->tokens.size();
  return static_cast<std::int64_t>(tokens);
}

}  // namespace

Task<std::uint32_t> TierArchive::streams(SlotPlace place) {
  ArchiveServer& server = servers_[place.upstream];
  if (server.streams > 0) co_return server.streams;
  const auto file = server.staging->make("look");
  std::string name = file->name();
  const auto saved = co_await upstreams_.at(place.upstream).slots().save(place.slot, name);
  if (!saved) co_return saved.error();
  auto job = [&files = services_.files, path = file->path()] { return read_streams(files, path); };
  auto streams = co_await run_on(services_.pools.disk, std::move(job));
  if (streams) server.streams = *streams;
  co_return streams;
}

// Those before the first that is not what it was.
Task<std::vector<BlockPtr>> TierArchive::sound(std::vector<BlockPtr> blocks) {
  auto job = [&blocks]() -> std::size_t {
    const auto bad = std::ranges::find_if(
        blocks, [](const BlockPtr& block) { return checksum_of(block->rows) != block->checksum; });
    return static_cast<std::size_t>(bad - blocks.begin());
  };
  const std::size_t good = co_await run_on(services_.pools.cpu, std::move(job));
  if (good < blocks.size()) {
    store_.spoil(blocks[good]->name);
    metrics_.damaged.add();
    log::warn("a block of KV cache was damaged in memory", {});
  }
  blocks.resize(good);
  co_return std::move(blocks);
}

Task<> TierArchive::write(std::string path, std::shared_ptr<const KvLayout> layout,
                          KvStreams streams, std::vector<BlockPtr> blocks) {
  auto job = [&files = services_.files, path = std::move(path), layout = std::move(layout), streams,
              blocks = std::move(blocks)] {
    return write_blocks(files, path, *layout, streams, blocks);
  };
  co_return co_await run_on(services_.pools.disk, std::move(job));
}

Task<std::int64_t> TierArchive::restore(SlotPlace place, std::shared_ptr<const KvLayout> layout,
                                        std::vector<BlockPtr> blocks) {
  const auto count = co_await streams(place);
  if (!count) co_return count.error();
  const std::int64_t tokens = tokens_of(blocks);
  const auto file = servers_[place.upstream].staging->make("restore");
  const KvStreams streams{*count, 0};
  const auto written = co_await write(file->path(), std::move(layout), streams, std::move(blocks));
  if (!written) {
    metrics_.failed.add();
    co_return 0;
  }
  std::string name = file->name();
  const auto restored = co_await upstreams_.at(place.upstream).slots().restore(place.slot, name);
  if (!restored) co_return restored.error();
  if (restored->tokens != tokens) {
    co_return Error(Fault::kProtocol, Side::kUpstream, "llama-server restored something else");
  }
  co_return tokens;
}

Task<std::int64_t> TierArchive::bring_back(SlotPlace place, WantedPrompt prompt) {
  const auto same = co_await look_for_restart(place.upstream);
  if (!same) co_return 0;
  const Match match = find(place.upstream, prompt);
  if (match.snapshot == nullptr) co_return 0;
  const std::shared_ptr<const KvLayout> layout = match.snapshot->layout;
  const PromptOwner& owner = *prompt.owner;
  Restored restored;
  restored.owner = hash_combine(hash_of(owner.conversation), hash64(owner.agent));
  restored.same = match.snapshot->trail.shared_with(prompt.trail).messages > 0;
  const ModelRun by = match.snapshot->by;
  const double now = seconds(services_.clock.now().time_since_epoch());
  store_.use(match.chain, layout->token_bytes(), now);  // all of it is there
  // Nothing of the match is safe from here on.
  const auto blocks = co_await sound(store_.leading(match.chain));
  if (!blocks) co_return blocks.error();
  // What is kept may have gone while others were kept.
  if (tokens_of(*blocks) <= std::max(prompt.there, std::int64_t{0})) co_return 0;
  const auto proven = co_await prove(place, by, *layout, *blocks->front());
  if (!proven) co_return proven.error();
  if (!*proven) co_return static_cast<std::int64_t>(blocks->front()->tokens.size());
  const Instant begin = services_.clock.now();
  const std::uint64_t bytes = bytes_of(*blocks);
  const auto tokens = co_await restore(place, layout, *blocks);
  if (!tokens) {
    metrics_.failed.add();
    co_return tokens.error();
  }
  const double took = seconds(services_.clock.now() - begin);
  servers_[place.upstream].cost.restored(bytes, took);
  restored.tokens = *tokens;
  restored.seconds = took;
  restored_[{place.upstream, place.slot}] = restored;
  co_return *tokens;
}

}  // namespace keep::tier
