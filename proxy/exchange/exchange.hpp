// Exchange: one request with its answer, all attempts. What flows through the phases.
//
// Owned by the frame of Gateway::handle, lent to stages by reference for the length of a call. Loop
// thread only. Each field has one writer, named beside it, and readers who are others: what only
// one plugin has to know is in its stage.
#pragma once

#include "base/time/clock.hpp"
#include "exchange/clear_zone.hpp"
#include "exchange/continuation.hpp"
#include "exchange/conversation_name.hpp"
#include "exchange/http/http_message.hpp"
#include "exchange/route.hpp"
#include "openai/dialects/dialects.hpp"
#include "openai/edit/body_edit.hpp"
#include "openai/event/event_info.hpp"
#include "openai/request/chat_request.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace keep {

namespace openai::responses {
struct RequestEcho;
}

// Which conversation this is. Written by identify (tenant by the core).
struct Identity {
  enum class Confidence { kNone, kDerived, kExplicit };
  std::string tenant;        // hash of the API key, or X-Tenant-ID when keys are off
  std::string conversation;  // as the client named it, or derived; unique inside the tenant
  std::string source;        // e.g. "header:x-claude-code-session-id", "content", "new"
  Confidence confidence = Confidence::kNone;
  std::string agent;       // hash of system prompt and tool names; sub-agents differ
  bool auxiliary = false;  // title, tags, summary: must not displace the conversation's slot
  std::uint64_t turn = 0;  // user turns in the request

  ConversationName name() const { return {tenant, conversation}; }
  std::uint64_t hash() const noexcept { return hash_of(tenant, conversation); }
  // Of whoever a prompt and its KV cache belong to: each agent of a conversation has its own.
  std::uint64_t owner() const noexcept { return hash_combine(hash(), hash64(agent)); }
};

// What upstream said, gathered by the core from the events of the last attempt.
struct Answer {
  std::string id;    // of upstream's response
  std::string text;  // of choice 0, at most kMaxAnswerBytes
  std::string finish_reason;
  bool complete = false;   // the end mark came
  bool streaming = false;  // the client is being sent an event stream
  std::optional<openai::ServerTimings> timings;
  std::optional<openai::Usage> usage;
  std::optional<openai::PromptProgress> progress;  // the first one: cached tokens before the text
  std::uint64_t output_events = 0;
};

// Instants; unset until reached. Written by the core.
struct Timeline {
  Instant accepted{};  // head of the request read
  Instant received{};  // body complete
  std::optional<Instant> parsed, identified, routed, sent, head, first_event, first_output,
      finished;
  Duration queue_wait{};  // written by slots
};

// Whether what was said is kept. kOnDisk: or will be, or nothing was to be kept.
enum class Kept { kOnDisk, kInMemory, kLost };
inline constexpr std::string_view to_string(Kept kept) noexcept {
  return kept == Kept::kLost ? "lost" : kept == Kept::kInMemory ? "memory" : "disk";
}

class AnswerRecall;

struct Exchange {
  static constexpr std::size_t kMaxAnswerBytes = 4 << 20;
  static constexpr std::size_t kHoldNothing = std::string::npos;

  // core, before on_request
  std::string id;   // x-request-id: the client's, or minted
  Request request;  // its body is moved to chat_body unless it has to be translated
  const openai::Dialect* dialect = &openai::dialects::pass_through();  // what the client speaks
  openai::Surface surface = openai::Surface::kPassThrough;             // dialect->surface()
  std::string chat_body;     // request.body, or its translation; `chat` points into it
  openai::ChatRequest chat;  // empty for kPassThrough
  std::shared_ptr<const openai::responses::RequestEcho>
      echo;  // of a responses body, for the answer

  Identity identity;  // identify

  // Edits of the request (core, then hygiene and media, in on_request: media says in place what an
  // edit of hygiene's is to say instead) and of this attempt (hygiene, media, history, recall,
  // slots, roles, hedge; the core clears them before each attempt).
  openai::BodyEdits request_edits, attempt_edits;
  // slots: the edits above make upstream stream and report progress, whatever the client asked for,
  // and tell it nothing of response_fields.
  bool force_stream = false;
  bool upstream_streams() const noexcept { return force_stream || chat.stream; }

  ClearZone zone;                               // history
  Kept kept = Kept::kOnDisk;                    // history
  std::vector<RecalledBefore> recalled_before;  // recall
  Recalled recalled;                            // recall
  AnswerRecall* answer_recall = nullptr;        // recall; null without it
  std::optional<Overflow> overflow;             // core: of the attempt before this one

  // Of answer.text. From hold_from on it has to wait: unset before each event, plugins lower it
  // (hedge, recall). The first skip_text bytes are neither for the client nor for the record; they
  // leave answer.text before on_answer (recall).
  std::size_t hold_from = kHoldNothing, skip_text = 0;
  std::optional<Continuation> continuation;  // core: from the second half of a cut answer on

  Route route;        // slots
  int attempt = 0;    // core; 1 for the first, to whichever server it goes
  Answer answer;      // core
  Timeline timeline;  // core
};

}  // namespace keep
