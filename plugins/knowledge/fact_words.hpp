// What a person typed as an expression that SQLite searches by. Pure.
//
// Whatever was typed is words to look for: none of it is an operator.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace keep::knowledge {

inline constexpr std::size_t kMaxWords = 64;  // of a question; the rest is passed over

// For MATCH on the table of words: facts of this tenant with any word of the question, those that
// tell nothing left out unless there are no others. Empty when there is none.
std::string match_expression(std::int64_t tenant, std::string_view question);
// The word that all facts of a tenant have.
std::string tenant_word(std::int64_t tenant);

// For LIKE ... ESCAPE '\': texts that contain this one.
std::string like_pattern(std::string_view text);

}  // namespace keep::knowledge
