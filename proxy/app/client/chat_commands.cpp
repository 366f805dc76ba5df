#include "app/client/chat_commands.hpp"

#include "app/suggestion.hpp"
#include "base/config/values.hpp"
#include "base/json/json.hpp"
#include "base/text/format.hpp"

#include <algorithm>

namespace keep {

namespace {

constexpr const char* kHelp =
    "/topics                       topics of stored facts\n"
    "/store <topic> <key> <value>  store a fact; put names of several words in \"quotes\"\n"
    "/search <query>               search the facts\n"
    "/stats                        figures of this conversation and the last answer\n"
    "/help                         this\n"
    "/quit                         leave; so does Ctrl-D\n"
    "Ctrl-C stops an answer. Everything else is said to the model.\n";

constexpr std::string_view kSpace = " \t";

Error wrong_use(std::string detail) {
  return Error(Fault::kBadRequest, Side::kInternal, std::move(detail));
}

Result<json::Value> read_list(const std::string& body, std::string_view name) {
  const auto root = json::validate(body);
  if (root && root->find(name).is_array()) return root->find(name);
  return Error(Fault::kProtocol, Side::kUpstream, "this is no llama-keep with knowledge enabled");
}

std::string member(const json::Value& object, std::string_view name) {
  return object.find(name).string().value_or("");
}

std::string line_of(const json::Value& fact) {
  const double score = fact.find("score").number().value_or(0);
  std::string line = fmt::format("{:.2f}  {}/{}: {}", score, member(fact, "topic"),
                                 member(fact, "key"), member(fact, "value"));
  const std::int64_t version = fact.find("version").integer().value_or(1);
  if (version > 1) line += "  (version " + std::to_string(version) + ")";
  return line + "\n";
}

// Of the whole server.
std::string facts_figure(ChatClient& client) {
  const auto body = client.get("/health");
  const auto root = body ? json::validate(*body) : Result<json::Value>(body.error());
  if (!root) return {};
  const auto facts = root->find("knowledge").find("facts").integer();
  return facts ? "facts           " + std::to_string(*facts) + " on the server\n" : "";
}

}  // namespace

std::vector<std::string> split_words(std::string_view line, std::size_t limit) {
  std::vector<std::string> words;
  while (words.size() < limit) {
    line.remove_prefix(std::min(line.find_first_not_of(kSpace), line.size()));
    if (line.empty()) return words;
    if (words.size() + 1 == limit) {
      words.push_back(config::trim(line));
      return words;
    }
    const bool quoted = line.front() == '"' && line.find('"', 1) != line.npos;
    const std::size_t begin = quoted ? 1 : 0;
    const std::size_t end =
        quoted ? line.find('"', 1) : std::min(line.find_first_of(kSpace), line.size());
    words.emplace_back(line.substr(begin, end - begin));
    line.remove_prefix(end + begin);
  }
  return words;
}

Result<std::string> list_topics(ChatClient& client) {
  const auto body = client.get("/v1/knowledge/topics");
  if (!body) return body.error();
  const auto topics = read_list(*body, "topics");
  if (!topics) return topics.error();
  std::string text;
  for (const json::Value topic : topics->elements()) {
    text += member(topic, "topic") + "  " +
            std::to_string(topic.find("entries").integer().value_or(0)) + "\n";
  }
  return text.empty() ? "no facts yet; /store <topic> <key> <value> adds one\n" : text;
}

Result<std::string> store_fact(ChatClient& client, const ToStore& fact) {
  json::Writer request;
  request.begin_object().member("topic", fact.topic).member("key", fact.key);
  request.member("value", fact.value);
  if (!fact.source.empty()) request.member("source", fact.source);
  const auto body = client.post("/v1/knowledge/store", request.end_object().take());
  if (!body) return body.error();
  const auto root = json::validate(*body);
  const std::int64_t version = root ? root->find("version").integer().value_or(1) : 1;
  return "stored " + fact.topic + "/" + fact.key + ", version " + std::to_string(version) + "\n";
}

Result<std::string> search_facts(ChatClient& client, const std::string& query,
                                 const std::string& topic) {
  json::Writer request;
  request.begin_object().member("query", query);
  if (!topic.empty()) request.member("topic", topic);
  const auto body = client.post("/v1/knowledge/search", request.end_object().take());
  if (!body) return body.error();
  const auto results = read_list(*body, "results");
  if (!results) return results.error();
  std::string text;
  for (const json::Value fact : results->elements()) text += line_of(fact);
  return text.empty() ? "nothing found\n" : text;
}

bool is_command(std::string_view line) noexcept { return line.starts_with('/'); }

bool is_quit(std::string_view line) noexcept { return line == "/quit" || line == "/exit"; }

Result<std::string> run_command(const std::string& line, ChatClient& client,
                                const ChatSession& session) {
  const std::vector<std::string> words = split_words(line, 2);
  const std::string& name = words.front();
  const std::string rest = words.size() > 1 ? words[1] : "";
  if (name == "/help") return std::string(kHelp);
  if (name == "/topics") return list_topics(client);
  if (name == "/stats") return session.stats() + facts_figure(client);
  if (name == "/search") {
    if (rest.empty()) return wrong_use("usage: /search <query>");
    return search_facts(client, rest);
  }
  if (name == "/store") {
    const std::vector<std::string> fact = split_words(rest, 3);
    if (fact.size() < 3) return wrong_use("usage: /store <topic> <key> <value>");
    return store_fact(client, {fact[0], fact[1], fact[2], "chat"});
  }
  const std::vector<std::string> known{"/topics", "/store", "/search", "/stats", "/help", "/quit"};
  return wrong_use("unknown command " + name + suggestion(name, known) +
                   " (/help lists the commands)");
}

}  // namespace keep
