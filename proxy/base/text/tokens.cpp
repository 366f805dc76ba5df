#include "base/text/tokens.hpp"

#include <algorithm>

namespace keep {

std::vector<std::string_view> tokens_of(std::string_view list) {
  constexpr std::string_view kWhite = " \t\r\n";
  std::vector<std::string_view> tokens;
  while (!list.empty()) {
    std::string_view token = list.substr(0, list.find(','));
    list.remove_prefix(std::min(token.size() + 1, list.size()));
    token.remove_prefix(std::min(token.find_first_not_of(kWhite), token.size()));
    token = token.substr(0, token.find_last_not_of(kWhite) + 1);
    if (!token.empty()) tokens.push_back(token);
  }
  return tokens;
}

}  // namespace keep
