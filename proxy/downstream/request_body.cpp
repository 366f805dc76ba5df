#include "downstream/request_body.hpp"

#include "base/compression/brotli.hpp"
#include "base/compression/inflate.hpp"
#include "base/compression/zstd_frames.hpp"
#include "base/text/tokens.hpp"

#include <boost/range/adaptor/reversed.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace keep {

namespace {

constexpr std::string_view kField = "Content-Encoding";
constexpr std::size_t kMaxCodings = 3;  // each costs the time of a whole body
constexpr std::size_t kPadding = 64;    // room for a parser

using Decode = Result<std::string> (*)(std::string_view bytes, std::size_t max_bytes);

struct Coding {
  std::string_view name;
  Decode decode;
};
constexpr Coding kCodings[] = {
    {"gzip", inflate::gunzip},  {"x-gzip", inflate::gunzip},       {"deflate", inflate::inflate},
    {"br", brotli::decompress}, {"zstd", zstd::decompress_frames},
};

// In the order in which they were applied.
std::vector<std::string_view> named_codings(const Request& request) {
  std::vector<std::string_view> names;
  for (const Header& header : request.headers) {
    if (!equal_ignoring_case(header.name, kField)) continue;
    for (const std::string_view name : tokens_of(header.value)) {
      if (!equal_ignoring_case(name, "identity")) names.push_back(name);
    }
  }
  return names;
}

Decode find_coding(std::string_view name) {
  for (const Coding& coding : kCodings) {
    if (equal_ignoring_case(coding.name, name)) return coding.decode;
  }
  return nullptr;
}

// A JSON text begins with an ASCII character, so a NUL among the first two bytes is half of one.
bool is_wide(std::string_view body) {
  constexpr std::string_view kMarks[] = {"\xff\xfe", "\xfe\xff"};
  const std::string_view start = body.substr(0, 2);
  return start == kMarks[0] || start == kMarks[1] || start.find('\0') != start.npos;
}

Result<> take_off_mark(std::string& body) {
  constexpr std::string_view kMark = "\xef\xbb\xbf";
  if (is_wide(body)) {
    return Error(Fault::kBadRequest, Side::kDownstream,
                 "the body is in UTF-16 or UTF-32; JSON is sent as UTF-8");
  }
  if (body.starts_with(kMark)) body.erase(0, kMark.size());
  return {};
}

}  // namespace

bool is_compressed(const Request& request) {
  return !request.body.empty() && request.headers.find(kField).has_value();
}

std::optional<std::string> unreadable_codings(const Request& request) {
  const auto names = named_codings(request);
  if (names.size() > kMaxCodings) {
    return "more than " + std::to_string(kMaxCodings) + " content codings";
  }
  for (const std::string_view name : names) {
    if (find_coding(name) == nullptr) {
      return "Content-Encoding '" + std::string(name) + "' is not read here, only " +
             std::string(kReadableCodings);
    }
  }
  return std::nullopt;
}

Result<> decode_body(Request& request, std::size_t max_bytes) {
  const auto names = named_codings(request);
  for (const std::string_view name : boost::adaptors::reverse(names)) {
    if (request.body.empty()) break;  // a GET may name a coding, too
    auto text = find_coding(name)(request.body, max_bytes);
    if (!text) return text.error();
    request.body = *std::move(text);
    request.body.reserve(request.body.size() + kPadding);
  }
  request.headers.remove(kField);
  return take_off_mark(request.body);
}

}  // namespace keep
