// What one very long conversation costs: scale_bench [TOKENS], ten million by default.
//
// Made-up talk (chat_text.hpp) is stored message by message as the history plugin does it, read
// back at random, and opened again. Bytes and memory are per token or message of what was stored.

#include "base/os/posix_file_system.hpp"
#include "plugins/history/log/conversation_log.hpp"
#include "tests/bench/bench_report.hpp"
#include "tests/bench/chat_text.hpp"
#include "tests/bench/scale_index.hpp"
#include "tests/support/temp_folder.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

namespace keep::bench {
namespace {

using history::ConversationLog;
using history::NewMessage;

constexpr std::uint64_t kSeed = 1;
constexpr std::size_t kReads = 20'000;
constexpr std::int64_t kStart = 1'700'000'000;
constexpr std::int64_t kSecondsPerMessage = 40;

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point begun) {
  return std::chrono::duration<double>(Clock::now() - begun).count();
}

double resident_mb() {
  std::ifstream file("/proc/self/statm");
  double total = 0, resident = 0;
  file >> total >> resident;
  return resident * static_cast<double>(::sysconf(_SC_PAGESIZE)) / 1e6;
}

std::unique_ptr<ConversationLog> open_log(FileSystem& files, const test::TempFolder& folder) {
  return ConversationLog::open(files, folder.path + "/conversation", {"bench", "scale"}).value();
}

NewMessage to_message(ChatText::Said said, Position position) {
  NewMessage message;
  message.role = said.by_user ? Role::kUser : Role::kAssistant;
  message.parent = position - 1;
  message.hash = std::hash<std::string>()(said.json);
  message.tokens = said.tokens;
  message.time = kStart + kSecondsPerMessage * position;
  message.json = std::move(said.json);
  return message;
}

struct Ingested {
  double seconds = 0;  // in append(), without making the text
  double worst_s = 0;  // of one append()
  double text_bytes = 0;
};

// Question and answer are appended one by one, as they arrive.
Ingested ingest(ConversationLog& log, std::uint64_t tokens) {
  Ingested ingested;
  ChatText text(kSeed);
  while (log.tokens() < tokens) {
    const std::vector<NewMessage> one{to_message(text.next(), static_cast<Position>(log.size()))};
    ingested.text_bytes += static_cast<double>(one.front().json.size());
    const auto begun = Clock::now();
    log.append(one).value();
    const double took = seconds_since(begun);
    ingested.seconds += took;
    ingested.worst_s = std::max(ingested.worst_s, took);
  }
  return ingested;
}

// Microseconds of each, in rising order.
std::vector<double> read_at_random(const ConversationLog& log) {
  std::mt19937_64 random(kSeed);
  std::vector<double> times;
  for (std::size_t i = 0; i < kReads; ++i) {
    const auto position = static_cast<Position>(random() % log.size());
    const auto begun = Clock::now();
    log.json(position).value();
    times.push_back(seconds_since(begun) * 1e6);
  }
  std::sort(times.begin(), times.end());
  return times;
}

void expect_same_text(const ConversationLog& log) {
  ChatText text(kSeed);
  Position position = 0;
  for (;;) {
    const auto messages = log.read(position, 1 << 20).value();
    if (messages.empty()) break;
    for (const StoredMessage& message : messages) {
      if (message.json != text.next().json) throw std::runtime_error("other text than was stored");
    }
    position = messages.back().info.position + 1;
  }
  if (position != log.size()) throw std::runtime_error("messages are missing");
}

void measure_store(BenchReport& report, std::uint64_t wanted) {
  const test::TempFolder folder(std::filesystem::temp_directory_path());  // on a disk
  const double resident_before = resident_mb();
  PosixFileSystem files;
  auto log = open_log(files, folder);
  const Ingested ingested = ingest(*log, wanted);
  const double resident = resident_mb() - resident_before;
  const auto tokens = static_cast<double>(log->tokens());
  const auto messages = static_cast<double>(log->size());
  const auto bytes = static_cast<double>(log->disk_bytes());
  log.reset();

  const auto begun = Clock::now();
  log = open_log(files, folder);
  const double open_s = seconds_since(begun);
  const auto memory = static_cast<double>(log->memory_bytes());
  const std::vector<double> reads = read_at_random(*log);
  const auto checked = Clock::now();
  expect_same_text(*log);
  report.add("store", {{"tokens", tokens},
                       {"messages", messages},
                       {"text_bytes_per_token", ingested.text_bytes / tokens},
                       {"disk_bytes_per_token", bytes / tokens, 1.75},
                       {"memory_bytes_per_message", memory / messages, 36},
                       {"rss_growth_mb", resident},
                       {"ingest_tokens_per_s", tokens / ingested.seconds},
                       {"worst_append_ms", ingested.worst_s * 1e3},
                       {"open_s", open_s, 2},
                       {"read_p50_us", reads[kReads / 2], 60},
                       {"read_p99_us", reads[kReads * 99 / 100], 250},
                       {"read_all_s", seconds_since(checked)}});
}

int run(std::uint64_t tokens) {
  BenchReport report("scale");
  measure_store(report, tokens);
  measure_index(report, tokens);
  return report.finish();
}

}  // namespace
}  // namespace keep::bench

int main(int argc, char** argv) {
  try {
    return keep::bench::run(argc > 1 ? std::stoull(argv[1]) : 10'000'000);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "scale_bench: %s\n", e.what());
    return 2;
  }
}
