#include "base/compression/zstd_frames.hpp"

#include "base/text/bounded_text.hpp"

#include <zstd.h>

#include <memory>
#include <new>

namespace keep::zstd {

namespace {

constexpr int kMaxWindowLog = 23;  // 8 MB, as much as RFC 9659 lets anybody ask for

struct Free {
  void operator()(ZSTD_DCtx* context) const noexcept { ZSTD_freeDCtx(context); }
};

}  // namespace

Result<std::string> decompress_frames(std::string_view frames, std::size_t max_bytes) {
  const std::unique_ptr<ZSTD_DCtx, Free> context(ZSTD_createDCtx());
  if (!context) throw std::bad_alloc();
  ZSTD_DCtx_setParameter(context.get(), ZSTD_d_windowLogMax, kMaxWindowLog);
  BoundedText text(max_bytes);
  ZSTD_inBuffer input{frames.data(), frames.size(), 0};
  for (;;) {
    const auto room = text.room();
    ZSTD_outBuffer output{room.data(), room.size(), 0};
    const std::size_t missing = ZSTD_decompressStream(context.get(), &output, &input);
    text.wrote(output.pos);
    if (text.over()) {
      return Error(Fault::kTooLarge, Side::kDownstream,
                   "request body over " + std::to_string(max_bytes) + " bytes when decompressed");
    }
    const bool read = input.pos == input.size;
    if (missing == 0 && read) return text.take();
    // Without input left, a step that does not fill the room has nothing more to give.
    if (ZSTD_isError(missing) != 0 || (read && output.pos < output.size)) {
      return Error(Fault::kBadRequest, Side::kDownstream, "the zstd body is damaged or cut short");
    }
  }
}

}  // namespace keep::zstd
