#include "plugins/identify/client_signals.hpp"

#include "base/hash.hpp"

#include <algorithm>
#include <array>
#include <iterator>

namespace keep::identify {

namespace {

using Where = SignalRow::Where;
using Gives = SignalRow::Gives;

constexpr std::size_t kMaxIdBytes = 256;

constexpr auto kHeader = Where::kHeader;
constexpr auto kBody = Where::kBody;
constexpr auto kConversation = Gives::kConversation;

constexpr SignalRow kTable[] = {
    // ours
    {kHeader, "x-conversation-id", "llama-keep, LibreChat", kConversation},
    {kBody, "conversation_id", "llama-keep", kConversation},
    // headers of one client
    {kHeader, "x-claude-code-session-id", "Claude Code", kConversation},
    {kHeader, "session-id", "Codex", kConversation},
    {kHeader, "thread-id", "Codex", kConversation},
    {kHeader, "conversation_id", "Codex, older", kConversation},
    {kHeader, "x-opencode-session", "OpenCode", kConversation},
    {kHeader, "x-kilocode-taskid", "Kilo", kConversation},
    {kHeader, "x-kilo-session", "Kilo", kConversation},
    {kHeader, "x-zoo-session-id", "Zoo Code", kConversation},
    {kHeader, "x-zoo-task-id", "Zoo Code", kConversation},
    {kHeader, "agent-session-id", "Goose", kConversation},
    {kHeader, "x-amp-thread-id", "Amp", kConversation},
    {kHeader, "x-pochi-session-id", "Pochi", kConversation},
    // headers in general use
    {kHeader, "x-session-id", "OpenCode, Crush", kConversation},
    {kHeader, "session_id", "Codex, older; pi", kConversation},
    {kHeader, "x-session-affinity", "OpenCode, Crush, pi, Hermes, nanobot", kConversation},
    {kHeader, "x-thread-id", "", kConversation},
    {kHeader, "x-litellm-session-id", "LiteLLM", kConversation},
    {kHeader, "x-openwebui-chat-id", "Open WebUI", kConversation},
    {kHeader, "x-task-id", "Cline", kConversation},
    {kHeader, "x-sm-conversation-id", "supermemory", kConversation},
    // fields of the body
    {Where::kUserId, "metadata.user_id", "Claude Code", kConversation},
    {kBody, "session_id", "", kConversation},
    {kBody, "sessionId", "", kConversation},
    {kBody, "litellm_session_id", "LiteLLM, Cline", kConversation},
    {kBody, "conversation", "Responses API", kConversation},
    {kBody, "conversation.id", "Responses API", kConversation},
    {kBody, "prompt_cache_key", "OpenAI API, Codex, Hermes, nanobot", kConversation},
    {kBody, "metadata.session_id", "LiteLLM", kConversation},
    {kBody, "metadata.conversation_id", "", kConversation},
    {kBody, "metadata.chat_id", "", kConversation},
    {kBody, "chat_id", "", kConversation},
    // agents inside a conversation
    {kHeader, "x-claude-code-agent-id", "Claude Code", Gives::kAgent},
    {kHeader, "thread-id", "Codex", Gives::kAgent},
    {kHeader, "x-claude-code-parent-agent-id", "Claude Code", Gives::kParent},
    {kHeader, "x-parent-session-id", "OpenCode", Gives::kParent},
    // the rest
    {kHeader, "x-client-request-id", "Codex, pi; openai libraries: new each time", Gives::kHint},
    {kBody, "user", "OpenAI API", Gives::kTenant},
    {kBody, "safety_identifier", "OpenAI API", Gives::kTenant},
};

// What templates leave behind when there is no conversation yet.
constexpr std::string_view kPlaceholders[] = {"null", "undefined", "None", "new"};

// Top-level members are found in one pass: find() per row would walk the body once each.
struct Fields {
  std::array<json::Value, std::size(kTable)> values;
};

struct BodyRow {
  std::size_t row;
  std::string_view top_name;
};

constexpr auto is_in_body = [](const SignalRow& row) { return row.where != Where::kHeader; };
constexpr auto kBodyRows = [] {
  std::array<BodyRow, std::ranges::count_if(kTable, is_in_body)> rows{};
  auto next = rows.begin();
  for (std::size_t i = 0; i < std::size(kTable); ++i) {
    const std::string_view name = kTable[i].name;
    if (is_in_body(kTable[i])) *next++ = {i, name.substr(0, name.find('.'))};
  }
  return rows;
}();

Fields read_fields(const json::Value& root) {
  Fields fields;
  for (const json::Member member : root.members()) {
    for (const auto& [row, top_name] : kBodyRows) {
      json::Value& value = fields.values[row];
      if (value.missing() && member.key_is(top_name)) value = member.value;
    }
  }
  return fields;
}

json::Value descend(json::Value value, std::string_view path) {
  for (std::size_t dot = path.find('.'); dot != path.npos; dot = path.find('.')) {
    path.remove_prefix(dot + 1);
    value = value.find(path.substr(0, path.find('.')));
  }
  return value;
}

std::optional<std::string> id_of(const SignalRow& row, const json::Value& top) {
  const json::Value value = descend(top, row.name);
  if (value.type() == json::Type::kNumber) return clean_id(value.raw());
  const auto text = value.string();
  if (!text) return std::nullopt;
  if (row.where != Where::kUserId) return clean_id(*text);
  const auto session = session_of_user_id(*text);
  return session ? clean_id(*session) : std::nullopt;
}

std::string_view trimmed(std::string_view value) noexcept {
  const std::size_t begin = value.find_first_not_of(" \t");
  if (begin == value.npos) return {};
  return value.substr(begin, value.find_last_not_of(" \t") - begin + 1);
}

Signal make_signal(const SignalRow& row, std::string id) {
  std::string source = row.where == Where::kHeader ? "header:" : "body:";
  source += row.name;
  return Signal{std::move(id), std::move(source)};
}

}  // namespace

std::span<const SignalRow> signal_table() noexcept { return kTable; }

std::optional<std::string> clean_id(std::string_view value) {
  value = trimmed(value);
  if (value.empty() || value.find("{{") != value.npos) return std::nullopt;
  if (std::ranges::find(kPlaceholders, value) != std::end(kPlaceholders)) return std::nullopt;
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  if (value.size() > kMaxIdBytes || std::ranges::any_of(value, is_control)) {
    return "h-" + hash128_hex(value);
  }
  return std::string(value);
}

std::optional<std::string> session_of_user_id(const std::string& user_id) {
  if (user_id.starts_with('{')) {
    const auto root = json::validate(user_id);
    return root ? root->find("session_id").string() : std::nullopt;
  }
  constexpr std::string_view kMark = "_session_";
  const std::size_t at = user_id.rfind(kMark);
  if (!user_id.starts_with("user_") || at == std::string::npos) return std::nullopt;
  return user_id.substr(at + kMark.size());
}

std::optional<Signal> find_signal(const Headers& headers, const json::Value& root) {
  const Fields fields = read_fields(root);
  for (std::size_t i = 0; i < std::size(kTable); ++i) {
    const SignalRow& row = kTable[i];
    if (row.gives != Gives::kConversation) continue;
    std::optional<std::string> id;
    if (row.where != Where::kHeader) {
      id = id_of(row, fields.values[i]);
    } else if (const auto value = headers.find(row.name)) {
      id = clean_id(*value);
    }
    if (id) return make_signal(row, *std::move(id));
  }
  return std::nullopt;
}

std::uint64_t agent_signal(const Headers& headers) {
  std::uint64_t hash = 0;
  for (const SignalRow& row : kTable) {
    if (row.gives != Gives::kAgent && row.gives != Gives::kParent) continue;
    const auto value = headers.find(row.name);
    if (!value || trimmed(*value).empty()) continue;
    hash = hash_combine(hash_combine(hash, hash64(row.name)), hash64(trimmed(*value)));
  }
  return hash;
}

std::optional<Signal> find_hint(const Headers& headers) {
  for (const SignalRow& row : kTable) {
    if (row.gives != Gives::kHint) continue;
    const auto value = headers.find(row.name);
    auto id = value ? clean_id(*value) : std::nullopt;
    if (id) return make_signal(row, *std::move(id));
  }
  return std::nullopt;
}

std::optional<std::string> previous_response(const json::Value& root) {
  const auto id = root.find("previous_response_id").string();
  return id ? clean_id(*id) : std::nullopt;
}

}  // namespace keep::identify
