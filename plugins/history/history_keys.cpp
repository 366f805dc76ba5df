#include "plugins/history/history_keys.hpp"

#include <chrono>

namespace keep::history {

namespace {

using config::kDay;
using config::kGiga;
using std::chrono::milliseconds;

}  // namespace

std::vector<config::Section<HistorySettings>> sections() {
  using Key = config::Key<HistorySettings>;
  using S = HistorySettings;
  return {
      {"history",
       "Everything said is kept on disk.",
       {Key::on_off("history.enabled",
                    "Off: nothing is kept, prompts go as they are, and nothing can be recalled.",
                    &S::enabled),
        Key::text(
            "history.folder",
            "Where conversations are kept. Empty: $STATE_DIRECTORY, or ~/.local/state/llama-keep.",
            &S::folder),
        Key::bytes("history.max_bytes",
                   "Disk space for all conversations; the oldest of the tenant with most go first. "
                   "0: no limit.",
                   &S::max_bytes, {0, 1000000 * kGiga}),
        Key::duration("history.ttl",
                      "Seconds after which an unused conversation is deleted. 0: never.", &S::ttl,
                      {milliseconds(0), 3650 * kDay}),
        Key::count("history.max_open", "Conversations whose files are held open.", &S::max_open,
                   {1, 100000}),
        Key::count("history.max_conversation_tokens",
                   "Tokens of a conversation, at most; clients are told (max_model_len). What "
                   "would make it longer is refused.",
                   &S::max_conversation_tokens, {1, 1000000000})}},
      {"window",
       "How much of a conversation the model gets to see.",
       {Key::count("window.tokens",
                   "Tokens the model gets to see. 0: all that llama-server gives to a slot.",
                   &S::window_tokens, {0, 1000000000}),
        Key::fraction("window.low_water",
                      "Share of the window that is filled after older turns had to be cut off.",
                      &S::low_water, {0.05, 0.95})}}};
}

}  // namespace keep::history
