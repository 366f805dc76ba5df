#include "plugins/plugin_keys.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

namespace keep {
namespace {

using ::testing::ElementsAre;

using Section = config::Section<PluginSettings>;
using Key = config::Key<PluginSettings>;

TEST(PluginSections, StandInTheOrderTheyAreShown) {
  std::vector<std::string_view> names;
  for (const Section& section : plugin_sections()) names.push_back(section.name);
  EXPECT_THAT(names, ElementsAre("identity", "hygiene", "history", "window", "recall", "hedge",
                                 "roles", "knowledge", "slots", "admission", "tier"));
}

TEST(PluginSections, NameEachKeyOnceByItsSection) {
  std::set<std::string_view> names;
  for (const Section& section : plugin_sections()) {
    EXPECT_FALSE(section.keys.empty()) << section.name;
    for (const Key& key : section.keys) {
      EXPECT_TRUE(key.name.starts_with(std::string(section.name) + ".")) << key.name;
      EXPECT_TRUE(names.insert(key.name).second) << key.name;
      EXPECT_FALSE(key.help.empty()) << key.name;
    }
  }
}

// What is printed can be written; text is printed in quotes.
TEST(PluginSections, TakeTheirDefaultsBack) {
  for (const Section& section : plugin_sections()) {
    for (const Key& key : section.keys) {
      PluginSettings settings;
      const std::string printed = key.get(settings);
      std::string text = printed;
      std::erase(text, '"');
      EXPECT_TRUE(key.set(settings, text)) << key.name;
      EXPECT_EQ(key.get(settings), printed) << key.name;
    }
  }
}

// Two keys of one place would overwrite each other.
TEST(PluginSections, EachKeyHasAPlaceOfItsOwn) {
  const std::vector<Section> sections = plugin_sections();
  const auto print = [&sections](const PluginSettings& settings) {
    std::vector<std::string> values;
    for (const Section& section : sections) {
      for (const Key& key : section.keys) values.push_back(key.get(settings));
    }
    return values;
  };
  const std::vector<std::string> defaults = print({});
  for (const Section& section : sections) {
    for (const Key& key : section.keys) {
      PluginSettings settings;
      for (const char* other :
           {"7", "1", "0.25", "64", "1MB", "off", "user", "default", "lru", "http://h:1"}) {
        if (key.set(settings, other) && key.get(settings) != key.get({})) break;
      }
      std::size_t changed = 0;
      const std::vector<std::string> values = print(settings);
      for (std::size_t i = 0; i < values.size(); ++i) changed += values[i] != defaults[i] ? 1U : 0U;
      EXPECT_EQ(changed, 1U) << key.name;
    }
  }
}

TEST(PluginSections, RefuseWhatNoPluginCouldUse) {
  const std::pair<std::string_view, const char*> kBad[] = {
      {"identity.anonymous", "shared"},
      {"identity.max_conversations", "0"},
      {"hygiene.explain_bytes", "65GB"},
      {"history.max_open", "0"},
      {"history.ttl", "-1"},
      {"window.low_water", "0.96"},
      {"recall.placement", "tool"},
      {"recall.embeddings_url", "https://h"},
      {"recall.budget_tokens", "15"},
      {"recall.index_bytes", "1KB"},
      {"recall.floor", "10.5"},
      {"hedge.max_resubmits", "3"},
      {"hedge.low_probability", "1.5"},
      {"roles.enabled", "maybe"},
      {"knowledge.enabled", ""},
      {"slots.scratch", "2"},
      {"admission.queue", "1000001"},
      {"admission.queue_timeout", "0"},
  };
  const std::vector<Section> sections = plugin_sections();
  for (const auto& [name, text] : kBad) {
    bool refused = false;
    for (const Section& section : sections) {
      for (const Key& key : section.keys) {
        PluginSettings settings;
        if (key.name == name) refused = !key.set(settings, text);
      }
    }
    EXPECT_TRUE(refused) << name << " = " << text;
  }
}

TEST(HygieneRules, HaveAnExampleForEachKey) {
  for (const Section& section : plugin_sections()) {
    if (!section.list) continue;
    EXPECT_EQ(section.list->name, "hygiene.rule");
    EXPECT_EQ(section.list->examples.size(), section.list->keys(0).size());
  }
}

}  // namespace
}  // namespace keep
