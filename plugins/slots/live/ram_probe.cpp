#include "plugins/slots/live/ram_probe.hpp"

#include "base/json/json.hpp"
#include "base/text/ids.hpp"
#include "openai/count_of.hpp"

#include <optional>
#include <utility>

namespace keep::slots {

namespace {

struct Reading {
  Tokens cached = 0, read = 0;
};

std::optional<Reading> reading_of(const Result<std::string>& answer) {
  if (!answer) return std::nullopt;
  const auto root = json::validate(*answer);
  if (!root || !root->find("timings").is_object()) return std::nullopt;
  const json::Value timings = root->find("timings");
  return Reading{openai::count_of(timings.find("cache_n")),
                 openai::count_of(timings.find("prompt_n"))};
}

// Never seen before. Long enough not to be taken for one that goes on from the filler.
std::string new_prompt() {
  std::string text;
  for (int i = 0; i < 8; ++i) text += random_id("What was read before can be found again: ") + ". ";
  return text;
}

}  // namespace

Task<std::string> read_into(Queries& queries, std::size_t upstream, std::size_t slot,
                            std::string prompt) {
  json::Writer body;
  body.begin_object().member("id_slot", static_cast<std::int64_t>(slot)).member("n_predict", 0);
  body.member("cache_prompt", true).member("prompt", prompt).end_object();
  co_return co_await queries.post(upstream, "/completion", body.take());
}

asio::awaitable<RamCache> probe_ram_cache(Queries& queries, std::size_t upstream,
                                          std::size_t slot) {
  const std::string prompt = new_prompt();
  const auto first = co_await read_into(queries, upstream, slot, prompt);
  const auto parked = co_await read_into(queries, upstream, slot, kFillerPrompt);
  const auto second = co_await read_into(queries, upstream, slot, prompt);
  const auto left = co_await read_into(queries, upstream, slot, kFillerPrompt);
  const auto before = reading_of(first), after = reading_of(second);
  if (!before || !parked || !after || !left || before->read == 0) co_return RamCache::kUnknown;
  const bool found = after->cached * 2 > before->cached + before->read;
  co_return found ? RamCache::kPresent : RamCache::kNone;
}

}  // namespace keep::slots
