#include "openai/roles/role_fit.hpp"

#include "openai/json_text.hpp"
#include "openai/roles/message_join.hpp"

#include <boost/container/small_vector.hpp>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace keep::openai {

namespace {

enum class Speaker { kSystem, kUser, kAssistant, kTool, kOther };

bool has_calls(const json::Value& message) {
  return !inner_of_array(message.find("tool_calls")).empty();
}

Speaker speaker_of(std::string_view role) noexcept {
  if (role == "system" || role == "developer") return Speaker::kSystem;
  if (role == "user") return Speaker::kUser;
  if (role == "assistant") return Speaker::kAssistant;
  if (role == "tool" || role == "function") return Speaker::kTool;
  return Speaker::kOther;
}

// One message of the prompt, with what was joined to it.
struct Turn {
  std::size_t index = 0;  // of the request
  Speaker speaker = Speaker::kOther;
  bool calls = false;  // an assistant's
  // JSON; the first is the one at index.
  boost::container::small_vector<std::string_view, 1> messages;
  bool as_user = false;  // a system message in the user's role
  bool head = false;     // ... that waits for what the user says
};

class Fitter {
 public:
  Fitter(const RoleOrders& orders, std::size_t messages) : orders_(orders) {
    turns_.reserve(messages);
  }

  void add(Turn turn) {
    if (turn.speaker == Speaker::kSystem) return add_system(std::move(turn));
    if (turn.speaker != Speaker::kTool) settle_waiting();
    if (!spoken_ && turn.speaker != Speaker::kUser) open_as_user(turn.index);
    spoken_ = true;
    if (joins(turn)) return join(turn);
    push(std::move(turn));
    for (const Turn& system : std::exchange(waiting_, {})) join(system);
  }

  void finish() {
    settle_waiting();
    if (!spoken_ && !turns_.empty()) open_as_user(turns_.back().index);
  }

  bool changes() const { return !edits_.empty() || std::ranges::any_of(turns_, is_changed); }

  BodyEdits edits() && {
    for (const Turn& turn : turns_) {
      if (!is_changed(turn)) continue;
      const std::string_view role = turn.as_user ? "user" : "";
      // Not push_back: GCC 12 takes the moved variant for uninitialized.
      edits_.emplace_back(ReplaceMessage{turn.index, join_messages(turn.messages, role)});
    }
    return std::move(edits_);
  }

 private:
  static bool is_changed(const Turn& turn) { return turn.messages.size() > 1 || turn.as_user; }
  bool after(Speaker speaker) const { return !turns_.empty() && turns_.back().speaker == speaker; }

  void add_system(Turn turn) {
    if (!spoken_) {
      if (!turns_.empty() && !orders_.several_systems) return join(turn);
    } else if (!orders_.late_system) {
      if (!waiting_.empty() || turns_.back().calls) {
        waiting_.push_back(std::move(turn));  // the results come first
        return;
      }
      if (after(Speaker::kUser) || after(Speaker::kTool)) return join(turn);
      return add_as_user(std::move(turn));
    }
    turns_.push_back(std::move(turn));
  }

  void add_as_user(Turn system) {
    system.speaker = Speaker::kUser;
    system.as_user = system.head = true;
    push(std::move(system));
  }

  // Calls that no result follows.
  void settle_waiting() {
    for (Turn& system : std::exchange(waiting_, {})) {
      if (after(Speaker::kUser)) {
        join(system);
      } else {
        add_as_user(std::move(system));
      }
    }
  }

  // Templates that count turns leave calls and results aside: behind those it is still the model's
  // turn, and an empty answer has to end it.
  void push(Turn turn) {
    const bool users = turn.speaker == Speaker::kUser;
    if (users && users_word_ && !after(Speaker::kUser) && !orders_.user_after_tool) {
      insert(turn.index, R"({"role":"assistant","content":""})");
    }
    if (users) users_word_ = true;
    if (turn.speaker == Speaker::kAssistant && !turn.calls) users_word_ = false;
    turns_.push_back(std::move(turn));
  }

  bool joins(const Turn& turn) const {
    if (!after(turn.speaker)) return false;
    if (turn.speaker == Speaker::kUser) return !orders_.repeated_user || turns_.back().head;
    // Calls stay apart from an answer behind them: it is none of theirs.
    return turn.speaker == Speaker::kAssistant && !orders_.repeated_assistant &&
           (turn.calls || !turns_.back().calls);
  }

  void join(const Turn& turn) {
    Turn& last = turns_.back();
    last.messages.insert(last.messages.end(), turn.messages.begin(), turn.messages.end());
    last.head = last.head && turn.speaker != Speaker::kUser;
    last.calls = last.calls || turn.calls;
    users_word_ = users_word_ || turn.calls;  // the answer has become a call
    edits_.emplace_back(RemoveMessage{turn.index});
  }

  void open_as_user(std::size_t index) {
    if (orders_.assistant_first) return;
    users_word_ = true;
    if (turns_.empty()) return insert(index, R"({"role":"user","content":""})");
    turns_.back().speaker = Speaker::kUser;
    turns_.back().as_user = true;
  }

  void insert(std::size_t index, const char* json) {
    edits_.emplace_back(InsertMessage{index, json});
  }

  const RoleOrders& orders_;
  std::vector<Turn> turns_;
  std::vector<Turn> waiting_;  // system messages between calls and their results
  BodyEdits edits_;
  bool spoken_ = false;      // a turn has come: system messages are late from now on
  bool users_word_ = false;  // the user has spoken, and no answer but calls has come
};

// A message as the edits leave it; empty: removed.
struct Edited {
  std::string_view json;
  bool calls = false;
};

// Later edits win.
std::vector<Edited> edited_messages(const ChatRequest& request, const BodyEdits& first,
                                    const BodyEdits& then) {
  std::vector<Edited> messages;
  messages.reserve(request.messages.size());
  for (const Message& message : request.messages) {
    messages.push_back({message.raw.raw(), message.calls});
  }
  for (const BodyEdits* edits : {&first, &then}) {
    for (const BodyEdit& edit : *edits) {
      if (const auto* replace = std::get_if<ReplaceMessage>(&edit)) {
        const json::Value message(replace->json);
        messages[replace->index] = {message.raw(), has_calls(message)};
      } else if (const auto* remove = std::get_if<RemoveMessage>(&edit)) {
        messages[remove->index] = {};
      }
    }
  }
  return messages;
}

Fitter fitter_of(const ChatRequest& request, const BodyEdits& first, const BodyEdits& then,
                 const RoleOrders& orders) {
  const auto messages = edited_messages(request, first, then);
  Fitter fitter(orders, messages.size());
  for (std::size_t i = 0; i < messages.size(); ++i) {
    const Edited& message = messages[i];
    if (message.json.empty()) continue;
    const Speaker speaker = speaker_of(request.messages[i].role);
    const bool calls = speaker == Speaker::kAssistant && message.calls;
    fitter.add({i, speaker, calls, {message.json}, false, false});
  }
  fitter.finish();
  return fitter;
}

}  // namespace

BodyEdits fit_roles(const ChatRequest& request, const BodyEdits& first, const BodyEdits& then,
                    const RoleOrders& orders) {
  return fitter_of(request, first, then, orders).edits();
}

bool roles_fit(const ChatRequest& request, const BodyEdits& first, const BodyEdits& then,
               const RoleOrders& orders) {
  return !fitter_of(request, first, then, orders).changes();
}

}  // namespace keep::openai
