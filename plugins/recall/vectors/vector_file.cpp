#include "plugins/recall/vectors/vector_file.hpp"

#include "base/byte_codec.hpp"
#include "base/hash.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <optional>
#include <utility>

namespace keep::recall {

namespace {

constexpr std::string_view kMagic = "keepvect";
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kMaxNameBytes = 16 << 10, kMaxModelBytes = 1 << 10;
constexpr std::size_t kMaxDimensions = 8192;
constexpr std::size_t kHeadBytes = 64;  // before the names
constexpr std::size_t kSumBytes = 8;
constexpr std::size_t kRowBytes = 12;  // besides the parts
constexpr std::string_view kSuffix = ".vectors";

struct Head {
  std::uint32_t tenant_bytes = 0, id_bytes = 0, model_bytes = 0, dimensions = 0, rows = 0;
  PassagePlace next;
  ConversationVectors::Stamps stamps;
};

void put_float(std::string& out, float value) {
  std::uint32_t bits = 0;
  std::memcpy(&bits, &value, sizeof bits);
  put(out, bits);
}

float get_float(ByteReader& in) noexcept {
  const auto bits = in.get<std::uint32_t>();
  float value = 0;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

std::optional<Head> read_head(ByteReader& in) {
  Head head;
  if (in.take(kMagic.size()) != kMagic || in.get<std::uint32_t>() != kVersion) return std::nullopt;
  head.tenant_bytes = in.get<std::uint32_t>();
  head.id_bytes = in.get<std::uint32_t>();
  head.model_bytes = in.get<std::uint32_t>();
  head.dimensions = in.get<std::uint32_t>();
  head.rows = in.get<std::uint32_t>();
  head.next.message = in.get<std::uint32_t>();
  head.next.part = in.get<std::uint32_t>();
  head.stamps.first = in.get<std::uint64_t>();
  head.stamps.last = in.get<std::uint64_t>();
  if (in.take(kHeadBytes - 56).size() != kHeadBytes - 56) return std::nullopt;
  const bool sound = head.tenant_bytes <= kMaxNameBytes && head.id_bytes <= kMaxNameBytes &&
                     head.model_bytes <= kMaxModelBytes && head.dimensions > 0 &&
                     head.dimensions <= kMaxDimensions && head.rows > 0;
  return sound ? std::optional(head) : std::nullopt;
}

ConversationName read_name(ByteReader& in, const Head& head) {
  ConversationName name;
  name.tenant = in.take(head.tenant_bytes);
  name.id = in.take(head.id_bytes);
  return name;
}

// Checksum and length.
bool is_whole(std::string_view bytes) noexcept {
  ByteReader in(bytes);
  const auto head = read_head(in);
  if (!head) return false;
  const std::uint64_t names =
      std::uint64_t{head->tenant_bytes} + head->id_bytes + head->model_bytes;
  const std::uint64_t rows = std::uint64_t{head->rows} * (kRowBytes + head->dimensions);
  if (bytes.size() != kHeadBytes + names + rows + kSumBytes) return false;
  const std::size_t summed = bytes.size() - kSumBytes;
  return ByteReader(bytes.substr(summed)).get<std::uint64_t>() == hash64(bytes.substr(0, summed));
}

ConversationName name_in(FileSystem& files, const std::string& path) {
  const auto file = files.open(path, File::Mode::kRead);
  if (!file) return {};
  const auto bytes = (*file)->read_at(0, kHeadBytes + 2 * kMaxNameBytes);
  if (!bytes) return {};
  ByteReader in(*bytes);
  const auto head = read_head(in);
  if (!head) return {};
  ConversationName name = read_name(in, *head);
  return in.ok() ? name : ConversationName();
}

}  // namespace

std::string encode_vectors(const ConversationVectors& vectors, const ConversationName& name) {
  const search::VectorCodes& codes = vectors.codes();
  std::string out(kMagic);
  out.reserve(kHeadBytes + name.tenant.size() + name.id.size() + vectors.model().size() +
              vectors.size() * (kRowBytes + codes.dimensions()) + kSumBytes);
  put(out, kVersion);
  for (const std::size_t number : {name.tenant.size(), name.id.size(), vectors.model().size(),
                                   codes.dimensions(), vectors.size()}) {
    put(out, static_cast<std::uint32_t>(number));
  }
  put(out, vectors.next().message);
  put(out, vectors.next().part);
  put(out, vectors.stamps().first);
  put(out, vectors.stamps().last);
  out.resize(kHeadBytes, '\0');
  out.append(name.tenant).append(name.id).append(vectors.model());
  for (const PassagePlace& place : vectors.places()) {
    put(out, place.message);
    put(out, place.part);
  }
  for (std::uint32_t row = 0; row < codes.size(); ++row) {
    put_float(out, codes.scale(row));
    const auto parts = codes.parts(row);
    out.append(reinterpret_cast<const char*>(parts.data()), parts.size());
  }
  put(out, hash64(out));
  return out;
}

std::unique_ptr<ConversationVectors> decode_vectors(std::string_view bytes,
                                                    const ConversationName& name) {
  if (!is_whole(bytes)) return nullptr;
  ByteReader in(bytes);
  const Head head = *read_head(in);
  if (read_name(in, head) != name) return nullptr;
  auto vectors = std::make_unique<ConversationVectors>(std::string(in.take(head.model_bytes)),
                                                       head.dimensions);
  std::vector<PassagePlace> places(head.rows);
  for (PassagePlace& place : places) {
    place.message = in.get<std::uint32_t>();
    place.part = in.get<std::uint32_t>();
  }
  const bool rising = std::ranges::adjacent_find(places, std::greater_equal<>()) == places.end();
  if (!rising || places.back() >= head.next) return nullptr;
  for (std::uint32_t row = 0; row < head.rows; ++row) {
    const float scale = get_float(in);
    if (!std::isfinite(scale) || scale < 0) return nullptr;
    const std::string_view parts = in.take(head.dimensions);
    vectors->restore({reinterpret_cast<const std::int8_t*>(parts.data()), parts.size()}, scale);
  }
  vectors->restore(std::move(places), head.stamps, head.next);
  return vectors;
}

std::string vector_path(const std::string& folder, const ConversationName& name) {
  // The length keeps two names apart that read the same one after the other.
  const std::string hash =
      hash128_hex(std::to_string(name.tenant.size()) + ":" + name.tenant + name.id);
  return folder + "/vectors/" + hash.substr(0, 2) + "/" + hash + std::string(kSuffix);
}

Result<> write_vectors(FileSystem& files, const std::string& path, std::string_view bytes) {
  if (auto made = files.make_folders(folder_of(path)); !made) return made;
  return files.replace(path, bytes, true);
}

Result<std::unique_ptr<ConversationVectors>> read_vectors(FileSystem& files,
                                                          const std::string& path,
                                                          const ConversationName& name) {
  const auto file = files.open(path, File::Mode::kRead);
  if (!file) {
    if (file.error().fault == Fault::kNotFound) return std::unique_ptr<ConversationVectors>();
    return file.error();
  }
  const auto info = (*file)->info();
  if (!info) return info.error();
  const auto bytes = (*file)->read_at(0, info->size);
  if (!bytes) return bytes.error();
  auto vectors = decode_vectors(*bytes, name);
  if (vectors == nullptr) {
    return Error(Fault::kStorage, Side::kInternal, path + " is damaged or not ours");
  }
  return vectors;
}

std::vector<VectorFile> list_vectors(FileSystem& files, const std::string& folder) {
  std::vector<VectorFile> found;
  const std::string root = folder + "/vectors";
  const auto folders = files.list_folder(root);
  if (!folders) return found;
  for (const std::string& inner : *folders) {
    std::string path = root;
    path.append("/").append(inner);
    const auto names = files.list_folder(path);
    if (!names) continue;
    for (const std::string& name : *names) {
      std::string file = path;
      file.append("/").append(name);
      found.push_back({file, name.ends_with(kSuffix) ? name_in(files, file) : ConversationName()});
    }
  }
  return found;
}

}  // namespace keep::recall
