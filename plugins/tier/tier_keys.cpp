#include "plugins/tier/tier_keys.hpp"

namespace keep::tier {

namespace {

using config::kGiga;

}  // namespace

std::vector<config::Section<TierSettings>> sections() {
  using Key = config::Key<TierSettings>;
  using S = TierSettings;
  return {{"tier",
           "KV cache that leaves its slot is kept, for upstreams whose slot_save_path is told.",
           {Key::on_off("tier.enabled", "Off: what leaves a slot is read again.", &S::enabled),
            Key::bytes("tier.ram_bytes", "Memory for KV cache outside slots.", &S::ram_bytes,
                       {0, 1000000 * kGiga}),
            Key::choice("tier.policy", "Which of it goes when that is full.", &S::policy,
                        {{"lineage", Policy::kLineage},
                         {"lru", Policy::kLru},
                         {"lfu", Policy::kLfu},
                         {"fifo", Policy::kFifo},
                         {"gdsf", Policy::kGdsf},
                         {"s3fifo", Policy::kS3Fifo},
                         {"size_aware_lru", Policy::kSizeAwareLru}})}}};
}

}  // namespace keep::tier
