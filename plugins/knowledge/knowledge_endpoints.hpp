// The bodies of /v1/knowledge/*: reading requests, writing replies. Pure.
//
// What is refused is Fault::kBadRequest with a text for the client.
#pragma once

#include "base/result.hpp"
#include "exchange/interfaces/knowledge.hpp"
#include "plugins/knowledge/fact_store.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace keep::knowledge {

inline constexpr std::size_t kMaxNameBytes = 256;  // topic, key, source
inline constexpr std::size_t kMaxValueBytes = 64 << 10;
inline constexpr std::size_t kMaxQueryBytes = 32 << 10;
inline constexpr std::size_t kMaxResults = 100;
inline constexpr std::size_t kMaxBodyBytes = 512 << 10;  // a value whose every byte is escaped

// {"topic","key","value","source"?}
Result<NewFact> read_new_fact(const std::string& body);

struct Query {
  std::string text;
  std::optional<std::string> topic;
  std::size_t limit = 10;
  bool versions = false;  // old values as well
};
// {"query","topic"?,"limit"?,"versions"?}
Result<Query> read_query(const std::string& body);

struct Answered {
  FoundFact found;
  std::vector<OldValue> old;  // newest first
};

std::string stored_body(const NewFact& fact, const Stored& stored);
std::string topics_body(std::span<const Topic> topics);
std::string results_body(std::span<const Answered> results, const Query& query);

}  // namespace keep::knowledge
