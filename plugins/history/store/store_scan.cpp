#include "plugins/history/store/store_scan.hpp"

#include "base/hash.hpp"
#include "plugins/history/log/conversation_log.hpp"
#include "plugins/history/log/record.hpp"
#include "plugins/history/log/tail_file.hpp"
#include "plugins/history/store/small_files.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

namespace keep::history {

namespace {

std::string path_in(const std::string& folder, const std::string& name) {
  std::string path = folder;
  path += '/';
  path += name;
  return path;
}

std::string stem_in(const std::string& folder, const std::string& key) {
  return path_in(path_in(folder, key.substr(0, 2)), key);
}

bool is_key(std::string_view text) {
  return text.size() == 32 && text.find_first_not_of("0123456789abcdef") == text.npos;
}

// What the tail of a conversation tells of it.
Summary summary_of(TailContents&& tail) {
  Summary summary;
  summary.name = std::move(tail.header.name);
  summary.messages = tail.end();
  summary.tokens = tail.header.tokens_before;
  summary.turns = tail.header.turns_before;
  if (!tail.records.empty()) {
    const TailRecord& last = tail.records.back();
    summary.tokens = last.tokens_before;
    summary.turns = last.turns_before;
    for (const TailMessage& message : last.messages) {
      summary.tokens += message.row.tokens;
      if (message.row.role == Role::kUser) ++summary.turns;
    }
  }
  summary.created = tail.header.created;
  summary.last_used = tail.modified;
  summary.disk_bytes = tail.disk_bytes;
  return summary;
}

// Which files a stem has.
struct Present {
  bool blocks = false, tail = false, ended = false, sidecars = false;
};

class Scanner {
 public:
  Scanner(FileSystem& files, const std::string& folder, const LogSettings& settings, Pack& pack)
      : files_(files), folder_(folder), settings_(settings), pack_(pack) {}

  // In this order.
  void sync_names();
  Result<> scan_pack();
  void scan_folder(const std::string& name);
  Scan take() &&;

 private:
  void add_packed(const PackedConversation& one);
  void set_aside(const PackedConversation& one);
  void scan_sidecars(const std::string& stem) const;
  void scan_one(const std::string& stem, const Present& present);
  void scan_ended(const std::string& stem);
  bool scan_tail(const std::string& stem, const Present& present);
  void remove_tail(const std::string& stem);
  bool pack_has_more(const std::string& stem, const Summary& file) const;
  void scan_blocks(const std::string& stem);
  void set_aside(const std::string& path);
  void note(const Error& error) { scan_.notes.push_back(error.detail); }

