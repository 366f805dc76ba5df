#include "plugins/plugin_keys.hpp"

#include "plugins/hedge/hedge_keys.hpp"
#include "plugins/history/history_keys.hpp"
#include "plugins/hygiene/hygiene_keys.hpp"
#include "plugins/identify/identify_keys.hpp"
#include "plugins/knowledge/knowledge_keys.hpp"
#include "plugins/recall/recall_keys.hpp"
#include "plugins/roles/roles_keys.hpp"
#include "plugins/slots/slots_keys.hpp"
#include "plugins/tier/tier_keys.hpp"

namespace keep {

std::vector<config::Section<PluginSettings>> plugin_sections() {
  using S = PluginSettings;
  std::vector<config::Section<S>> all;
  const auto add = [&all](const auto& sections, auto member) {
    for (const auto& section : sections) all.push_back(config::within<S>(section, member));
  };
  add(identify::sections(), &S::identify);
  add(hygiene::sections(), &S::hygiene);
  add(history::sections(), &S::history);
  add(recall::sections(), &S::recall);
  add(hedge::sections(), &S::hedge);
  add(roles::sections(), &S::roles);
  add(knowledge::sections(), &S::knowledge);
  add(slots::sections(), &S::slots);
  add(tier::sections(), &S::tier);
  return all;
}

}  // namespace keep
