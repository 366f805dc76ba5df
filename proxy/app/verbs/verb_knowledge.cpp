#include "app/client/chat_client.hpp"
#include "app/client/chat_commands.hpp"
#include "app/verbs/client_verb.hpp"
#include "app/verbs/verbs.hpp"

#include <ostream>
#include <string>

namespace keep {

namespace {

Result<std::string> answer(ChatClient& client, const FlagLine& line) {
  const std::string& action = line.words.front();
  if (action == "topics") return list_topics(client);
  if (action == "search") return search_facts(client, line.words.back(), line.value("topic"));
  return store_fact(
      client, {line.value("topic"), line.value("key"), line.value("value"), line.value("source")});
}

Result<> ask(ChatClient& client, const FlagLine& line, std::ostream& out) {
  const auto text = answer(client, line);
  if (!text) return text.error();
  out << *text;
  return {};
}

// Nothing when the words are right.
std::string fault_in(const FlagLine& line) {
  if (line.words.empty()) return "an action is missing: topics, add or search";
  const std::string& action = line.words.front();
  const bool searches = action == "search";
  if (!searches && action != "topics" && action != "add") {
    return "unknown action " + action + ": topics, add or search";
  }
  if (searches && line.words.size() < 2) return "search needs a query";
  const std::size_t most = searches ? 2 : 1;
  if (line.words.size() > most) return "unexpected word " + line.words[most];
  if (action != "add") return "";
  for (const char* flag : {"topic", "key", "value"}) {
    if (!line.has(flag)) return "add needs --" + std::string(flag);
  }
  return "";
}

int run(const FlagLine& line, const Invocation& invocation) {
  return run_client({fault_in, ask}, line, invocation);
}

}  // namespace

Verb knowledge_verb() {
  Verb verb;
  verb.name = "knowledge";
  verb.summary = "store and search facts";
  verb.usage =
      "usage: llama-keep knowledge ACTION [FLAGS]\n"
      "Facts that a running llama-keep has stored.\n\n"
      "  topics                                 every topic with its number of facts\n"
      "  add --topic T --key K --value V        store a fact\n"
      "  search QUERY                           the most relevant facts and scores\n";
  verb.flags =
      with_client_flags({{"topic", "T", "add: topic of the fact; search: this topic only."},
                         {"key", "K", "add: key of the fact."},
                         {"value", "V", "add: its value; an old one stays as a version."},
                         {"source", "S", "add: who says so."}});
  verb.takes_words = true;
  verb.run = run;
  return verb;
}

}  // namespace keep
