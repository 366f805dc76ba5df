#include "plugins/knowledge/knowledge_endpoints.hpp"

#include "base/json/json.hpp"

#include <algorithm>
#include <utility>

namespace keep::knowledge {

namespace {

Error bad_request(std::string detail) {
  return Error(Fault::kBadRequest, Side::kDownstream, std::move(detail));
}

Result<json::Value> read_object(const std::string& body) {
  if (body.size() > kMaxBodyBytes) {
    return bad_request("the body must be at most " + std::to_string(kMaxBodyBytes) + " bytes");
  }
  const auto root = json::validate(body);
  if (!root) return root.error();
  if (!root->is_object()) return bad_request("the body must be a JSON object");
  return *root;
}

Result<std::string> read_text(const json::Value& root, const char* name, std::size_t max_bytes) {
  auto text = root.find(name).string();
  const std::string quoted = "'" + std::string(name) + "'";
  if (!text || text->empty()) return bad_request(quoted + " must be a string that is not empty");
  if (text->size() > max_bytes) {
    return bad_request(quoted + " must be at most " + std::to_string(max_bytes) + " bytes");
  }
  // SQLite's functions end a text there.
  if (text->find('\0') != std::string::npos) return bad_request(quoted + " must not contain NUL");
  return *std::move(text);
}

// It becomes a part of a line.
Result<std::string> read_name(const json::Value& root, const char* name) {
  auto text = read_text(root, name, kMaxNameBytes);
  if (!text) return text;
  const auto is_control = [](unsigned char c) { return c < 0x20 || c == 0x7f; };
  if (!std::ranges::any_of(*text, is_control)) return text;
  return bad_request("'" + std::string(name) + "' must be one line without control characters");
}

bool is_absent(const json::Value& value) {
  return value.missing() || value.type() == json::Type::kNull;
}

Result<std::size_t> read_limit(const json::Value& limit, std::size_t otherwise) {
  if (is_absent(limit)) return otherwise;
  const auto count = limit.integer();
  if (count && *count >= 1 && *count <= static_cast<std::int64_t>(kMaxResults)) {
    return static_cast<std::size_t>(*count);
  }
  return bad_request("'limit' must be a number from 1 to " + std::to_string(kMaxResults));
}

void write_old(json::Writer& out, const OldValue& old) {
  out.begin_object().member("version", old.version).member("value", old.value);
  out.member("source", old.source).member("updated", old.stored);
  if (old.damaged) out.member("damaged", true);
  out.end_object();
}

}  // namespace

Result<NewFact> read_new_fact(const std::string& body) {
  const auto root = read_object(body);
  if (!root) return root.error();
  auto topic = read_name(*root, "topic");
  if (!topic) return topic.error();
  auto key = read_name(*root, "key");
  if (!key) return key.error();
  auto value = read_text(*root, "value", kMaxValueBytes);
  if (!value) return value.error();
  NewFact fact{*std::move(topic), *std::move(key), *std::move(value), {}};
  const json::Value source = root->find("source");
  if (is_absent(source) || source.raw() == "\"\"") return fact;
  auto name = read_name(*root, "source");
  if (!name) return name.error();
  fact.source = *std::move(name);
  return fact;
}

Result<Query> read_query(const std::string& body) {
  const auto root = read_object(body);
  if (!root) return root.error();
  Query query;
  auto text = read_text(*root, "query", kMaxQueryBytes);
  if (!text) return text.error();
  query.text = *std::move(text);
  if (!is_absent(root->find("topic"))) {
    auto topic = read_name(*root, "topic");
    if (!topic) return topic.error();
    query.topic = *std::move(topic);
  }
  const auto limit = read_limit(root->find("limit"), query.limit);
  if (!limit) return limit.error();
  query.limit = *limit;
  query.versions = root->find("versions").boolean().value_or(false);
  return query;
}

std::string stored_body(const NewFact& fact, const Stored& stored) {
  json::Writer out;
  out.begin_object().member("status", "stored").member("topic", fact.topic);
  out.member("key", fact.key).member("version", stored.version);
  return out.end_object().take();
}

std::string topics_body(std::span<const Topic> topics) {
  json::Writer out;
  out.begin_object().key("topics").begin_array();
  for (const Topic& topic : topics) {
    out.begin_object().member("topic", topic.name).member("entries", topic.facts).end_object();
  }
  return out.end_array().end_object().take();
}

std::string results_body(std::span<const Answered> results, const Query& query) {
  json::Writer out;
  out.begin_object().key("results").begin_array();
  for (const Answered& result : results) {
    const Fact& fact = result.found.fact;
    out.begin_object().member("topic", fact.topic).member("key", fact.key);
    out.member("value", fact.value).member("source", fact.source);
    out.member("version", fact.version).member("updated", fact.updated);
    out.member("score", static_cast<double>(result.found.relevance));
    if (fact.damaged) out.member("damaged", true);
    if (query.versions) {
      out.key("versions").begin_array();
      for (const OldValue& old : result.old) write_old(out, old);
      out.end_array();
    }
    out.end_object();
  }
  return out.end_array().end_object().take();
}

}  // namespace keep::knowledge
