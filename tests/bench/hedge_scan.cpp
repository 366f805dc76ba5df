// The default hedging phrases in text: hedge_scan [-v] [PATH...], folders with all that is in them,
// standard input without a path. Prints {"files":,"bytes":,"tokens":,"hits":,
// "hits_per_10k_tokens":,"held_back":,"seconds":,"mb_s":}; with -v first each hit: file, line,
// phrase, text around it.
//
// A token is 4 bytes. The text comes in such pieces, as from a model; behind `held_back` of them
// something had to be held back. The time is of that alone, without reading files.

#include "plugins/hedge/detector.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace keep::bench {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kTokenBytes = 4;
constexpr std::size_t kAround = 40;

struct Totals {
  std::size_t files = 0;
  std::size_t bytes = 0;
  std::size_t hits = 0;
  std::size_t held_back = 0;  // pieces behind which something was
  double seconds = 0;
};

class Scan {
 public:
  explicit Scan(bool verbose)
      : verbose_(verbose), phrases_(hedge::compile(hedge::default_phrases()).value()) {}

  void add(const std::string& name, std::istream& in) {
    const std::string text((std::istreambuf_iterator<char>(in)), {});
    std::vector<hedge::Detector::Hit> hits;
    const auto begun = std::chrono::steady_clock::now();
    hedge::Detector detector(phrases_);
    for (std::size_t at = 0; at < text.size();) {
      const std::string_view piece = std::string_view(text).substr(at, kTokenBytes);
      const auto hit = detector.feed(piece);
      if (hit) hits.push_back(*hit);
      at = hit ? hit->end : at + piece.size();
      if (detector.pending_from() != hedge::Detector::kNone) ++totals_.held_back;
    }
    totals_.seconds +=
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
    ++totals_.files;
    totals_.bytes += text.size();
    totals_.hits += hits.size();
    if (verbose_) {
      for (const auto& hit : hits) show(name, text, hit);
    }
  }

  void print() const {
    const double tokens = static_cast<double>(totals_.bytes) / kTokenBytes;
    std::printf(
        "{\"files\":%zu,\"bytes\":%zu,\"tokens\":%.0f,\"hits\":%zu,"
        "\"hits_per_10k_tokens\":%.4f,\"held_back\":%zu,\"seconds\":%.6f,\"mb_s\":%.0f}\n",
        totals_.files, totals_.bytes, tokens, totals_.hits,
        static_cast<double>(totals_.hits) * 1e4 / std::max(tokens, 1.0), totals_.held_back,
        totals_.seconds,
        static_cast<double>(totals_.bytes) / 1e6 / std::max(totals_.seconds, 1e-9));
  }

 private:
  static void show(const std::string& name, const std::string& text,
                   const hedge::Detector::Hit& hit) {
    const auto line =
        1 + std::count(text.begin(), text.begin() + static_cast<long>(hit.begin), '\n');
    const std::size_t from = hit.begin - std::min(hit.begin, kAround);
    std::string around = text.substr(from, hit.end + kAround - from);
    std::replace(around.begin(), around.end(), '\n', ' ');
    std::cout << name << ':' << line << ": [" << hedge::default_phrases()[hit.phrase] << "] "
              << around << '\n';
  }

  bool verbose_;
  std::shared_ptr<const hedge::Phrases> phrases_;
  Totals totals_;
};

void add_path(Scan& scan, const fs::path& path) {
  if (!fs::is_directory(path)) {
    std::ifstream in(path, std::ios::binary);
    scan.add(path.string(), in);
    return;
  }
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(path)) {
    if (entry.is_regular_file() && !entry.is_symlink()) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  for (const fs::path& file : files) add_path(scan, file);
}

}  // namespace
}  // namespace keep::bench

int main(int argc, char** argv) {
  std::vector<std::string> paths(argv + 1, argv + argc);
  const bool verbose = !paths.empty() && paths.front() == "-v";
  if (verbose) paths.erase(paths.begin());
  keep::bench::Scan scan(verbose);
  for (const std::string& path : paths) keep::bench::add_path(scan, path);
  if (paths.empty()) scan.add("-", std::cin);
  std::cout.flush();
  scan.print();
  return 0;
}
