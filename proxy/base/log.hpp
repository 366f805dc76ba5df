// Log: one line per happening, `message key=value ...`. The only door to spdlog.
//
// Any thread. Writing never blocks: a line leaves a moment later, with those that follow it (a
// warning at once), and when the queue is full the oldest is dropped and counted.
// Never pass prompt text; ids, sizes and hashes are fine.
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

namespace keep::log {

enum class Level { kDebug, kInfo, kWarn, kError };
enum class Format { kText, kJson };

struct Field {
  Field(std::string_view k, std::string_view v) : key(k), value(v), quoted(true) {}
  Field(std::string_view k, const char* v) : key(k), value(v), quoted(true) {}
  Field(std::string_view k, const std::string& v) : key(k), value(v), quoted(true) {}
  Field(std::string_view k, bool v) : key(k), value(v ? "true" : "false"), quoted(false) {}
  Field(std::string_view k, double v);
  template <std::integral Int>
  Field(std::string_view k, Int v) : key(k), value(std::to_string(v)), quoted(false) {}

  std::string_view key;
  std::string value;
  bool quoted;  // JSON: a string; text: in quotes when it holds spaces
};

using Fields = std::initializer_list<Field>;
using FieldList = std::span<const Field>;

// Before start() lines go nowhere. To stderr; under systemd with the <N> priority prefix.
void start(Level level, Format format);
void stop();  // flushes, a second at most; after the pools have joined
std::uint64_t dropped_lines() noexcept;
bool is_written(Level level) noexcept;

void write(Level level, std::string_view message, FieldList fields);
// Past the queue, for a program that is about to abort. Waits a second at most for a reader.
void write_now(Level level, std::string_view message, FieldList fields);
inline void write(Level level, std::string_view message, Fields f) {
  write(level, message, FieldList(f.begin(), f.size()));
}
inline void write_now(Level level, std::string_view message, Fields f) {
  write_now(level, message, FieldList(f.begin(), f.size()));
}
inline void debug(std::string_view message, Fields f = {}) { write(Level::kDebug, message, f); }
inline void info(std::string_view message, Fields f = {}) { write(Level::kInfo, message, f); }
inline void warn(std::string_view message, Fields f = {}) { write(Level::kWarn, message, f); }
inline void error(std::string_view message, Fields f = {}) { write(Level::kError, message, f); }

}  // namespace keep::log
