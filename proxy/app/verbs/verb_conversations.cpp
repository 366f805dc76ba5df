#include "app/client/chat_client.hpp"
#include "app/client/chat_record.hpp"
#include "app/verbs/client_verb.hpp"
#include "app/verbs/verbs.hpp"
#include "base/json/json.hpp"

#include <ostream>
#include <string>

namespace keep {

namespace {

Result<> list(ChatClient& client, std::ostream& out, bool as_json) {
  const auto body = client.get("/v1/conversations/list");
  if (!body) return body.error();
  if (as_json) {
    out << *body << "\n";
    return {};
  }
  const auto table = conversations_table(*body);
  if (!table) return table.error();
  out << *table;
  return {};
}

Result<> end(ChatClient& client, std::ostream& out, const std::string& id) {
  json::Writer body;
  body.begin_object().member("conversation_id", id).end_object();
  const auto ended = client.post("/v1/conversations/end", body.take());
  if (!ended) return ended.error();
  out << id << " ended\n";
  return {};
}

Result<> ask(ChatClient& client, const FlagLine& line, std::ostream& out) {
  const std::string& action = line.words.front();
  if (action == "list") return list(client, out, line.has("json"));
  const std::string& id = line.words.back();
  if (action == "end") return end(client, out, id);
  const bool to_read = action == "show";
  const auto print = [&](std::string_view entry) {
    out << (to_read ? readable_message(entry) : exported_message(entry));
  };
  return for_each_message(client, id, print);
}

// Nothing when the words are right.
std::string fault_in(const FlagLine& line) {
  if (line.words.empty()) return "an action is missing: list, show, export or end";
  const std::string& action = line.words.front();
  const bool lists = action == "list";
  if (!lists && action != "show" && action != "export" && action != "end") {
    return "unknown action " + action + ": list, show, export or end";
  }
  if (!lists && line.words.size() < 2) return action + " needs the id of a conversation";
  const std::size_t most = lists ? 1 : 2;
  return line.words.size() > most ? "unexpected word " + line.words[most] : "";
}

int run(const FlagLine& line, const Invocation& invocation) {
  return run_client({fault_in, ask}, line, invocation);
}

}  // namespace

Verb conversations_verb() {
  Verb verb;
  verb.name = "conversations";
  verb.summary = "list, show, export or end what is on record";
  verb.usage =
      "usage: llama-keep conversations ACTION [FLAGS]\n"
      "What a running llama-keep has on record.\n\n"
      "  list        every conversation, the last used first\n"
      "  show ID     what was said, to read\n"
      "  export ID   one message per line as JSON: position, parent, role, turn, time,\n"
      "              tokens, and `message` as it was sent\n"
      "  end ID      delete the conversation and all that is known of it\n";
  verb.flags = with_client_flags({{"json", "", "list: print what the server says as it is."}});
  verb.takes_words = true;
  verb.run = run;
  return verb;
}

}  // namespace keep
