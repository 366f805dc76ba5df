// TierArchive::keep: what a slot holds, by way of a file, into blocks.
#include "plugins/tier/archive/archive.hpp"

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace keep::tier {

struct TierArchive::Read {
  std::shared_ptr<File> file;
  std::shared_ptr<const SlotFile> slot;
  std::vector<ChainBlock> chain;
  ModelRun by;
};

namespace {

// A prompt with pictures is not understood either: then the next one may be.
constexpr int kUnreadable = 3;
constexpr std::int64_t kNear = 8;  // tokens that slots may be wrong by

Error other_folder() {
  return Error(Fault::kNotFound, Side::kUpstream, "what llama-server saved is not in the folder");
}

Result<BlockPtr> make_block(const File& file, const SlotFile& slot, const ChainBlock& at) {
  auto rows = slot.rows(file, at.first, std::size_t{at.first} + at.tokens);
  if (!rows) return rows.error();
  auto block = std::make_shared<StoredBlock>();
  block->name = at.name;
  const auto begin = slot.tokens().begin() + at.first;
  block->tokens.assign(begin, begin + at.tokens);
  block->checksum = checksum_of(*rows);
  block->rows = *std::move(rows);
  return BlockPtr(std::move(block));
}

}  // namespace

// Blocks. The file is where llama-server and we both see it, or the folder is not the same.
Task<TierArchive::Read> TierArchive::read(std::string path, SlotTransfer saved, std::string tenant,
                                          ModelRun by) {
  auto job = [this, path = std::move(path), saved, tenant = std::move(tenant),
              by = std::move(by)]() -> Result<Read> {
    auto file = services_.files.open(path, File::Mode::kRead);
    if (!file) return file.error().fault == Fault::kNotFound ? other_folder() : file.error();
    const auto info = (*file)->info();
    if (!info) return info.error();
    if (info->size != static_cast<std::uint64_t>(saved.bytes)) return other_folder();
    auto slot = SlotFile::read(**file);
    if (!slot) return slot.error();
    if (static_cast<std::int64_t>(slot->tokens().size()) != saved.tokens) return other_folder();
    Read read;
    const BlockName root = namer_.root(tenant, description(by), description(slot->layout()));
    read.chain = chain_of(namer_, root, slot->tokens());
    read.by = by;
    read.file = *std::move(file);
    read.slot = std::make_shared<const SlotFile>(*std::move(slot));
    return read;
  };
  co_return co_await run_on(services_.pools.disk, std::move(job));
}

Task<TierArchive::Read> TierArchive::save(SlotPlace place, const std::string& tenant,
                                          StagedFile& file) {
  ArchiveServer& server = servers_[place.upstream];
  const auto same = co_await look_for_restart(place.upstream);
  if (!same) co_return same.error();
  const std::uint64_t generation = server.generation;
  const ModelRun by = server.name();
  const std::string& name = file.name();
  const auto saved = co_await upstreams_.at(place.upstream).slots().save(place.slot, name);
  if (!saved) {
    const bool none = saved.error().fault == Fault::kNotFound;
    if (none) turn_off(place.upstream, ArchiveServer::Off::kNoSlotFiles);
    co_return saved.error();
  }
  auto read = co_await this->read(file.path(), *saved, tenant, by);
  if (generation != server.generation) {
    co_return Error(Fault::kGone, Side::kUpstream, "llama-server was started anew");
  }
  if (read) {
    server.layout = std::make_shared<const KvLayout>(read->slot->layout());
    server.streams = read->slot->streams().count;
  } else if (read.error().fault == Fault::kNotFound && !server.layout) {
    turn_off(place.upstream, ArchiveServer::Off::kOtherFolder);
  } else if (read.error().fault == Fault::kProtocol && !server.layout &&
             ++server.unreadable >= kUnreadable) {
    turn_off(place.upstream, ArchiveServer::Off::kLayout);
  }
  co_return read;
}

// Gives those of the chain their bytes that have a place and lack them.
Task<> TierArchive::keep_blocks(const Read& read, std::span<const ChainBlock> chain) {
  for (const ChainBlock& at : chain) {
    if (!store_.lacks(at.name)) continue;
    auto job = [file = read.file, slot = read.slot, at] { return make_block(*file, *slot, at); };
    auto block = co_await run_on(services_.pools.disk, std::move(job));
    if (!block) co_return block.error();
    metrics_.saved_tokens.add(static_cast<double>((*block)->tokens.size()));
    store_.fill(*std::move(block));
  }
  co_return Result<>{};
}

Task<> TierArchive::keep_saved(SlotPlace place, const SlotContent& content, const Saving& saving) {
  const ArchiveServer& server = servers_[place.upstream];
  const PromptOwner& owner = *content.owner;
  const auto file = server.staging->make("save");
  const auto read = co_await save(place, owner.conversation.tenant, *file);
  if (!read) co_return read.error();
  if (saving.ended) co_return Result<>{};
  // Somebody who is not known here may have used the slot meanwhile: then it is nobody's.
  const auto tokens = static_cast<std::int64_t>(read->slot->tokens().size());
  if (std::abs(tokens - content.tokens) > kNear) {
    co_return Error(Fault::kProtocol, Side::kUpstream, "the slot holds something else");
  }
  const std::uint64_t token_bytes = read->slot->layout().token_bytes();
  const double now = seconds(services_.clock.now().time_since_epoch());
  const std::size_t places = store_.use(read->chain, token_bytes, now);
  const auto chain = std::span(read->chain).first(places);
  Snapshot snapshot{
      read->by, server.layout, {chain.begin(), chain.end()}, content.trail, content.text_bytes};
  // Before a byte is read: what has a place is somebody's, whatever happens meanwhile.
  store_.drop(snapshots_.note(owner, std::move(snapshot)));
  co_return co_await keep_blocks(*read, chain);
}

Task<> TierArchive::keep(SlotPlace place, SlotContent content) {
  restored_.erase({place.upstream, place.slot});
  const auto saving = savings_.insert(savings_.end(), Saving{content.owner->conversation});
  struct End {
    std::list<Saving>& all;
    std::list<Saving>::iterator one;
    ~End() { all.erase(one); }
  } const end{savings_, saving};
  const auto kept = co_await keep_saved(place, content, *saving);
  (kept ? metrics_.saved : metrics_.not_saved).add();
  show();
  co_return kept;
}

}  // namespace keep::tier
