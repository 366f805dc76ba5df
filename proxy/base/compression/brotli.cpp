#include "base/compression/brotli.hpp"

#include "base/text/bounded_text.hpp"

#include <brotli/decode.h>

#include <cstdint>
#include <memory>
#include <new>

namespace keep::brotli {

namespace {

struct Destroy {
  void operator()(BrotliDecoderState* state) const noexcept { BrotliDecoderDestroyInstance(state); }
};

}  // namespace

Result<std::string> decompress(std::string_view bytes, std::size_t max_bytes) {
  const std::unique_ptr<BrotliDecoderState, Destroy> state(
      BrotliDecoderCreateInstance(nullptr, nullptr, nullptr));
  if (!state) throw std::bad_alloc();
  BoundedText text(max_bytes);
  const auto* input = reinterpret_cast<const std::uint8_t*>(bytes.data());
  std::size_t input_left = bytes.size();
  for (;;) {
    const auto room = text.room();
    auto* output = reinterpret_cast<std::uint8_t*>(room.data());
    std::size_t room_left = room.size();
    const auto code = BrotliDecoderDecompressStream(state.get(), &input_left, &input, &room_left,
                                                    &output, nullptr);
    text.wrote(room.size() - room_left);
    if (text.over()) {
      return Error(Fault::kTooLarge, Side::kDownstream,
                   "request body over " + std::to_string(max_bytes) + " bytes when decompressed");
    }
    if (code == BROTLI_DECODER_RESULT_SUCCESS && input_left == 0) return text.take();
    if (code != BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT) {
      return Error(Fault::kBadRequest, Side::kDownstream, "the br body is damaged or cut short");
    }
  }
}

}  // namespace keep::brotli
