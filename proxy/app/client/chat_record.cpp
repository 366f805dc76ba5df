#include "app/client/chat_record.hpp"

#include "base/json/json.hpp"
#include "base/text/format.hpp"
#include "base/text/url.hpp"

#include <algorithm>
#include <vector>

namespace keep {

namespace {

Error odd_reply(const ChatClient& client) {
  return Error(Fault::kProtocol, Side::kUpstream, client.url() + " is no llama-keep");
}

std::string span_of(std::int64_t seconds) {
  if (seconds < 120) return std::to_string(seconds) + " s";
  if (seconds < 7200) return std::to_string(seconds / 60) + " min";
  if (seconds < 48 * 3600) return std::to_string(seconds / 3600) + " h";
  return std::to_string(seconds / (24 * 3600)) + " d";
}

void append_line(std::string& text, std::string_view line) {
  if (line.empty()) return;
  if (!text.empty()) text += '\n';
  text += line;
}

using Row = std::vector<std::string>;

std::string to_table(const std::vector<Row>& rows) {
  std::vector<std::size_t> widths(rows.front().size());
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string out;
  for (const Row& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string space(widths[i] - row[i].size(), ' ');
      line += i == 0 ? row[i] + space : "  " + space + row[i];  // figures to the right
    }
    out += line + "\n";
  }
  return out;
}

}  // namespace

Result<> for_each_message(ChatClient& client, const std::string& id, const OnEntry& on_entry) {
  const std::string target = "/v1/conversations/" + url::percent_encode(id) + "?limit=1000&from=";
  std::int64_t from = 0;
  for (;;) {
    const auto body = client.get(target + std::to_string(from));
    if (!body) return body.error();
    const auto root = json::validate(*body);
    if (!root || !root->find("messages").is_array()) return odd_reply(client);
    for (const json::Value entry : root->find("messages").elements()) on_entry(entry.raw());
    const auto next = root->find("next").integer();
    if (!next) return {};
    if (*next <= from) return odd_reply(client);
    from = *next;
  }
}

std::string exported_message(std::string_view entry) {
  std::string line(entry);
  std::ranges::replace(line, '\n', ' ');
  std::ranges::replace(line, '\r', ' ');
  return line + "\n";
}

std::string text_of(std::string_view message) {
  const json::Value root(message);
  const json::Value content = root.find("content");
  std::string text = content.string().value_or("");
  for (const json::Value part : content.elements()) {
    append_line(text, part.find("text").string().value_or(""));
  }
  for (const json::Value call : root.find("tool_calls").elements()) {
    const json::Value function = call.find("function");
    append_line(text, "[calls " + function.find("name").string().value_or("?") + " " +
                          function.find("arguments").string().value_or("") + "]");
  }
  return text;
}

std::string readable_message(std::string_view entry) {
  const json::Value root(entry);
  std::string head = "[" + std::to_string(root.find("position").integer().value_or(0));
  head += ", turn " + std::to_string(root.find("turn").integer().value_or(0));
  head += ", " + format_utc(root.find("time").integer().value_or(0), "%F %T") + "] ";
  head += root.find("role").string().value_or("?");
  return head + ": " + text_of(root.find("message").raw()) + "\n";
}

Result<std::string> conversations_table(const std::string& body) {
  const auto root = json::validate(body);
  if (!root || !root->find("conversations").is_array()) {
    return Error(Fault::kProtocol, Side::kUpstream, "this is no list of conversations");
  }
  struct Line {
    std::int64_t idle;
    Row row;
  };
  std::vector<Line> lines;
  for (const json::Value one : root->find("conversations").elements()) {
    const auto figure = [&one](std::string_view name) {
      return one.find(name).integer().value_or(0);
    };
    const std::int64_t idle = figure("idle_seconds");
    lines.push_back(
        {idle,
         {one.find("conversation_id").string().value_or("?"), std::to_string(figure("turns")),
          std::to_string(figure("messages")), std::to_string(figure("tokens")),
          std::to_string(figure("disk_bytes")), span_of(idle)}});
  }
  std::ranges::stable_sort(lines, {}, &Line::idle);
  std::vector<Row> rows{{"CONVERSATION", "TURNS", "MESSAGES", "TOKENS", "BYTES", "IDLE"}};
  for (Line& line : lines) rows.push_back(std::move(line.row));
  return to_table(rows);
}

}  // namespace keep
