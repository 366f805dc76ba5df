#include "plugins/hedge/phrase_file.hpp"

#include "plugins/hedge/phrases.hpp"
#include "tests/support/test_proxy.hpp"

#include <gtest/gtest.h>

#include <fstream>

namespace keep::hedge {
namespace {

Result<std::vector<std::string>> loaded(const std::string& text) {
  const test::TempFolder folder;
  const std::string path = folder.path + "/phrases";
  std::ofstream(path) << text;
  return load_phrases(path);
}

TEST(PhraseFile, OnePhraseInEachLine) {
  const auto phrases = loaded("# ours\n\n  ich glaube mich zu erinnern \r\nsi mal no recuerdo");
  ASSERT_TRUE(phrases);
  EXPECT_EQ(*phrases,
            (std::vector<std::string>{"ich glaube mich zu erinnern", "si mal no recuerdo"}));
}

TEST(PhraseFile, NoPathIsTheBuiltInList) { EXPECT_EQ(*load_phrases(""), default_phrases()); }

TEST(PhraseFile, ErrorsNameTheFile) {
  const auto none = loaded("# nothing\n");
  ASSERT_FALSE(none);
  EXPECT_NE(none.error().detail.find("has no phrase"), std::string::npos);
  const auto missing = load_phrases("/nonexistent/phrases");
  ASSERT_FALSE(missing);
  EXPECT_NE(missing.error().detail.find("/nonexistent/phrases: cannot be read"), std::string::npos);
}

}  // namespace
}  // namespace keep::hedge
