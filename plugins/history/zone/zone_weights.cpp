#include "plugins/history/zone/zone_weights.hpp"

#include "base/hash.hpp"
#include "openai/message.hpp"

#include <algorithm>
#include <string>

namespace keep::history {

namespace {

// An estimate below this share of the window cannot be so wrong that the prompt would not fit.
constexpr double kSafeShare = 0.6;
// Pictures and sounds: no endpoint tells, and their bytes say nothing.
constexpr Tokens kPartTokens = 1024;

Tokens tokens_of_parts(const openai::Message& message) {
  if (!message.content.is_array()) return 0;
  Tokens tokens = 0;
  for (const json::Value part : message.content.elements()) {
    if (part.find("text").missing()) tokens += kPartTokens;
  }
  return tokens;
}

// The text is counted; tool calls, which templates print in their own way, are estimated.
asio::awaitable<Tokens> count(const openai::Message& message, Tokenizer& tokenizer) {
  const std::string text = openai::content_text(message.content);
  const std::size_t rest = message.text_bytes - std::min(message.text_bytes, text.size());
  const Tokens counted = co_await tokenizer.count(hash64(text), text);
  co_return counted + tokenizer.estimate(rest) + tokens_of_parts(message) + kMessageTokens;
}

std::size_t bytes_around(const openai::ChatRequest& chat) {
  return chat.tools.raw().size() + chat.instructions.raw().size();
}

Tokens sum(const std::vector<Weight>& weights, std::size_t from) {
  Tokens total = 0;
  for (std::size_t i = from; i < weights.size(); ++i) total += weights[i].tokens;
  return total;
}

}  // namespace

Tokens estimate(const openai::Message& message, const Tokenizer& tokenizer) {
  return tokenizer.estimate(message.text_bytes) + tokens_of_parts(message) + kMessageTokens;
}

asio::awaitable<ZoneWeights> weigh(const Exchange& exchange, Tokenizer& tokenizer, std::size_t from,
                                   Tokens window) {
  const auto& messages = exchange.chat.messages;
  const std::size_t lead = exchange.zone.lead;
  ZoneWeights weights;
  weights.fixed = tokenizer.estimate(bytes_around(exchange.chat));
  for (std::size_t i = 0; i < messages.size(); ++i) {
    const Tokens tokens = estimate(messages[i], tokenizer);
    if (i < lead) {
      weights.fixed += tokens;
    } else {
      weights.messages.push_back({role_of(messages[i].role), tokens});
    }
  }
  const std::size_t first = std::max(from, lead) - lead;
  const auto safe = static_cast<Tokens>(static_cast<double>(window) * kSafeShare);
  if (weights.fixed + sum(weights.messages, first) > safe) {
    Tokens counted = tokenizer.estimate(bytes_around(exchange.chat));
    for (std::size_t i = 0; i < lead && counted <= window; ++i) {
      counted += co_await count(messages[i], tokenizer);
    }
    weights.fixed = counted;
    for (std::size_t i = messages.size(); i-- > lead + first && counted <= window;) {
      weights.messages[i - lead].tokens = co_await count(messages[i], tokenizer);
      counted += weights.messages[i - lead].tokens;
    }
  }
  for (const RecalledBefore& before : exchange.recalled_before) {
    if (before.message >= lead && before.message < messages.size()) {
      weights.messages[before.message - lead].tokens += before.tokens;
    }
  }
  co_return weights;
}

}  // namespace keep::history
