#include "plugins/identify/identify_keys.hpp"

namespace keep::identify {

namespace {

using config::one_of;

}  // namespace

std::vector<config::Section<IdentifySettings>> sections() {
  using Key = config::Key<IdentifySettings>;
  using S = IdentifySettings;
  return {{"identity",
           "Which conversation a request belongs to.",
           {Key::on_off("identity.enabled", "Off: requests carry no conversation.", &S::enabled),
            Key::text("identity.anonymous",
                      "For clients that send no id: \"derived\" from the messages, or one shared "
                      "\"default\".",
                      &S::anonymous, one_of({"derived", "default"})),
            Key::count("identity.max_conversations",
                       "Conversations remembered; the least recently used is forgotten.",
                       &S::max_conversations, {1, 10000000})}}};
}

}  // namespace keep::identify
