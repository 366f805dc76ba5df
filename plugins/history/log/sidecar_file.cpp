#include "plugins/history/log/sidecar_file.hpp"

#include "base/byte_codec.hpp"
#include "base/hash.hpp"

#include <cstdint>

namespace keep::history {

namespace {

constexpr std::string_view kMagic = "keepside";
constexpr std::uint64_t kVersion = 1;
constexpr std::size_t kHeaderBytes = 24;

}  // namespace

Result<std::string> read_sidecar(FileSystem& files, const std::string& path) {
  const auto file = files.open(path, File::Mode::kRead);
  if (!file) {
    if (file.error().fault == Fault::kNotFound) return std::string();
    return file.error();
  }
  auto bytes = (*file)->read_at(0, kHeaderBytes + kMaxSidecarBytes);
  if (!bytes) return bytes.error();
  return parse_sidecar(*bytes);
}

std::string parse_sidecar(std::string_view bytes) {
  ByteReader reader(bytes);
  const bool ours = reader.take(kMagic.size()) == kMagic && reader.get<std::uint64_t>() == kVersion;
  const auto checksum = reader.get<std::uint64_t>();
  if (!reader.ok() || !ours || hash64(reader.left()) != checksum) return {};
  return std::string(reader.left());
}

Result<> write_sidecar(FileSystem& files, const std::string& path, std::string_view text) {
  if (text.size() > kMaxSidecarBytes) {
    if (const auto removed = files.remove(path); !removed) return removed.error();
    return Error(Fault::kTooLarge, Side::kInternal, "too long a sidecar: " + path);
  }
  std::string bytes(kMagic);
  put(bytes, kVersion);
  put(bytes, hash64(text));
  bytes += text;
  return files.replace(path, bytes, false);
}

}  // namespace keep::history
