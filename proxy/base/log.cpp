#include "base/log.hpp"

#include "base/json/json.hpp"
#include "base/os/line_writer.hpp"

#include <poll.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <string>

namespace keep::log {

namespace {

constexpr std::size_t kQueueLines = 8192, kUsualBytes = 512;

// Lines are put together where something happens, and written elsewhere.
class QueueSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  std::uint64_t dropped() const { return writer_.dropped(); }

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t text;
    formatter_->format(message, text);
    writer_.put(std::string(text.data(), text.size()));
  }
  void flush_() override { writer_.hurry(); }

  LineWriter writer_{STDERR_FILENO, kQueueLines};
};

struct State {
  std::shared_ptr<QueueSink> sink;
  std::shared_ptr<spdlog::logger> logger;
  Format format = Format::kText;
  std::string pattern;
};

State& state() {
  static State s;
  return s;
}

spdlog::level::level_enum to_spdlog(Level level) {
  switch (level) {
    case Level::kDebug: return spdlog::level::debug;
    case Level::kInfo: return spdlog::level::info;
    case Level::kWarn: return spdlog::level::warn;
    case Level::kError: return spdlog::level::err;
  }
  return spdlog::level::info;
}

// journald reads the priority from a <N> prefix (sd-daemon(3)).
std::string_view journal_priority(Level level) {
  switch (level) {
    case Level::kDebug: return "<7>";
    case Level::kInfo: return "<6>";
    case Level::kWarn: return "<4>";
    case Level::kError: return "<3>";
  }
  return "<6>";
}

std::string_view name_of(Level level) {
  switch (level) {
    case Level::kDebug: return "debug";
    case Level::kInfo: return "info";
    case Level::kWarn: return "warn";
    case Level::kError: return "error";
  }
  return "info";
}

// A value that holds none of these needs no quotes.
constexpr auto kQuotedFor = [] {
  std::array<bool, 256> bytes{};
  for (const char c : std::string_view(" \"\\\n\r\t=")) bytes[static_cast<unsigned char>(c)] = true;
  return bytes;
}();

bool is_plain(std::string_view value) noexcept {
  const auto quoted_for = [](char c) { return kQuotedFor[static_cast<unsigned char>(c)]; };
  return !value.empty() && std::ranges::none_of(value, quoted_for);
}

std::string as_text(std::string_view message, FieldList fields) {
  std::string line;
  line.reserve(kUsualBytes);
  line.append(message);
  for (const Field& field : fields) {
    line.append(" ").append(field.key).append("=");
    if (!field.quoted || is_plain(field.value)) {
      line += field.value;
    } else {
      json::append_quoted(line, field.value);
    }
  }
  return line;
}

std::string as_json(Level level, std::string_view message, FieldList fields) {
  json::Writer writer;
  writer.begin_object().member("level", name_of(level)).member("message", message);
  for (const Field& field : fields) {
    writer.key(field.key);
    field.quoted ? writer.string(field.value) : writer.raw(field.value);
  }
  return writer.end_object().take();
}

// journald stamps lines itself.
bool is_for_journal() {
  static const bool journal = std::getenv("JOURNAL_STREAM") != nullptr;
  return journal;
}

std::string pattern_for(Format format) {
  if (is_for_journal()) return "%v";
  if (format == Format::kJson) return R"({"time":"%Y-%m-%dT%H:%M:%S.%e%z",%v)";
  return "%Y-%m-%dT%H:%M:%S.%e %L %v";
}

std::string line_of(Level level, std::string_view message, FieldList fields) {
  const bool json = state().format == Format::kJson;
  std::string line = json ? as_json(level, message, fields) : as_text(message, fields);
  if (is_for_journal()) {
    line.insert(0, journal_priority(level));
  } else if (json) {
    line.erase(0, 1);  // the pattern begins the object, with the time
  }
  return line;
}

}  // namespace

Field::Field(std::string_view k, double v) : key(k), quoted(false) {
  json::Writer writer;
  value = writer.number(v).take();
}

void start(Level level, Format format) {
  State& s = state();
  s.format = format;
  s.sink = std::make_shared<QueueSink>();
  s.logger = std::make_shared<spdlog::logger>("keep", s.sink);
  s.logger->set_level(to_spdlog(level));
  s.logger->flush_on(spdlog::level::warn);
  s.pattern = pattern_for(format);
  s.logger->set_pattern(s.pattern);
}

void stop() {
  State& s = state();
  s.logger.reset();
  s.sink.reset();  // writes what waits
}

std::uint64_t dropped_lines() noexcept {
  const State& s = state();
  return s.sink ? s.sink->dropped() : 0;
}

bool is_written(Level level) noexcept {
  const State& s = state();
  return s.logger && s.logger->should_log(to_spdlog(level));
}

void write(Level level, std::string_view message, FieldList fields) {
  if (!is_written(level)) return;
  const std::string line = line_of(level, message, fields);
  state().logger->log(to_spdlog(level), spdlog::string_view_t(line));
}

void write_now(Level level, std::string_view message, FieldList fields) {
  const State& s = state();
  if (!s.logger) return;
  const std::string line = line_of(level, message, fields);
  spdlog::memory_buf_t text;
  spdlog::pattern_formatter(s.pattern).format(
      spdlog::details::log_msg("keep", to_spdlog(level), spdlog::string_view_t(line)), text);
  // So many bytes go into a pipe that has room without waiting for the rest of it.
  const std::size_t size = std::min<std::size_t>(text.size(), PIPE_BUF);
  pollfd out{STDERR_FILENO, POLLOUT, 0};
  if (::poll(&out, 1, 1000) > 0) static_cast<void>(!::write(STDERR_FILENO, text.data(), size));
}

}  // namespace keep::log
