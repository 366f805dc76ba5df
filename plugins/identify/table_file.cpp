#include "plugins/identify/table_file.hpp"

#include "base/hash.hpp"
#include "base/json/json.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace keep::identify {

namespace {

using Remembered = ConversationTable::Remembered;

constexpr std::string_view kVersion = "llama-keep conversations 1\n";

// JSON readers take numbers for doubles: hashes are text.
void write_list(json::Writer& out, std::string_view key, const std::vector<std::uint64_t>& list) {
  out.key(key).begin_array();
  for (const std::uint64_t value : list) out.string(to_hex(value));
  out.end_array();
}

std::string to_text(const std::vector<std::uint16_t>& words) {
  std::string text;
  for (const std::uint16_t word : words) text += to_hex(word).substr(12);
  return text;
}

std::vector<std::uint16_t> words_of(const json::Value& value) {
  const std::string_view text = value.plain_string().value_or(std::string_view());
  std::vector<std::uint16_t> words;
  for (std::size_t i = 0; i + 4 <= text.size(); i += 4) {
    words.push_back(static_cast<std::uint16_t>(keep::from_hex(text.substr(i, 4))));
  }
  return words;
}

void write_entry(const Remembered& entry, std::string& out) {
  json::Writer line;
  line.begin_object().member("key", to_hex(entry.key)).member("tenant", to_hex(entry.tenant));
  line.member("agent", to_hex(entry.agent)).member("tip", to_hex(entry.tip));
  line.member("whole", to_hex(entry.last_whole)).member("asked", to_hex(entry.last_asked));
  line.member("first", to_hex(entry.first)).member("opening", to_hex(entry.opening));
  line.member("openings", entry.openings).member("complete", entry.complete);
  line.member("explicit", entry.has_id);
  write_list(line, "marks", entry.marks);
  write_list(line, "asked_marks", entry.asked);
  write_list(line, "retold", entry.retold);
  line.member("turn_head", to_text(entry.turn.head)).member("turn_tail", to_text(entry.turn.tail));
  line.member("turn_bytes", entry.turn.bytes).member("turn_media", entry.turn.media);
  out.append(line.end_object().take()).append("\n");
}

std::uint64_t from_hex(const json::Value& value) {
  return keep::from_hex(value.plain_string().value_or(std::string_view()));
}

std::vector<std::uint64_t> read_list(const json::Value& list) {
  std::vector<std::uint64_t> numbers;
  for (const json::Value element : list.elements()) numbers.push_back(from_hex(element));
  return numbers;
}

Remembered read_entry(const json::Value& line) {
  Remembered entry;
  for (const json::Member m : line.members()) {
    if (m.key_is("key")) entry.key = from_hex(m.value);
    if (m.key_is("tenant")) entry.tenant = from_hex(m.value);
    if (m.key_is("agent")) entry.agent = from_hex(m.value);
    if (m.key_is("tip")) entry.tip = from_hex(m.value);
    if (m.key_is("whole")) entry.last_whole = from_hex(m.value);
    if (m.key_is("asked")) entry.last_asked = from_hex(m.value);
    if (m.key_is("first")) entry.first = from_hex(m.value);
    if (m.key_is("opening")) entry.opening = from_hex(m.value);
    if (m.key_is("openings")) {
      entry.openings = static_cast<std::uint32_t>(m.value.integer().value_or(0));
    }
    if (m.key_is("complete")) entry.complete = m.value.boolean().value_or(false);
    if (m.key_is("explicit")) entry.has_id = m.value.boolean().value_or(false);
    if (m.key_is("marks")) entry.marks = read_list(m.value);
    if (m.key_is("asked_marks")) entry.asked = read_list(m.value);
    if (m.key_is("retold")) entry.retold = read_list(m.value);
    if (m.key_is("turn_head")) entry.turn.head = words_of(m.value);
    if (m.key_is("turn_tail")) entry.turn.tail = words_of(m.value);
    if (m.key_is("turn_bytes")) {
      entry.turn.bytes = static_cast<std::uint32_t>(m.value.integer().value_or(0));
    }
    if (m.key_is("turn_media")) entry.turn.media = m.value.boolean().value_or(false);
  }
  return entry;
}

}  // namespace

Result<> save_table(FileSystem& files, const std::string& path,
                    std::span<const Remembered> conversations) {
  std::string text(kVersion);
  for (const Remembered& entry : conversations) write_entry(entry, text);
  return files.replace(path, text, true);
}

Result<std::vector<Remembered>> load_table(FileSystem& files, const std::string& path) {
  std::vector<Remembered> conversations;
  const auto file = files.open(path, File::Mode::kRead);
  if (!file) {
    if (file.error().fault == Fault::kNotFound) return conversations;
    return file.error();
  }
  const auto info = (*file)->info();
  if (!info) return info.error();
  const auto text = (*file)->read_at(0, info->size);
  if (!text) return text.error();
  std::string_view rest = *text;
  if (!rest.starts_with(kVersion)) {
    if (auto aside = files.rename(path, path + ".damaged"); !aside) return aside.error();
    return Error(Fault::kStorage, Side::kInternal, path + " is not ours, set aside as *.damaged");
  }
  rest.remove_prefix(kVersion.size());
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string line(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    const auto value = json::validate(line);
    if (!value) continue;
    Remembered entry = read_entry(*value);
    if (entry.key != 0) conversations.push_back(std::move(entry));
  }
  return conversations;
}

}  // namespace keep::identify
