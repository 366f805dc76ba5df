#include "plugins/slots/slots_keys.hpp"

namespace keep::slots {

std::vector<config::Section<SlotsSettings>> sections() {
  using Key = config::Key<SlotsSettings>;
  using S = SlotsSettings;
  return {{"slots",
           "Each conversation on its own slot of llama-server.",
           {Key::on_off("slots.enabled", "Off: llama-server chooses the slot.", &S::enabled),
            Key::on_off(
                "slots.scratch",
                "Titles, tags and summaries share one slot instead of displacing conversations.",
                &S::scratch)}},
          {"admission",
           "How many requests run and wait.",
           {Key::count("admission.max_active",
                       "Requests running at once, all upstreams; 0: as many as slots.",
                       &S::max_active, {0, 100000}),
            Key::count("admission.queue",
                       "Requests waiting for a slot; one more gets 503 with Retry-After.",
                       &S::queue, {0, 1000000}),
            Key::duration("admission.queue_timeout", "Seconds a request may wait for a slot.",
                          &S::queue_timeout)}}};
}

}  // namespace keep::slots
