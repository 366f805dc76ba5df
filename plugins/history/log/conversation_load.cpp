#include "plugins/history/log/conversation_log.hpp"
#include "plugins/history/log/sidecar_file.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace keep::history {

namespace {

constexpr std::string_view kBlocks = ".blocks";
constexpr std::string_view kTail = ".tail";
constexpr std::string_view kEnded = ".ended";  // what was the tail, while the rest is deleted
constexpr std::string_view kDamaged = ".damaged";

std::string_view ending_of(Sidecar which) noexcept {
  return which == Sidecar::kZone ? ".zone" : ".recalled";
}

Error storage_error(std::string detail) {
  return Error(Fault::kStorage, Side::kInternal, std::move(detail));
}

std::string path_of(const std::string& stem, std::string_view ending) {
  return stem + std::string(ending);
}

std::uint64_t disk_bytes_of(FileSystem& files, const std::string& path) {
  const auto info = files.info(path);
  return info ? info->on_disk : 0;
}

MessageRow lost_row(Position position) {
  MessageRow row;
  row.parent = position - 1;
  row.lost = true;
  return row;
}

}  // namespace

Result<std::unique_ptr<ConversationLog>> ConversationLog::open(FileSystem& files,
                                                               const std::string& stem,
                                                               const ConversationName& name,
                                                               const LogSettings& settings,
                                                               std::optional<PackedFiles> packed) {
  if (name.tenant.size() + name.id.size() > kMaxNameBytes) {
    return Error(Fault::kTooLarge, Side::kDownstream, "the name of the conversation is too long");
  }
  std::unique_ptr<ConversationLog> log(new ConversationLog(files, stem, name, settings));
  if (auto loaded = log->load(std::move(packed)); !loaded) return loaded.error();
  return log;
}

Result<bool> ConversationLog::remove(FileSystem& files, const std::string& stem) {
  // From the renaming on the conversation is gone: open() and the store finish what a crash leaves.
  bool found = true;
  if (auto ended = files.rename(path_of(stem, kTail), path_of(stem, kEnded)); !ended) {
    if (ended.error().fault != Fault::kNotFound) return ended.error();
    found = false;
  }
  const std::string zone = path_of(stem, ending_of(Sidecar::kZone));
  const std::string recalled = path_of(stem, ending_of(Sidecar::kRecalled));
  const std::array<std::string, 9> paths{path_of(stem, kBlocks),
                                         path_of(stem, kTail) + ".new",
                                         zone,
                                         zone + ".new",
                                         recalled,
                                         recalled + ".new",
                                         path_of(path_of(stem, kBlocks), kDamaged),
                                         path_of(path_of(stem, kTail), kDamaged),
                                         path_of(stem, kEnded)};
  for (const std::string& path : paths) {
    const auto removed = files.remove(path);
    if (!removed) return removed.error();
    found |= *removed;
  }
  return found;
}

Result<std::string> ConversationLog::sidecar(Sidecar which) const {
  if (size() == 0) return std::string();
  const SidecarText& sidecar = sidecars_[static_cast<std::size_t>(which)];
  if (sidecar.unwritten) return *sidecar.unwritten;
  if (!sidecar.packed.empty()) return parse_sidecar(sidecar.packed);
  return read_sidecar(files_, path_of(stem_, ending_of(which)));
}

Result<> ConversationLog::set_sidecar(Sidecar which, std::string_view text) {
  if (size() == 0) return Error(Fault::kNotFound, Side::kInternal, "no such conversation");
  SidecarText& sidecar = sidecars_[static_cast<std::size_t>(which)];
  std::size_t bytes = text.size();
  for (const SidecarText& one : sidecars_) {
    if (one.unwritten && &one != &sidecar) bytes += one.unwritten->size();
  }
  const bool may_wait = text.size() <= kMaxSidecarBytes && sidecar_share_.resize(bytes);
  sidecar.unwritten = text;
  const bool waits = tail_.unwritten_bytes() > 0;  // for the messages it is about
  Result<> written;
  if (!waits || !may_wait) written = write_sidecars();
  if (may_wait) return {};
  sidecar.unwritten.reset();
  return written;
}

// Packed ones stay so as long as the tail does: there is none without it.
Result<> ConversationLog::write_sidecars() {
  const auto waits = [](const SidecarText& sidecar) { return sidecar.unwritten.has_value(); };
  if (std::ranges::any_of(sidecars_, waits)) {
    if (auto unpacked = tail_.unpack(); !unpacked) return unpacked;
  }
  for (const Sidecar which : {Sidecar::kZone, Sidecar::kRecalled}) {
    SidecarText& sidecar = sidecars_[static_cast<std::size_t>(which)];
    const bool unpack = !tail_.is_packed() && !sidecar.packed.empty();
    if (!sidecar.unwritten && !unpack) continue;
    const std::string path = path_of(stem_, ending_of(which));
    auto written = sidecar.unwritten ? write_sidecar(files_, path, *sidecar.unwritten)
                                     : files_.replace(path, sidecar.packed, false);
    if (!written) return written;
    sidecar.unwritten.reset();
    sidecar.packed.clear();
    sidecar.disk_bytes = disk_bytes_of(files_, path);
  }
  (void)sidecar_share_.resize(0);
  return {};
}

