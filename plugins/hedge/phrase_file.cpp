#include "plugins/hedge/phrase_file.hpp"

#include "plugins/hedge/phrases.hpp"

#include <fstream>
#include <utility>

namespace keep::hedge {

Result<std::vector<std::string>> load_phrases(const std::string& path) {
  if (path.empty()) return default_phrases();
  const auto failed = [&](const char* why) {
    return Error(Fault::kStorage, Side::kInternal, "hedge.phrases_file " + path + ": " + why);
  };
  std::ifstream in(path);
  std::vector<std::string> phrases;
  for (std::string line; std::getline(in, line);) {
    const std::size_t begin = line.find_first_not_of(" \t\r");
    if (begin == std::string::npos || line[begin] == '#') continue;
    phrases.push_back(line.substr(begin, line.find_last_not_of(" \t\r") + 1 - begin));
  }
  if (!in.eof()) return failed("cannot be read");
  if (phrases.empty()) return failed("has no phrase");
  return phrases;
}

}  // namespace keep::hedge