  FileSystem& files_;
  const std::string folder_;
  const LogSettings settings_;
  Pack& pack_;
  Scan scan_;
  std::map<std::string, Summary> packed_;  // by key; without those that are in files
  std::vector<std::string> stale_;         // stems of those
  std::vector<std::string> gone_;          // keys of what is not to stay in the pack
};

// Of folders that were made when that failed: what is deleted from the pack has files in them.
void Scanner::sync_names() {
  for (const std::string& folder : {folder_of(folder_), folder_}) {
    if (const auto synced = files_.sync_folder(folder); !synced) note(synced.error());
  }
}

Result<> Scanner::scan_pack() {
  const auto opened = pack_.open([this](const PackedConversation& one) { add_packed(one); });
  if (!opened) return opened.error();
  scan_.damaged += opened->damaged ? 1 : 0;
  scan_.notes.insert(scan_.notes.end(), opened->notes.begin(), opened->notes.end());
  return {};
}

void Scanner::add_packed(const PackedConversation& one) {
  TailContents tail = parse_tail(one.files.tail);
  if (tail.state == TailContents::State::kNewer) {
    scan_.notes.push_back(one.key + " in the pack was written by a newer version");
    return;
  }
  tail.modified = one.files.modified;
  tail.disk_bytes = one.files.bytes();
  Summary summary = summary_of(std::move(tail));
  summary.packed_bytes = summary.disk_bytes;
  const bool good = summary.messages > 0 && key_of(stem_of(folder_, summary.name)) == one.key;
  if (!good) return set_aside(one);
  packed_[one.key] = std::move(summary);
}

// As the file it was.
void Scanner::set_aside(const PackedConversation& one) {
  ++scan_.damaged;
  scan_.notes.push_back("damaged in the pack, set aside: " + one.key);
  if (!is_key(one.key)) return;
  const std::string stem = stem_in(folder_, one.key);
  (void)files_.make_folders(folder_of(stem));
  const auto kept = files_.replace(stem + ".tail.damaged", one.files.tail, true);
  if (!kept) return note(kept.error());
  gone_.push_back(one.key);
}

Scan Scanner::take() && {
  for (auto& [key, summary] : packed_) scan_.found.push_back({std::move(summary)});
  const auto staying = leave_pack(files_, pack_, stale_);
  if (!staying) note(staying.error());
  if (staying) scan_.notes.insert(scan_.notes.end(), staying->begin(), staying->end());
  for (Found& one : scan_.found) one.in_pack = pack_.holds(key_of(stem_of(folder_, one.name)));
  if (const auto left = pack_.change(gone_, {}); !left) note(left.error());
  scan_.pack_bytes = pack_.disk_bytes();
  return std::move(scan_);
}

void Scanner::scan_folder(const std::string& name_of_folder) {
  const std::string folder = path_in(folder_, name_of_folder);
  const auto names = files_.list_folder(folder);
  if (!names) return note(names.error());
  std::map<std::string, Present> stems;
  for (const std::string& name : *names) {
    const std::size_t dot = name.find('.');
    const std::string_view ending = std::string_view(name).substr(std::min(dot, name.size()));
    const auto is = [&](std::string_view wanted) { return ending == wanted; };
    if (ending.ends_with(".new")) (void)files_.remove(path_in(folder, name));
    const bool sidecar = is(".zone") || is(".recalled");
    if (!is(".blocks") && !is(".tail") && !is(".ended") && !sidecar) continue;
    Present& present = stems[name.substr(0, dot)];
    present.blocks |= is(".blocks");
    present.tail |= is(".tail");
    present.ended |= is(".ended");
    present.sidecars |= sidecar;
  }
  for (const auto& [name, present] : stems) scan_one(path_in(folder, name), present);
}

void Scanner::scan_one(const std::string& stem, const Present& present) {
  if (present.ended) {
    scan_ended(stem);
  } else if (!present.tail || !scan_tail(stem, present)) {
    if (present.blocks) scan_blocks(stem);
    if (!present.blocks && !present.tail) scan_sidecars(stem);
  }
}

// From the pack first: without files nobody would know that it has ended.
void Scanner::scan_ended(const std::string& stem) {
  const std::string key = key_of(stem);
  packed_.erase(key);
  const auto gone = pack_.holds(key) ? pack_.change({&key, 1}, {}) : Result<>();
  if (!gone) return note(gone.error());
  const auto removed = ConversationLog::remove(files_, stem);
  if (!removed) note(removed.error());
}

// Their tail has gone into the pack, and they with it.
void Scanner::scan_sidecars(const std::string& stem) const {
  for (const char* const ending : {".zone", ".recalled"}) (void)files_.remove(stem + ending);
}

// false: what there is to know has to be looked up in the blocks.
bool Scanner::scan_tail(const std::string& stem, const Present& present) {
  auto tail = read_tail(files_, stem + ".tail");
  if (!tail) {
    packed_.erase(key_of(stem));
    note(tail.error());
    return true;
  }
  if (tail->state == TailContents::State::kNewer) {
    packed_.erase(key_of(stem));
    scan_.notes.push_back(stem + ".tail was written by a newer version");
    return true;
  }
  if (tail->state != TailContents::State::kGood) {
    if (tail->state == TailContents::State::kDamaged && !present.blocks) set_aside(stem + ".tail");
    const bool empty = tail->state == TailContents::State::kEmpty;
    if (empty && packed_.contains(key_of(stem))) remove_tail(stem);
    return false;
  }
  Summary summary = summary_of(*std::move(tail));
  for (const char* const ending : {".blocks", ".zone", ".recalled"}) {
    const bool blocks = ending == std::string_view(".blocks");
    if (!(blocks ? present.blocks : present.sidecars)) continue;
    const auto info = files_.info(stem + ending);
    if (info) summary.disk_bytes += info->on_disk;
  }
  if (pack_has_more(stem, summary)) {
    if (present.blocks) return false;  // which may have some of it
    remove_tail(stem);
    return true;
  }
  // Nothing was ever acknowledged in a file without messages.
  if (summary.messages == 0) return true;
  if (packed_.erase(key_of(stem)) > 0) stale_.push_back(stem);
  scan_.found.push_back({std::move(summary)});
  return true;
}

// It is in the pack.
void Scanner::remove_tail(const std::string& stem) {
  const auto removed = files_.remove(stem + ".tail");
  if (!removed) return note(removed.error());
  scan_sidecars(stem);
}

// The loss of power has brought back some of what had gone into the pack, or has left some of what
// had come out of it.
bool Scanner::pack_has_more(const std::string& stem, const Summary& file) const {
  const auto packed = packed_.find(key_of(stem));
  return packed != packed_.end() && packed->second.messages > file.messages;
}

// By opening it, which repairs what can be.
void Scanner::scan_blocks(const std::string& stem) {
  const std::string path = stem + ".blocks";
  const auto file = files_.open(path, File::Mode::kRead);
  if (!file) return note(file.error());
  const auto info = (*file)->info();
  const auto head = (*file)->read_at(0, kMaxFileHeaderBytes);
  if (!info || !head) return note(info ? head.error() : info.error());
  const ReadFileHeader read = decode_file_header(*head, FileKind::kBlocks);
  if (read.format == Format::kNewer) {
    packed_.erase(key_of(stem));
    scan_.notes.push_back(path + " was written by a newer version");
    return;
  }
  auto packed = pack_.find(key_of(stem));
  if (!packed) return note(packed.error());
  const auto row = packed_.extract(key_of(stem));
  // Blocks that were just begun have nothing yet that the pack has not.
  if (read.format == Format::kDamaged && row.empty()) return set_aside(path);
  const ConversationName& name = row.empty() ? read.header.name : row.mapped().name;
  const auto log = ConversationLog::open(files_, stem, name, settings_, *std::move(packed));
  if (!log) return note(log.error());
  for (std::string& line : (*log)->take_notes()) scan_.notes.push_back(std::move(line));
  if ((*log)->size() == 0) return set_aside(path);
  Summary summary;
  summary.name = name;
  summary.messages = (*log)->size();
  summary.tokens = (*log)->tokens();
  summary.turns = (*log)->turns();
  summary.created = (*log)->created();
  summary.last_used = info->modified;
  summary.disk_bytes = (*log)->disk_bytes();
  summary.packed_bytes = (*log)->packed_bytes();
  scan_.found.push_back({std::move(summary)});
}

void Scanner::set_aside(const std::string& path) {
  ++scan_.damaged;
  scan_.notes.push_back("damaged, set aside: " + path);
  if (auto renamed = files_.rename(path, path + ".damaged"); !renamed) note(renamed.error());
}

}  // namespace

Result<Scan> scan_store(FileSystem& files, const std::string& folder, const LogSettings& settings,
                        Pack& pack) {
  if (auto made = files.make_folders(folder); !made) return made.error();
  const auto names = files.list_folder(folder);
  if (!names) return names.error();
  Scanner scanner(files, folder, settings, pack);
  scanner.sync_names();
  if (auto opened = scanner.scan_pack(); !opened) return opened.error();
  for (const std::string& name : *names) {
    if (name.size() == 2) scanner.scan_folder(name);
  }
  Scan scan = std::move(scanner).take();
  std::ranges::sort(scan.found, {}, &Summary::last_used);
  return scan;
}

std::string stem_of(const std::string& folder, const ConversationName& name) {
  // The length keeps two names apart that read the same one after the other.
  const std::string hash =
      hash128_hex(std::to_string(name.tenant.size()) + ":" + name.tenant + name.id);
  return path_in(path_in(folder, hash.substr(0, 2)), hash);
}

}  // namespace keep::history
