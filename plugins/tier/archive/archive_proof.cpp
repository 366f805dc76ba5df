// TierArchive: whether a server computes what an earlier run, or another server, has computed.
//
// One that was started anew may have been given another model under the same path, other RoPE
// scaling or an adapter, and restores without a word what no longer fits. So the first block that
// is to be restored is computed by it, once for each run that it comes from, and compared.
#include "base/json/json.hpp"
#include "base/log.hpp"
#include "plugins/tier/archive/archive.hpp"
#include "plugins/tier/slot_file/kv_likeness.hpp"

#include <algorithm>
#include <utility>

namespace keep::tier {

namespace {

std::string body_of(int slot, std::span<const TokenId> tokens) {
  json::Writer body;
  body.begin_object().member("id_slot", slot).member("n_predict", 0);
  body.member("cache_prompt", false).key("prompt").begin_array();
  for (const TokenId token : tokens) body.integer(token);
  return body.end_array().end_object().take();
}

Result<std::string> rows_in(FileSystem& files, const std::string& path, const KvLayout& layout,
                            std::span<const TokenId> tokens) {
  const auto file = files.open(path, File::Mode::kRead);
  if (!file) return file.error();
  const auto slot = SlotFile::read(**file);
  if (!slot) return slot.error();
  if (slot->layout() != layout || !std::ranges::equal(slot->tokens(), tokens)) {
    return Error(Fault::kProtocol, Side::kUpstream, "llama-server has read something else");
  }
  return slot->rows(**file, 0, tokens.size());
}

}  // namespace

// -> the rows of those tokens; the slot holds them afterwards.
Task<std::string> TierArchive::compute(SlotPlace place, const KvLayout& layout,
                                       std::span<const TokenId> tokens) {
  const auto read =
      co_await queries_.post(place.upstream, "/completion", body_of(place.slot, tokens));
  if (!read) co_return read.error();
  const auto file = servers_[place.upstream].staging->make("proof");
  std::string name = file->name();
  const auto saved = co_await upstreams_.at(place.upstream).slots().save(place.slot, name);
  if (!saved) co_return saved.error();
  auto job = [&files = services_.files, path = file->path(), &layout, tokens] {
    return rows_in(files, path, layout, tokens);
  };
  co_return co_await run_on(services_.pools.disk, std::move(job));
}

// What an Error leaves in the slot is not known; false: the tokens of the block.
Task<bool> TierArchive::prove(SlotPlace place, const ModelRun& by, const KvLayout& layout,
                              const StoredBlock& first) {
  ArchiveServer& server = servers_[place.upstream];
  if (server.computes_as(by)) co_return true;
  const std::uint64_t generation = server.generation;
  const auto rows = co_await compute(place, layout, first.tokens);
  if (!rows) co_return rows.error();
  if (generation != server.generation) {
    co_return Error(Fault::kGone, Side::kUpstream, "llama-server was started anew");
  }
  const bool same = are_alike(layout, first.tokens.size(), first.rows, *rows);
  (same ? server.same : server.others).push_back(by.run);
  if (same) co_return true;
  metrics_.foreign.add();
  log::warn("llama-server computes something else than before; what was kept is not restored",
            {{"url", upstreams_.at(place.upstream).url()}});
  co_return false;
}

}  // namespace keep::tier
