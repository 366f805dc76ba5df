#include "text/stem.hpp"

#include <libstemmer.h>

#include <new>

namespace keep::text {

Stemmer::Stemmer() : stemmer_(sb_stemmer_new("english", "UTF_8")) {
  if (!stemmer_) throw std::bad_alloc();
}

void Stemmer::Close::operator()(sb_stemmer* stemmer) const noexcept { sb_stemmer_delete(stemmer); }

std::string_view Stemmer::stem(std::string_view word) const noexcept {
  const auto* const in = reinterpret_cast<const sb_symbol*>(word.data());
  const sb_symbol* const out = sb_stemmer_stem(stemmer_.get(), in, static_cast<int>(word.size()));
  if (out == nullptr) return word;
  return {reinterpret_cast<const char*>(out),
          static_cast<std::size_t>(sb_stemmer_length(stemmer_.get()))};
}

}  // namespace keep::text
