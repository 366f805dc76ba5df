// The tables of the facts: made, and brought up to date from files of older programs.
#pragma once

#include "base/sqlite.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace keep::knowledge {

// Also limits the file to `max_bytes`. Refuses the file of a newer program, and leaves it as it is.
Result<> prepare_schema(sqlite::Database& database, std::uint64_t max_bytes);

// The first column of the first row; 0 where there is none.
Result<std::int64_t> number(sqlite::Database& database, const std::string& sql);

// Checksum of what a fact says (name: topic, newline, key), which no other fact or version has.
std::int64_t checksum(std::string_view name, std::int64_t version, std::string_view value,
                      std::string_view source);

}  // namespace keep::knowledge
