// Text -> hits, whole and in pieces: the pieces make no difference, what a hit spans was held back,
// and a restart behind text with nothing pending changes nothing. The first byte chooses the size
// of the pieces.
#include "plugins/hedge/detector.hpp"
#include "tests/fuzz/fuzz.hpp"

#include <memory>
#include <string_view>
#include <vector>

namespace {

using keep::fuzz::check;
using keep::hedge::Detector;

struct Found {
  std::vector<std::size_t> numbers;  // of each hit: begin, end, phrase
  std::size_t pending = 0;
  bool operator==(const Found&) const = default;
};

Found scan(Detector detector, std::string_view text, std::size_t piece, bool restart) {
  Found found;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t held = detector.pending_from();
    check(held == Detector::kNone || held < at);
    const auto hit = detector.feed(text.substr(at, piece));
    if (hit) {
      check(hit->begin >= (held < at ? held : at) && hit->begin < hit->end && hit->end > at);
      found.numbers.insert(found.numbers.end(), {hit->begin, hit->end, hit->phrase});
    }
    at = hit ? hit->end : at + piece;
    if (restart && at < text.size() && detector.pending_from() == Detector::kNone) {
      detector.restart(text.substr(0, at));
    }
  }
  found.pending = detector.pending_from();
  return found;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto phrases =
      keep::hedge::compile({"if I recall", "I am not sure, but", "recall that", "a a a", "\u2122"})
          .value();
  keep::fuzz::Input input(data, size);
  const std::size_t piece = 1 + input.pick(64);
  const std::string_view text = input.rest();
  const Found whole = scan(Detector(phrases), text, text.size() + 1, false);
  check(whole == scan(Detector(phrases), text, piece, false));
  if (text.size() < 2000) check(whole == scan(Detector(phrases), text, piece, true));
  return 0;
}
