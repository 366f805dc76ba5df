#include "flow/answer/keep_alive.hpp"

#include "base/time/unix_time.hpp"
#include "flow/answer/relay.hpp"

#include <chrono>
#include <string>

namespace keep {

KeepAlive::KeepAlive(Flow& flow, Exchange& exchange, const Stages& stages, ResponseWriter& writer,
                     Deadline& deadline)
    : flow_(flow),
      exchange_(exchange),
      stages_(stages),
      writer_(writer),
      deadline_(deadline),
      silence_(flow.services.loop.get_executor(), [this] { look(); }) {
  const Duration bearable = flow.settings.keep_alive;
  if (exchange.chat.stream && bearable > Duration::zero()) silence_.set(bearable, "silence");
}

void KeepAlive::look() {
  const Duration bearable = flow_.settings.keep_alive;
  const Duration silent = writer_.silent();
  if (silent >= bearable) speak();
  silence_.clear();
  silence_.set(silent < bearable ? bearable - silent : bearable, "silence");
}

void KeepAlive::speak() {
  if (!writer_.begun()) begin_stream();
  if (!exchange_.answer.streaming || !writer_.intact()) return;
  const std::string life = exchange_.dialect->sign_of_life(exchange_.chat.model, unix_now());
  if (writer_.try_write(life)) return flow_.metrics.kept_alive();
  const Duration silent = writer_.silent();
  if (silent >= flow_.settings.keep_alive + flow_.settings.write) {
    deadline_.set(Duration::zero(), "write to client");
  }
}

void KeepAlive::begin_stream() {
  Headers headers = explain(flow_, exchange_, stages_);
  headers.set("Content-Type", exchange_.dialect->stream_type());
  writer_.begin(200, "OK", headers, std::nullopt);
  exchange_.answer.streaming = true;
}

}  // namespace keep
