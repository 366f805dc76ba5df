// What is known about English words beyond their spelling. Pure, any thread. Words are lower-case.
#pragma once

#include <string_view>

namespace keep::text {

// Too common to tell passages apart; apostrophes included: "the", "don't".
bool is_stop_word(std::string_view word) noexcept;

// The word that an irregular form or a near synonym is indexed as: "went" is "go", "picture" is
// "photo". The word itself when there is nothing to say.
std::string_view base_form(std::string_view word) noexcept;

}  // namespace keep::text
