#include "openai/request/chat_request.hpp"

#include "base/hash.hpp"
#include "openai/json_text.hpp"
#include "openai/request/prefix_memory.hpp"
#include "openai/request/request_limits.hpp"

#include <algorithm>
#include <initializer_list>
#include <iterator>
#include <limits>
#include <utility>

namespace keep::openai {

namespace {

using json::Member;
using json::Value;

Error bad(std::string detail) {
  return Error(Fault::kBadRequest, Side::kDownstream, std::move(detail));
}

// The top-level members that we act on. Those that are only listed here are read elsewhere (by
// identify), and must not appear twice either.
enum Known : std::size_t {
  kModel,
  kMessages,
  kPrompt,
  kStream,
  kStreamOptions,
  kMaxTokens,
  kMaxCompletionTokens,
  kMaxOutputTokens,
  kNPredict,
  kN,
  kNCmpl,
  kIdSlot,
  kSlotId,
  kTools,
  kReturnProgress,
  kStore,
  kConversationId,
  kPreviousResponseId,
  kKnownCount,
};
constexpr std::string_view kNames[] = {
    "model",
    "messages",
    "prompt",
    "stream",
    "stream_options",
    "max_tokens",
    "max_completion_tokens",
    "max_output_tokens",
    "n_predict",
    "n",
    "n_cmpl",
    "id_slot",
    "slot_id",
    "tools",
    "return_progress",
    "store",
    "conversation_id",
    "previous_response_id",
};
static_assert(std::size(kNames) == kKnownCount);

constexpr std::size_t kPadding = 64;  // what json::validate() likes to find behind a text

struct Fields {
  Value values[kKnownCount];
  const Value& operator[](Known known) const noexcept { return values[known]; }
};

// The list that the cursor is at, from the end of the messages that are known on.
Result<Value> read_list(json::Cursor& cursor, std::string_view name, ChatRequest& request) {
  const char* const begin = cursor.place();
  cursor.enter();
  if (!request.messages.empty()) {
    const std::string_view last = request.messages.back().raw.raw();
    cursor.pass_to(last.data() + last.size());
  }
  while (cursor.next_element()) {
    if (request.messages.size() == RequestLimits::kMessages) {
      return too_many(name, RequestLimits::kMessages);
    }
    std::string where(name);
    where += '[' + std::to_string(request.messages.size()) + ']';
    auto message = read_chat_message(cursor, where);
    if (!message) return message.error();
    request.messages.push_back(*std::move(message));
  }
  return Value(std::string_view(begin, static_cast<std::size_t>(cursor.place() - begin)));
}

Known known_of(const Member& member) noexcept {
  std::size_t i = 0;
  while (i < kKnownCount && !member.key_is(kNames[i])) ++i;
  return static_cast<Known>(i);
}

// Passes over the body once; the messages are read on the way.
Result<Fields> read_fields(const Value& root, ChatRequest& request) {
  if (!root.is_object()) return bad("the body must be a JSON object");
  const std::string_view list = list_name(request.surface);
  Fields fields;
  json::Cursor cursor(root.raw());
  cursor.enter();
  for (Member member; cursor.next_key(member.raw_key);) {
    if (request.fields.size() == RequestLimits::kFields) {
      return too_many("body", RequestLimits::kFields, "fields");
    }
    const Known known = known_of(member);
    if (known != kKnownCount && !fields[known].missing()) {
      return bad("'" + std::string(kNames[known]) + "' appears twice");
    }
    if (member.key_is(list) && cursor.type() == json::Type::kArray) {
      const auto messages = read_list(cursor, list, request);
      if (!messages) return messages.error();
      request.messages_raw = member.value = *messages;
    } else {
      member.value = cursor.take();
    }
    if (known != kKnownCount) fields.values[known] = member.value;
    request.fields.push_back(member);
  }
  return fields;
}

// What is no list of messages, or has to be one.
Result<> check_messages(const Fields& fields, ChatRequest& request) {
  if (request.surface == Surface::kCompletion) {
    const Value& prompt = fields[kPrompt];
    if (prompt.missing()) return bad("'prompt' is required");
    request.messages.push_back(message_of_prompt(prompt));
    return {};
  }
  if (request.messages.empty()) return bad("'messages' must be a non-empty array");
  return {};
}

std::optional<std::int64_t> first_count(const Fields& fields, std::initializer_list<Known> names) {
  for (const Known name : names) {
    const auto value = fields[name].integer();
    if (value && *value >= 0) return value;
  }
  return std::nullopt;
}

// Chat has them inside "function", the Responses API has them flat, built-in tools have a type.
std::uint64_t hash_of_tools(const Value& tools) {
  std::uint64_t hash = 0;
  for (const Value tool : tools.elements()) {
    auto name = tool.find("function").find("name").string();
    if (!name) name = tool.find("name").string();
    if (!name) name = tool.find("type").string();
    hash = hash_combine(hash, hash64(name.value_or(std::string())));
  }
  return hash;
}

// An array of prompts gets an answer to each; one with numbers in it is one prompt.
std::int64_t prompts_of(const Value& prompt) {
  std::int64_t count = 0;
  for (const Value element : prompt.elements()) {
    if (element.type() == json::Type::kNumber) return 1;
    ++count;
  }
  return std::max<std::int64_t>(count, 1);
}

// llama-server has two names for the number of choices, and the other one goes before OpenAI's.
int answers_of(const Fields& fields, Surface surface) {
  constexpr std::int64_t kMost = std::numeric_limits<int>::max();
  const bool named = !fields[kNCmpl].missing() && !is_null(fields[kNCmpl]);
  const std::int64_t n = fields[named ? kNCmpl : kN].integer().value_or(1);
  if (n < 1 || n > kMost) return 1;
  const std::int64_t prompts = surface == Surface::kCompletion ? prompts_of(fields[kPrompt]) : 1;
  return static_cast<int>(std::min(n * prompts, kMost));
}

Result<> read_settings(const Fields& fields, ChatRequest& request) {
  if (fields[kModel].raw().size() > RequestLimits::kModelBytes) {
    return too_many("model", RequestLimits::kModelBytes, "bytes");
  }
  request.model = fields[kModel].string().value_or(std::string());
  request.stream = fields[kStream].boolean().value_or(false);
  request.return_progress = fields[kReturnProgress].boolean().value_or(false);
  request.include_usage = fields[kStreamOptions].find("include_usage").boolean().value_or(false);
  request.store = fields[kStore].boolean().value_or(true);
  request.choices = answers_of(fields, request.surface);
  request.max_tokens =
      first_count(fields, {kMaxOutputTokens, kMaxCompletionTokens, kMaxTokens, kNPredict});
  request.id_slot = first_count(fields, {kIdSlot, kSlotId});
  request.tools = fields[kTools];
  if (holds_more(request.tools, RequestLimits::kTools)) {
    return too_many("tools", RequestLimits::kTools);
  }
  request.tools_hash = hash_of_tools(request.tools);
  return {};
}

// Of a body whose first `known` bytes begin a body that was valid and end behind a message.
bool is_valid_after(const std::string& body, std::size_t known) {
  constexpr std::string_view kOpened = R"({"":[0)";  // where the known part leaves off
  std::string rest;
  rest.reserve(kOpened.size() + body.size() - known + kPadding);
  rest.append(kOpened).append(body, known);
  return json::validate(rest).has_value();
}

Result<ChatRequest> read_request(const Value& root, Surface surface,
                                 std::vector<Message> known = {}) {
  ChatRequest request;
  request.root = root;
  request.surface = surface;
  request.messages = std::move(known);
  const auto fields = read_fields(root, request);
  if (!fields) return fields.error();
  if (const auto done = read_settings(*fields, request); !done) return done.error();
  if (const auto done = check_messages(*fields, request); !done) return done.error();
  if (!request.messages.empty() && request.messages.back().role == "assistant") {
    request.prefill = content_text(request.messages.back().content);
  }
  return request;
}

}  // namespace

bool holds_media(const ChatRequest& request) noexcept {
  return std::ranges::any_of(request.messages,
                             [](const Message& message) { return message.media > 0; });
}

std::string_view list_name(Surface surface) noexcept {
  if (surface == Surface::kCompletion) return {};
  return kNames[kMessages];
}

Result<ChatRequest> parse_chat_request(const std::string& body, Surface surface) {
  const auto root = json::validate(body);
  if (!root) return root.error();
  return read_request(*root, surface);
}

Result<ChatRequest> parse_chat_request(const std::string& body, Surface surface,
                                       PrefixMemory& memory) {
  PrefixMemory::Known known = memory.find(body, surface);
  // What is wrong with it, and where, is for the whole to say.
  const bool helps = known.bytes > 0 && is_valid_after(body, known.bytes);
  const std::size_t count = known.messages.size();
  auto request = helps ? read_request(Value(body), surface, std::move(known.messages))
                       : parse_chat_request(body, surface);
  if (!request) return request;
  memory.add(body, *request, helps ? count : 0, known.key);
  if (helps) {
    const char* const first = request->messages_raw.raw().data();
    request->known_bytes = known.bytes - static_cast<std::size_t>(first - body.data());
  }
  return request;
}

}  // namespace keep::openai
