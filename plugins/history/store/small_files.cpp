#include "plugins/history/store/small_files.hpp"

#include "plugins/history/log/tail_file.hpp"

#include <array>
#include <utility>

namespace keep::history {

namespace {

constexpr std::array<const char*, 2> kSidecars{".zone", ".recalled"};

bool exists(FileSystem& files, const std::string& path) { return files.info(path).has_value(); }

// Whether the row is what there is of it: its tail has less, or that cannot be told. What is in
// blocks a tail says, too.
bool pack_counts(FileSystem& files, Pack& pack, const std::string& stem) {
  if (!pack.holds(key_of(stem))) return false;
  const auto tail = read_tail(files, stem + ".tail");
  if (!tail || tail->state != TailContents::State::kGood) return true;
  const auto row = pack.find(key_of(stem));
  return !row || parse_tail((*row)->tail).end() > tail->end();
}

// A file that is to be packed.
struct Part {
  std::string bytes;
  File::Info info;
};
// One that is not there is empty.
Result<Part> read_part(FileSystem& files, const std::string& path) {
  const auto file = files.open(path, File::Mode::kRead);
  if (!file && file.error().fault == Fault::kNotFound) return Part();
  if (!file) return file.error();
  const auto info = (*file)->info();
  if (!info) return info.error();
  auto bytes = (*file)->read_at(0, kMaxPackedBytes);
  if (!bytes) return bytes.error();
  return Part{*std::move(bytes), *info};
}

bool is_worth_it(std::uint64_t bytes, std::uint64_t on_disk) {
  return bytes > 0 && bytes <= kMaxPackedBytes && bytes * 4 <= on_disk * 3;
}

// Nothing: it stays as it is.
std::optional<PackedConversation> read_small(FileSystem& files, const std::string& stem) {
  if (exists(files, stem + ".blocks")) return std::nullopt;
  auto tail = read_part(files, stem + ".tail");
  if (!tail || tail->info.size == 0) return std::nullopt;
  PackedConversation one{key_of(stem), {}};
  std::uint64_t bytes = tail->info.size, on_disk = tail->info.on_disk;
  one.files.modified = tail->info.modified;
  one.files.tail = std::move(tail->bytes);
  for (std::size_t i = 0; i < kSidecars.size(); ++i) {
    auto sidecar = read_part(files, stem + kSidecars[i]);
    if (!sidecar) return std::nullopt;
    bytes += sidecar->info.size;
    on_disk += sidecar->info.on_disk;
    one.files.sidecars[i] = std::move(sidecar->bytes);
  }
  if (!is_worth_it(bytes, on_disk)) return std::nullopt;
  return one;
}

// The tail first: without it the pack counts, and a sidecar that stays is worth nothing.
bool remove_files(FileSystem& files, const std::string& stem) {
  if (!files.remove(stem + ".tail")) return false;
  for (const char* const ending : kSidecars) (void)files.remove(stem + ending);
  return true;
}

Result<> make_durable(FileSystem& files, const std::string& stem) {
  auto tail = files.open(stem + ".tail", File::Mode::kWrite);
  if (!tail) return tail.error();
  if (auto synced = (*tail)->sync(); !synced) return synced;
  return files.sync_folder(folder_of(stem));
}

}  // namespace

std::string key_of(const std::string& stem) { return stem.substr(stem.find_last_of('/') + 1); }

Result<std::vector<Packed>> pack_small(FileSystem& files, Pack& pack,
                                       std::span<const std::string> stems) {
  std::vector<Packed> outcomes(stems.size());
  std::vector<PackedConversation> fresh;
  std::vector<std::size_t> fresh_at;
  std::vector<std::string> outgrown;
  for (std::size_t i = 0; i < stems.size(); ++i) {
    if (pack_counts(files, pack, stems[i])) continue;
    if (auto small = read_small(files, stems[i])) {
      fresh.push_back(*std::move(small));
      fresh_at.push_back(i);
    } else if (pack.holds(key_of(stems[i]))) {
      outgrown.push_back(stems[i]);
    }
  }
  // What stays is tried again when it is closed the next time.
  if (auto left = leave_pack(files, pack, outgrown); !left) return left.error();
  if (auto changed = pack.change({}, fresh); !changed) return changed.error();
  for (std::size_t i = 0; i < fresh.size(); ++i) {
    const std::size_t at = fresh_at[i];
    if (remove_files(files, stems[at])) outcomes[at].bytes = fresh[i].files.bytes();
  }
  for (std::size_t i = 0; i < stems.size(); ++i) outcomes[i].holds = pack.holds(key_of(stems[i]));
  return outcomes;
}

Result<std::vector<std::string>> leave_pack(FileSystem& files, Pack& pack,
                                            std::span<const std::string> stems) {
  std::vector<std::string> gone, staying;
  for (const std::string& stem : stems) {
    if (const auto durable = make_durable(files, stem)) {
      gone.push_back(key_of(stem));
    } else {
      staying.push_back(durable.error().detail);
    }
  }
  if (auto left = pack.change(gone, {}); !left) return left.error();
  return staying;
}

}  // namespace keep::history
