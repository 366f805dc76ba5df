#include "plugins/hedge/hedge_keys.hpp"

namespace keep::hedge {

std::vector<config::Section<HedgeSettings>> sections() {
  using Key = config::Key<HedgeSettings>;
  using S = HedgeSettings;
  return {
      {"hedge",
       "Answers that hedge (\"if I recall correctly\") are given anew with what was recalled then.",
       {Key::on_off("hedge.enabled", "Off: answers go to the client as the model gives them.",
                    &S::enabled),
        Key::count("hedge.max_resubmits", "Times that one answer is stopped and given anew.",
                   &S::max_resubmits, {1, 2}),
        Key::text(
            "hedge.phrases_file",
            "File with one hedging phrase per line, # comments. Empty: the built-in English ones.",
            &S::phrases_file),
        Key::fraction(
            "hedge.low_probability",
            "A token less likely than this counts as hedging, in streams with logprobs. 0: off.",
            &S::low_probability, {0, 1})}}};
}

}  // namespace keep::hedge