Result<> ConversationLog::load(std::optional<PackedFiles> packed) {
  if (files_.info(path_of(stem_, kEnded))) {
    if (auto removed = remove(files_, stem_); !removed) return removed.error();
  }
  auto tail = load_tail(packed);
  if (!tail) return tail.error();
  if (auto loaded = load_blocks(*tail); !loaded) return loaded;
  const bool good = tail->state == TailContents::State::kGood;
  for (const Sidecar which : {Sidecar::kZone, Sidecar::kRecalled}) {
    SidecarText& sidecar = sidecars_[static_cast<std::size_t>(which)];
    if (tail->packed) sidecar.packed = std::move(packed->sidecars[static_cast<std::size_t>(which)]);
    sidecar.disk_bytes = tail->packed ? sidecar.packed.size()
                                      : disk_bytes_of(files_, path_of(stem_, ending_of(which)));
  }
  if (tail->packed) {
    packed->tail.resize(tail->good_bytes);
    tail_.resume_packed(std::move(packed->tail));
  } else if (good) {
    if (auto resumed = tail_.resume(*tail); !resumed) return resumed;
  }
  if (good) add_tail(*std::move(tail));
  return {};
}

Result<TailContents> ConversationLog::load_tail(const std::optional<PackedFiles>& packed) {
  auto tail = read_tail(files_, tail_.path());
  if (!tail) return tail;
  if (tail->state == TailContents::State::kDamaged) {
    notes_.push_back("damaged header, set aside: " + tail_.path());
    auto aside = files_.rename(tail_.path(), path_of(tail_.path(), kDamaged));
    if (!aside) return aside.error();
    *tail = TailContents();
  }
  // What has more messages counts.
  if (packed && tail->state != TailContents::State::kNewer) {
    TailContents row = parse_tail(packed->tail);
    row.packed = row.state == TailContents::State::kGood;
    if (tail->end() == 0 || row.end() > tail->end()) *tail = std::move(row);
  }
  switch (tail->state) {
    case TailContents::State::kEmpty: break;
    case TailContents::State::kNewer:
      return storage_error(tail_.path() + " was written by a newer version");
    case TailContents::State::kDamaged:
      notes_.push_back("damaged header in the pack: " + tail_.path());
      break;
    case TailContents::State::kGood:
      if (tail->header.name != name_) {
        return storage_error(tail_.path() + " belongs to another conversation");
      }
      created_ = tail->header.created;
      if (tail->damaged) notes_.push_back("damaged messages in " + tail_.path());
      if (tail->bytes > tail->good_bytes) {
        notes_.push_back("cut off what was not written whole: " + tail_.path());
      }
  }
  return tail;
}

Result<> ConversationLog::load_blocks(const TailContents& tail) {
  BlockFile::Covered covered;
  if (tail.state == TailContents::State::kGood) {
    covered.first = tail.header.first;
    covered.end = tail.end();
  }
  const auto add_block = [this](const RecordHeader& header, std::span<const MessageRow> rows) {
    if (header.first < tree_.size()) return false;
    add_lost(Before{header.first, header.tokens_before, header.turns_before});
    for (const MessageRow& row : rows) tree_.add(row);
    return true;
  };
  const auto loaded = blocks_.load(covered, add_block);
  if (!loaded) return loaded.error();
  const std::string path = path_of(stem_, kBlocks);
  if (loaded->format == Format::kNewer) {
    return storage_error(path + " was written by a newer version");
  }
  if (loaded->header) {
    if (loaded->header->name != name_) {
      return storage_error(path + " belongs to another conversation");
    }
    created_ = loaded->header->created;
  }
  if (loaded->skipped > 0) {
    notes_.push_back(std::to_string(loaded->skipped) + " damaged bytes in " + path);
  }
  if (loaded->cut > 0) notes_.push_back("cut off what was not written whole: " + path);
  return {};
}

void ConversationLog::add_tail(TailContents tail) {
  if (tail.records.empty()) {
    add_lost(Before{tail.header.first, tail.header.tokens_before, tail.header.turns_before});
  }
  for (TailRecord& record : tail.records) {
    Before at{record.first, record.tokens_before, record.turns_before};
    for (TailMessage& message : record.messages) {
      if (at.first >= tree_.size()) {  // else a block has it
        add_lost(at);
        tree_.add(message.row);
        at.pass(message.row);
        tail_.add(std::move(message));
      } else {
        at.pass(message.row);
      }
    }
  }
}

// Messages between those that are there and `until`: nothing is left of them but their number.
void ConversationLog::add_lost(const Before& until) {
  if (until.first <= tree_.size()) return;
  // In memory the tail has no holes.
  while (!tail_.messages().empty() && tree_.size() < until.first) {
    const MessageRow row = lost_row(static_cast<Position>(tree_.size()));
    tree_.add(row);
    tail_.add(TailMessage{row, std::string()});
  }
  tree_.add_lost(until.first);
  tree_.set_totals(until.tokens, until.turns);
}

}  // namespace keep::history
