#include "app/config/config_keys.hpp"

#include "app/config/config_values.hpp"
#include "base/json/json.hpp"

#include <array>
#include <initializer_list>
#include <utility>

namespace keep::config {

namespace {

constexpr std::uint64_t kKilo = 1024, kMega = kKilo * kKilo, kGiga = kMega * kKilo;
constexpr std::uint64_t kDay = 24 * 3600 * 1000;  // milliseconds
constexpr Range kWait{1, 7 * kDay};

constexpr std::array<Section, 17> kSections{{
    {"listen", "Where clients connect."},
    {"upstream",
     "The llama-servers; one [[upstream]] block for each. Start each of them with its slots "
     "pinned\n"
     "down, for example 4 slots of 8192 tokens:\n"
     "  llama-server -m MODEL -np 4 -no-kvu -c 32768 -b 256 --no-cache-idle-slots \\\n"
     "    --metrics --slot-save-path DIR\n"
     "llama-keep doctor names what is wrong with a running one."},
    {"timeouts",
     "In seconds, or \"500ms\", \"30s\", \"10m\". Traffic that makes progress is never cut."},
    {"limits", ""},
    {"auth", "Without keys everybody who reaches the listener is served."},
    {"headers", ""},
    {"log", ""},
    {"identity", "Which conversation a request belongs to."},
    {"hygiene", "Removing what changes in every request and would spoil the prefix cache."},
    {"history", "Everything said is kept on disk."},
    {"window", "How much of a conversation the model gets to see."},
    {"recall", "Bringing back what is no longer in the window."},
    {"hedge",
     "Answers that hedge (\"if I recall correctly\") are given anew with what was recalled then."},
    {"roles", "Messages in an order that the model's chat template renders."},
    {"knowledge", "Facts that clients store under a topic and a key."},
    {"slots", "Each conversation on its own slot of llama-server."},
    {"admission", "How many requests run and wait."},
}};

Result<> one_of(const std::string& text, std::initializer_list<std::string_view> choices) {
  std::string list;
  for (const std::string_view choice : choices) {
    if (text == choice) return {};
    if (!list.empty()) list += ", ";
    list.append("\"").append(choice).append("\"");
  }
  return bad_value("expected one of " + list + ", not \"" + text + "\"");
}

Result<> check_anonymous(std::string& text) { return one_of(text, {"derived", "default"}); }
Result<> check_role(std::string& text) {
  return one_of(text, {"", "system", "user", "assistant", "tool"});
}
Result<> check_action(std::string& text) { return one_of(text, {"drop", "freeze"}); }

Result<> check_placement(std::string& text) { return one_of(text, {"auto", "system", "user"}); }

Result<> check_pattern(std::string& text) {
  if (text.empty()) return bad_value("an empty pattern matches everything");
  return {};
}

Result<> check_rule_name(std::string& text) {  // it becomes a metric label
  const bool plain =
      text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") ==
      std::string::npos;
  if (text.empty() || text.size() > 64 || !plain) {
    return bad_value("expected 1 to 64 letters, digits, - or _");
  }
  return {};
}

Result<> check_embeddings_url(std::string& text) {
  if (text.empty()) return {};
  return check_upstream_url(text);
}

using C = Config;
using T = Target;

const std::array kKeys{
    Key{"listen.address",
        "IP address and port, \"127.0.0.1:8200\" or \"[::1]:8200\".",
        [](C& c) -> T { return &c.listen.address; },
        {},
        check_listen_address},
    Key{"listen.cors_origins",
        "Web pages that may call from a browser besides those of this machine, for example\n"
        "\"https://chat.example.org, http://10.0.0.5:3000\"; \"*\": all. Where keys are asked "
        "for,\n"
        "all may. On a loopback address a Host that names none of them is refused, too, unless it "
        "is\n"
        "an address or a name of a private network.",
        [](C& c) -> T { return &c.listen.cors_origins; },
        {},
        check_cors_origins},
    Key{"listen.max_connections",
        "Client connections at once. One more takes the place of the one that has asked for "
        "nothing\n"
        "for longest, or whose request has been on its way for longest; while all are answered it\n"
        "waits in the kernel's backlog.",
        [](C& c) -> T { return &c.listen.max_connections; },
        {1, 1000000}},
    Key{"listen.max_body",
        "Largest request body, in bytes or with KB, MB, GB (1 KB is 1024).",
        [](C& c) -> T { return ByteCount{&c.listen.max_body_bytes}; },
        {kKilo, 2 * kGiga}},
    Key{"listen.max_header",
        "Largest request head, in bytes or with KB, MB; trailers and chunk extensions, which are\n"
        "dropped, count up to as much again.",
        [](C& c) -> T { return ByteCount{&c.listen.max_header_bytes}; },
        {kKilo, kMega}},

    Key{"timeouts.head", "Seconds for the head of a request, from its first byte.",
        [](C& c) -> T { return &c.timeouts.head; }, kWait},
    Key{"timeouts.body", "Seconds for the body of a request, all of it.",
        [](C& c) -> T { return &c.timeouts.body; }, kWait},
    Key{"timeouts.connect", "Seconds to connect to an upstream.",
        [](C& c) -> T { return &c.timeouts.connect; }, kWait},
    Key{"timeouts.first_event",
        "Seconds to the first event of an answer; progress of a long prefill counts as one.\n"
        "For token probabilities in one JSON, which cannot be streamed: to the whole answer.",
        [](C& c) -> T { return &c.timeouts.first_event; }, kWait},
    Key{"timeouts.between_events", "Seconds between two events of an answer.",
        [](C& c) -> T { return &c.timeouts.between_events; }, kWait},
    Key{"timeouts.keep_alive",
        "Seconds without a byte after which a streaming client gets a comment or a ping, from the\n"
        "moment it waits for a slot. 0: never.",
        [](C& c) -> T { return &c.timeouts.keep_alive; },
        {0, 7 * kDay}},
    Key{"timeouts.write", "Seconds without progress while writing, to a client or an upstream.",
        [](C& c) -> T { return &c.timeouts.write; }, kWait},
    Key{"timeouts.idle", "Seconds a client's connection may rest between requests.",
        [](C& c) -> T { return &c.timeouts.idle; }, kWait},
    Key{"timeouts.drain", "Seconds that running answers get to end at shutdown.",
        [](C& c) -> T { return &c.timeouts.drain; }, kWait},

    Key{"limits.stall",
        "Seconds without a turn of the event loop after which the program writes to the log where\n"
        "the loop is, and aborts: whoever supervises it starts it again.",
        [](C& c) -> T { return &c.limits.stall; }, kWait},

    Key{"auth.keys_file",
        "File with one API key per line, # comments. A relative path is first looked for in\n"
        "$CREDENTIALS_DIRECTORY. Empty: no keys are asked for.",
        [](C& c) -> T { return &c.keys_file; }},

    Key{"headers.explain", "Tell in X-Keep-* response headers what was done with a request.",
        [](C& c) -> T { return &c.explain; }},

    Key{"log.level", "\"debug\", \"info\", \"warn\" or \"error\".",
        [](C& c) -> T { return &c.log_level; }},
    Key{"log.format", "\"text\" or \"json\".", [](C& c) -> T { return &c.log_format; }},

    Key{"identity.enabled", "Off: requests carry no conversation.",
        [](C& c) -> T { return &c.identify.enabled; }},
    Key{"identity.anonymous",
        "For clients that send no id: \"derived\" from the messages, or one shared \"default\".",
        [](C& c) -> T { return &c.identify.anonymous; },
        {},
        check_anonymous},
    Key{"identity.max_conversations",
        "Conversations remembered; the least recently used is forgotten.",
        [](C& c) -> T { return &c.identify.max_conversations; },
        {1, 10000000}},

    Key{"hygiene.enabled", "Off: request bodies are left as they are.",
        [](C& c) -> T { return &c.hygiene.enabled; }},
    Key{"hygiene.billing_header", "Drop the rotating x-anthropic-billing-header system block.",
        [](C& c) -> T { return &c.hygiene.billing_header; }},
    Key{"hygiene.explain_bytes",
        "Memory for earlier prompts, to name the first byte in which a prompt differs.",
        [](C& c) -> T { return ByteCount{&c.hygiene.explain_bytes}; },
        {0, 64 * kGiga}},

    Key{"history.enabled",
        "Off: nothing is kept, prompts go as they are, and nothing can be recalled.",
        [](C& c) -> T { return &c.history.enabled; }},
    Key{"history.folder",
        "Where conversations are kept. Empty: $STATE_DIRECTORY, or ~/.local/state/llama-keep.",
        [](C& c) -> T { return &c.history.folder; }},
    Key{"history.max_bytes",
        "Disk space for all conversations; the oldest of the tenant with most go first. 0: no "
        "limit.",
        [](C& c) -> T { return ByteCount{&c.history.max_bytes}; },
        {0, 1000000 * kGiga}},
    Key{"history.ttl",
        "Seconds after which an unused conversation is deleted. 0: never.",
        [](C& c) -> T { return &c.history.ttl; },
        {0, 3650 * kDay}},
    Key{"history.max_open",
        "Conversations whose files are held open.",
        [](C& c) -> T { return &c.history.max_open; },
        {1, 100000}},
    Key{"history.max_conversation_tokens",
        "Tokens of a conversation, at most; clients are told (max_model_len). What would make it "
        "longer is refused.",
        [](C& c) -> T { return &c.history.max_conversation_tokens; },
        {1, 1000000000}},

    Key{"window.tokens",
        "Tokens the model gets to see. 0: all that llama-server gives to a slot.",
        [](C& c) -> T { return &c.history.window_tokens; },
        {0, 1000000000}},
    Key{"window.low_water",
        "Share of the window that is filled after older turns had to be cut off.",
        [](C& c) -> T { return &c.history.low_water; },
        {5, 95}},

    Key{"recall.enabled", "Off: what is outside the window is forgotten.",
        [](C& c) -> T { return &c.recall.enabled; }},
    Key{"recall.budget_tokens",
        "Recalled text in one request, in tokens; never more than a quarter of the window.",
        [](C& c) -> T { return &c.recall.budget_tokens; },
        {16, 1000000}},
    Key{"recall.floor",
        "Relevance below which a passage is not worth recalling.",
        [](C& c) -> T { return &c.recall.floor; },
        {0, 1000}},
    Key{"recall.fog_alpha",
        "How much distance counts against a passage. 0: not at all, which was found best.",
        [](C& c) -> T { return &c.recall.fog_alpha; },
        {0, 1000}},
    Key{"recall.placement",
        "Recalled text as a \"system\" message or at the head of the \"user\" turn; \"auto\":\n"
        "whichever the model's template renders.",
        [](C& c) -> T { return &c.recall.placement; },
        {},
        check_placement},
    Key{"recall.index_bytes",
        "Memory for search indexes; those of the least used conversations are built anew.",
        [](C& c) -> T { return ByteCount{&c.recall.index_bytes}; },
        {kMega, 1000 * kGiga}},
    Key{"recall.embeddings_url",
        "http://host:port of a server with /v1/embeddings, for example a second llama-server with "
        "an\n"
        "embedding model: what means the same in other words is found, too. It gets to read all\n"
        "that is searched. Empty: words alone are searched.",
        [](C& c) -> T { return &c.recall.embeddings_url; },
        {},
        check_embeddings_url},
    Key{"recall.embeddings_model",
        "Model named in requests to that server. Empty: none; llama-server has only one.",
        [](C& c) -> T { return &c.recall.embeddings_model; }},
    Key{"recall.embeddings_key_file", "File with the key that server wants. Empty: none.",
        [](C& c) -> T { return &c.recall.embeddings_key_file; }},

    Key{"hedge.enabled", "Off: answers go to the client as the model gives them.",
        [](C& c) -> T { return &c.hedge.enabled; }},
    Key{"hedge.max_resubmits",
        "Times that one answer is stopped and given anew.",
        [](C& c) -> T { return &c.hedge.max_resubmits; },
        {1, 2}},
    Key{"hedge.phrases_file",
        "File with one hedging phrase per line, # comments. Empty: the built-in English ones.",
        [](C& c) -> T { return &c.hedge.phrases_file; }},
    Key{"hedge.low_probability",
        "A token less likely than this counts as hedging, in streams with logprobs. 0: off.",
        [](C& c) -> T { return &c.hedge.low_probability; },
        {0, 100}},

    Key{"roles.enabled",
        "Off: messages go in the order they came; a template that wants another answers 400.",
        [](C& c) -> T { return &c.roles.enabled; }},

    Key{"knowledge.enabled",
        "Off: no /v1/knowledge endpoints, and no facts in prompts. On, facts that bear on the "
        "newest\n"
        "question stand in front of it, beside what recall finds.",
        [](C& c) -> T { return &c.knowledge.enabled; }},

    Key{"slots.enabled", "Off: llama-server chooses the slot.",
        [](C& c) -> T { return &c.slots.enabled; }},
    Key{"slots.scratch",
        "Titles, tags and summaries share one slot instead of displacing conversations.",
        [](C& c) -> T { return &c.slots.scratch; }},

    Key{"admission.max_active",
        "Requests running at once, all upstreams; 0: as many as slots.",
        [](C& c) -> T { return &c.slots.max_active; },
        {0, 100000}},
    Key{"admission.queue",
        "Requests waiting for a slot; one more gets 503 with Retry-After.",
        [](C& c) -> T { return &c.slots.queue; },
        {0, 1000000}},
    Key{"admission.queue_timeout", "Seconds a request may wait for a slot.",
        [](C& c) -> T { return &c.slots.queue_timeout; }, kWait},
};

using U = UpstreamSettings;
const std::array kUpstreamKeys{
    KeyOf<U>{"upstream.url",
             "http://host:port of a llama-server. TLS is not spoken.",
             [](U& u) -> T { return &u.url; },
             {},
             check_upstream_url,
             true},
    KeyOf<U>{"upstream.api_key_file",
             "File with the key this llama-server wants (its --api-key). Empty: the client's\n"
             "Authorization header goes on.",
             [](U& u) -> T { return &u.api_key_file; }},
    KeyOf<U>{
        "upstream.pool_tokens",
        "KV cells in tokens that its slots share: its -c under -kvu, which it does not tell; 0: "
        "no\n"
        "budget until it is seen to purge a slot.",
        [](U& u) -> T { return &u.pool_tokens; },
        {0, 1000000000}},
};

using R = hygiene::RuleSettings;
const std::array kRuleKeys{
    KeyOf<R>{"hygiene.rule.name",
             "Label of the rule in logs and metrics.",
             [](R& r) -> T { return &r.name; },
             {},
             check_rule_name,
             true},
    KeyOf<R>{"hygiene.rule.role",
             "\"system\", \"user\", \"assistant\", \"tool\"; \"\": any.",
             [](R& r) -> T { return &r.role; },
             {},
             check_role},
    KeyOf<R>{"hygiene.rule.pattern",
             "RE2 expression, matched inside each text part.",
             [](R& r) -> T { return &r.pattern; },
             {},
             check_pattern,
             true},
    KeyOf<R>{"hygiene.rule.action",
             "\"drop\" the match, or \"freeze\" it to the conversation's first.",
             [](R& r) -> T { return &r.action; },
             {},
             check_action,
             true},
};

}  // namespace

std::span<const Section> sections() { return kSections; }
std::span<const Key> keys() { return kKeys; }
std::span<const KeyOf<UpstreamSettings>> upstream_keys() { return kUpstreamKeys; }
std::span<const KeyOf<hygiene::RuleSettings>> rule_keys() { return kRuleKeys; }

const Key* find_key(std::string_view name) {
  for (const Key& key : kKeys) {
    if (key.name == name) return &key;
  }
  return nullptr;
}

std::vector<std::string> key_names() {
  std::vector<std::string> names;
  names.reserve(kKeys.size() + kUpstreamKeys.size() + kRuleKeys.size());
  for (const Key& key : kKeys) names.emplace_back(key.name);
  for (const auto& key : kUpstreamKeys) names.emplace_back(key.name);
  for (const auto& key : kRuleKeys) names.emplace_back(key.name);
  return names;
}

std::string environment_name(std::string_view key) {
  std::string name = "LLAMA_KEEP_";
  for (const char c : key) {
    name += c == '.' ? '_' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  }
  return name;
}

}  // namespace keep::config
