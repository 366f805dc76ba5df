#include "plugins/history/zone/zone_weights.hpp"

#include "base/hash.hpp"
#include "openai/request/message.hpp"

#include <algorithm>
#include <string>

namespace keep::history {

namespace {

// Pictures and sounds: their bytes say nothing.
constexpr Tokens kPartTokens = 1024;
constexpr std::size_t kTelling = 256;  // bytes of text from which on it says something about others

struct Counted {
  Tokens tokens = 0;      // of the text
  std::size_t bytes = 0;  // of the text
};

asio::awaitable<Counted> count_text(const openai::Message& message, Tokenizer& tokenizer) {
  const std::string text = openai::content_text(message.content);
  Counted counted;
  counted.bytes = text.size();
  counted.tokens = co_await tokenizer.count(hash64(text), text);
  co_return counted;
}

// Tool calls, which templates print in their own way, are guessed.
Tokens beside_text(const openai::Message& message, std::size_t text, const Tokenizer& tokenizer) {
  const std::size_t rest = message.text_bytes - std::min(message.text_bytes, text);
  return tokenizer.estimate(rest) + static_cast<Tokens>(message.media) * kPartTokens +
         kMessageTokens;
}

std::size_t bytes_around(const openai::ChatRequest& chat) { return chat.tools.raw().size(); }

void add_recalled(const Exchange& exchange, ZoneWeights& weights) {
  const std::size_t lead = exchange.zone.lead;
  for (const RecalledBefore& before : exchange.recalled_before) {
    if (before.message >= lead && before.message - lead < weights.messages.size()) {
      weights.messages[before.message - lead].tokens += before.tokens;
    }
  }
}

}  // namespace

Tokens estimate(const openai::Message& message, const Tokenizer& tokenizer) {
  return beside_text(message, 0, tokenizer);
}

ZoneWeights guess_weights(const Exchange& exchange, const Tokenizer& tokenizer) {
  const auto& messages = exchange.chat.messages;
  ZoneWeights weights;
  weights.fixed = tokenizer.estimate(bytes_around(exchange.chat));
  weights.tools = bytes_around(exchange.chat) > 0;
  weights.messages.reserve(messages.size());
  for (std::size_t i = 0; i < messages.size(); ++i) {
    const Tokens tokens = estimate(messages[i], tokenizer);
    if (i < exchange.zone.lead) {
      weights.fixed += tokens;
    } else {
      weights.messages.push_back({role_of(messages[i].role), tokens});
    }
  }
  add_recalled(exchange, weights);
  return weights;
}

asio::awaitable<CountedWeights> count_weights(const Exchange& exchange, Tokenizer& tokenizer,
                                              std::size_t from, Tokens enough) {
  const auto& messages = exchange.chat.messages;
  const std::size_t lead = exchange.zone.lead;
  CountedWeights result;
  ZoneWeights& weights = result.weights;
  weights = guess_weights(exchange, tokenizer);
  Counted all;
  Tokens sum = tokenizer.estimate(bytes_around(exchange.chat));
  for (std::size_t i = 0; i < lead && sum <= enough; ++i) {
    const Counted text = co_await count_text(messages[i], tokenizer);
    const Tokens tokens = text.tokens + beside_text(messages[i], text.bytes, tokenizer);
    weights.fixed += tokens - estimate(messages[i], tokenizer);
    sum += tokens;
  }
  for (std::size_t i = messages.size(); i-- > std::max(from, lead) && sum <= enough;) {
    const Counted text = co_await count_text(messages[i], tokenizer);
    all.tokens += text.tokens;
    all.bytes += text.bytes;
    const Tokens guessed = estimate(messages[i], tokenizer);
    // The guess has what was recalled before it on top.
    weights.messages[i - lead].tokens +=
        text.tokens + beside_text(messages[i], text.bytes, tokenizer) - guessed;
    sum += weights.messages[i - lead].tokens;
  }
  if (all.bytes >= kTelling) {
    result.tokens_per_byte = static_cast<double>(all.tokens) / static_cast<double>(all.bytes);
  }
  co_return result;
}

Tokens tokens_from(const ZoneWeights& weights, const Anchor& anchor) {
  Tokens total = weights.fixed;
  for (std::size_t i = 0; i < weights.messages.size(); ++i) {
    if (anchor.keeps(i)) total += weights.messages[i].tokens;
  }
  return total;
}

void correct(ZoneWeights& weights, const Anchor& anchor, Tokens measured) {
  Tokens missed = measured - tokens_from(weights, anchor);
  Tokens count = 0;
  for (std::size_t i = 0; i < weights.messages.size(); ++i) count += anchor.keeps(i) ? 1 : 0;
  if (!weights.tools && count > 0) {
    for (Weight& message : weights.messages) {
      message.tokens = std::max<Tokens>(0, message.tokens + missed / count);
    }
    missed = measured - tokens_from(weights, anchor);
  }
  weights.fixed = std::max<Tokens>(0, weights.fixed + missed);
}

}  // namespace keep::history
