#include "base/compression/zstd.hpp"

#define ZDICT_STATIC_LINKING_ONLY  // for the algorithm with its parameters given
#include <zdict.h>
#include <zstd.h>

#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

namespace keep::zstd {

namespace {

template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* object) const noexcept {
    Free(object);
  }
};
using Compressor = std::unique_ptr<ZSTD_CCtx, Freed<ZSTD_freeCCtx>>;
using Decompressor = std::unique_ptr<ZSTD_DCtx, Freed<ZSTD_freeDCtx>>;
using CompressorForm = std::unique_ptr<ZSTD_CDict, Freed<ZSTD_freeCDict>>;
using DecompressorForm = std::unique_ptr<ZSTD_DDict, Freed<ZSTD_freeDDict>>;

template <class T>
T must(T made) {
  if (made == nullptr) throw std::bad_alloc();
  return made;
}

ZSTD_CCtx* compressor() {
  thread_local const Compressor kept = must(Compressor(ZSTD_createCCtx()));
  return kept.get();
}

ZSTD_DCtx* decompressor() {
  thread_local const Decompressor kept = must(Decompressor(ZSTD_createDCtx()));
  return kept.get();
}

}  // namespace

struct Dictionary::Forms {
  std::string bytes;
  DecompressorForm decompressing;
};

Dictionary::Dictionary(std::string bytes) : forms_(std::make_unique<Forms>()) {
  forms_->bytes = std::move(bytes);
}
Dictionary::Dictionary(Dictionary&& other) noexcept = default;
Dictionary& Dictionary::operator=(Dictionary&& other) noexcept = default;
Dictionary::~Dictionary() = default;

std::size_t Dictionary::memory_bytes() const noexcept {
  return forms_->bytes.size() + ZSTD_sizeof_DDict(forms_->decompressing.get());
}

std::string train(std::span<const std::string_view> samples, std::size_t max_bytes) {
  std::string text;
  std::vector<std::size_t> sizes;
  for (const std::string_view sample : samples) {
    text += sample;
    sizes.push_back(sample.size());
  }
  // ZDICT_trainFromBuffer() tries many of these, which takes ten times as long; on source code and
  // talk none that it found was better.
  ZDICT_fastCover_params_t parameters{};
  parameters.k = 200;  // bytes of a segment
  parameters.d = 8;    // bytes that are counted as one
  parameters.f = 16;   // log2 of the number of counters
  std::string dictionary(max_bytes, '\0');
  const std::size_t made = ZDICT_trainFromBuffer_fastCover(
      dictionary.data(), dictionary.size(), text.data(), sizes.data(),
      static_cast<unsigned>(sizes.size()), parameters);
  dictionary.resize(ZDICT_isError(made) != 0 ? 0 : made);
  return dictionary;
}

std::string compress(std::string_view text, int level, Dictionary* dictionary) {
  std::string frame(ZSTD_compressBound(text.size()), '\0');
  std::size_t made = 0;
  if (dictionary == nullptr) {
    made = ZSTD_compressCCtx(compressor(), frame.data(), frame.size(), text.data(), text.size(),
                             level);
  } else {
    // Made anew each time: it takes up to 1 MB of memory, and a fraction of the time of
    // compressing.
    const std::string& bytes = dictionary->forms_->bytes;
    const auto form = must(CompressorForm(ZSTD_createCDict(bytes.data(), bytes.size(), level)));
    made = ZSTD_compress_usingCDict(compressor(), frame.data(), frame.size(), text.data(),
                                    text.size(), form.get());
  }
  // The room suffices for any text, so only memory can be missing.
  if (ZSTD_isError(made) != 0) throw std::runtime_error(ZSTD_getErrorName(made));
  frame.resize(made);
  return frame;
}

Result<std::string> decompress(std::string_view frame, std::size_t size, Dictionary* dictionary) {
  // A damaged size must not make us ask for all memory.
  if (ZSTD_getFrameContentSize(frame.data(), frame.size()) != size) {
    return Error(Fault::kStorage, Side::kInternal, "compressed text of another size");
  }
  std::string text(size, '\0');
  std::size_t made = 0;
  if (dictionary == nullptr) {
    made =
        ZSTD_decompressDCtx(decompressor(), text.data(), text.size(), frame.data(), frame.size());
  } else {
    Dictionary::Forms& forms = *dictionary->forms_;
    if (forms.decompressing == nullptr) {
      forms.decompressing =
          must(DecompressorForm(ZSTD_createDDict(forms.bytes.data(), forms.bytes.size())));
    }
    made = ZSTD_decompress_usingDDict(decompressor(), text.data(), text.size(), frame.data(),
                                      frame.size(), forms.decompressing.get());
  }
  if (ZSTD_isError(made) == 0 && made == size) return text;
  return Error(Fault::kStorage, Side::kInternal, "compressed text that cannot be read");
}

}  // namespace keep::zstd
