// hygiene: removes or freezes what changes on every request and so breaks the prefix cache, and
// explains every prefix that broke nevertheless.
//
// on_request (before identify): rules that drop become request_edits; Message::hash of a changed
// message is that of what is left, with a mark where a rule freezes, and 0 when the message
// goes altogether. on_upstream_request: what is frozen becomes the conversation's first value
// (attempt_edits), and the prompt is compared with the one before it. on_finish: the prompt is
// remembered, if upstream saw it. Rules run over the messages of a list; a bare prompt is
// left alone. Auxiliary requests are not compared. Loop
// thread only; what is remembered is bounded (prompt_memory.hpp, frozen_values.hpp), and goes with
// its conversation.
#pragma once

#include "base/result.hpp"
#include "exchange/interfaces/conversations.hpp"
#include "exchange/interfaces/services.hpp"
#include "exchange/plugin.hpp"
#include "plugins/hygiene/hygiene_settings.hpp"

#include <memory>

namespace keep::hygiene {

// An Error names the rule at fault.
Result<std::unique_ptr<LendingPlugin<ConversationObserver>>> make_hygiene(
    const HygieneSettings& settings, Services& services);

}  // namespace keep::hygiene
