#include "plugins/slots/live/archive_calls.hpp"

#include "base/async/race.hpp"
#include "base/log.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <exception>
#include <utility>

namespace keep::slots {

namespace {

std::optional<SlotContent> content_of(const Slot& slot) {
  const bool known = slot.key != 0 && slot.owner != 0 && slot.whose;
  if (slot.use != SlotUse::kCooling || !known || slot.held <= 0) return std::nullopt;
  return SlotContent{slot.whose,    slot.held,  slot.returning,
                     slot.last_use, slot.trail, slot.text_bytes};
}

asio::awaitable<void> run_keep(SlotArchive& archive, SlotPlace place, SlotContent content,
                               Result<>& result) {
  try {
    result = co_await archive.keep(place, std::move(content));
  } catch (const std::exception& e) {
    result = Error(Fault::kInternal, Side::kInternal, e.what());
  }
}

asio::awaitable<void> run_bring_back(SlotArchive& archive, SlotPlace place, WantedPrompt prompt,
                                     Result<std::int64_t>& result) {
  try {
    result = co_await archive.bring_back(place, std::move(prompt));
  } catch (const std::exception& e) {
    result = Error(Fault::kInternal, Side::kInternal, e.what());
  }
}

asio::awaitable<void> wait_for(asio::steady_timer& timer) {
  co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
}

Error cut_off() { return Error(Fault::kTimeout, Side::kInternal, "the archive was cut short"); }

void note_failure(const char* what, SlotPlace place, const Error& error) {
  log::warn(what, {{"slot", place.slot}, {"why", to_string(error.fault)}});
}

}  // namespace

SlotCosts ArchiveCalls::costs(std::size_t upstream, const SlotTable& table) const {
  SlotCosts costs(table.size());
  for (std::size_t i = 0; i < table.size(); ++i) {
    const auto content = content_of(table.at(i));
    if (content) costs[i] = archive_.cost_of_losing(upstream, *content);
  }
  return costs;
}

std::optional<SlotContent> ArchiveCalls::wanted(SlotPlace place, const Slot& slot) const {
  auto content = content_of(slot);
  if (content && !archive_.wants(place, *content)) content.reset();
  return content;
}

asio::awaitable<bool> ArchiveCalls::within_limit(std::size_t upstream, asio::awaitable<void> work) {
  const auto executor = co_await asio::this_coro::executor;
  const auto limit =
      limits_.insert(limits_.end(), Limit{upstream, asio::steady_timer(executor, limit_)});
  auto end = wait_for(limit->timer);
  const std::size_t first = co_await race(std::move(work), std::move(end));
  limits_.erase(limit);
  co_return first == 0;
}

asio::awaitable<void> ArchiveCalls::keep(SlotPlace place, SlotContent content) {
  Result<> result = Error();
  auto work = run_keep(archive_, place, std::move(content), result);
  const bool ended = co_await within_limit(place.upstream, std::move(work));
  if (!ended) result = cut_off();
  if (!result) note_failure("what a slot held was not kept", place, result.error());
}

asio::awaitable<std::optional<Tokens>> ArchiveCalls::bring_back(SlotPlace place,
                                                                WantedPrompt prompt) {
  Result<std::int64_t> result = Error();
  auto work = run_bring_back(archive_, place, std::move(prompt), result);
  const bool ended = co_await within_limit(place.upstream, std::move(work));
  if (!ended) result = cut_off();
  std::optional<Tokens> held;
  if (result) {
    held = *result;
  } else {
    note_failure("what was kept did not come back into its slot", place, result.error());
  }
  co_return held;
}

void ArchiveCalls::cut_short(std::size_t upstream) {
  for (Limit& limit : limits_) {
    if (limit.upstream == upstream) limit.timer.expires_at(Instant::min());
  }
}

}  // namespace keep::slots
