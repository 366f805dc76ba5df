#include "base/compression/inflate.hpp"

#include "base/text/bounded_text.hpp"

#include <zlib.h>

#include <limits>
#include <new>

namespace keep::inflate {

namespace {

// zlib's codes for how a stream is wrapped.
constexpr int kGzip = 15 + 16, kZlib = 15, kRaw = -15;

Error damaged(const char* what) {
  return Error(Fault::kBadRequest, Side::kDownstream,
               std::string("the ") + what + " body is damaged or cut short");
}

Error too_large(std::size_t max_bytes) {
  return Error(Fault::kTooLarge, Side::kDownstream,
               "request body over " + std::to_string(max_bytes) + " bytes when decompressed");
}

class Stream {
 public:
  Stream(std::string_view bytes, int wrapping) {
    if (inflateInit2(&z_, wrapping) != Z_OK) throw std::bad_alloc();
    // zlib does not write there, it only lacks the const.
    z_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    z_.avail_in = static_cast<uInt>(bytes.size());
  }
  ~Stream() { inflateEnd(&z_); }
  Stream(const Stream&) = delete;

  int step(BoundedText& text) {
    const auto room = text.room();
    z_.next_out = reinterpret_cast<Bytef*>(room.data());
    z_.avail_out = static_cast<uInt>(room.size());
    const int code = ::inflate(&z_, Z_NO_FLUSH);
    text.wrote(room.size() - z_.avail_out);
    return code;
  }
  bool input_left() const { return z_.avail_in > 0; }
  bool next_member() { return inflateReset(&z_) == Z_OK; }

 private:
  z_stream z_{};
};

Result<std::string> decode(std::string_view bytes, std::size_t max_bytes, int wrapping,
                           const char* what) {
  if (bytes.size() > std::numeric_limits<uInt>::max()) return too_large(max_bytes);
  Stream stream(bytes, wrapping);
  BoundedText text(max_bytes);
  // Each step reads or writes at least one byte, or says that it cannot.
  for (;;) {
    const int code = stream.step(text);
    if (text.over()) return too_large(max_bytes);
    if (code == Z_OK) continue;
    if (code != Z_STREAM_END) return damaged(what);
    if (!stream.input_left()) return text.take();
    if (wrapping != kGzip || !stream.next_member()) return damaged(what);
  }
}

// A zlib stream begins with 8, the window's size, and a check of both bytes.
bool is_wrapped(std::string_view bytes) {
  if (bytes.size() < 2) return false;
  const auto first = static_cast<unsigned char>(bytes[0]);
  const auto second = static_cast<unsigned char>(bytes[1]);
  return (first & 0x0f) == 8 && (first * 256 + second) % 31 == 0;
}

}  // namespace

Result<std::string> gunzip(std::string_view bytes, std::size_t max_bytes) {
  return decode(bytes, max_bytes, kGzip, "gzip");
}

Result<std::string> inflate(std::string_view bytes, std::size_t max_bytes) {
  return decode(bytes, max_bytes, is_wrapped(bytes) ? kZlib : kRaw, "deflate");
}

}  // namespace keep::inflate
