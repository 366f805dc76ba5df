#include "plugins/tier/model/policies.hpp"

#include "plugins/tier/model/lineage.hpp"
#include "plugins/tier/model/ranked_policies.hpp"
#include "plugins/tier/model/s3fifo.hpp"
#include "plugins/tier/model/semantic_policies.hpp"

namespace keep::tier {

std::unique_ptr<EvictionPolicy> make_policy(Policy policy, std::uint64_t capacity_bytes,
                                            std::size_t ghosts) {
  switch (policy) {
    case Policy::kFifo: return make_fifo();
    case Policy::kLru: return make_lru();
    case Policy::kLfu: return make_lfu();
    case Policy::kSizeAwareLru: return make_size_aware_lru();
    case Policy::kStaticSemantic: return make_static_semantic();
    case Policy::kAdaptiveSemantic: return make_adaptive_semantic();
    case Policy::kGdsf: return make_gdsf();
    case Policy::kS3Fifo: return make_s3fifo();
    case Policy::kLineage: break;
  }
  return make_lineage(capacity_bytes, ghosts);
}

}  // namespace keep::tier
