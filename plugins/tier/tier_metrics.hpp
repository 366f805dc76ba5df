// TierMetrics: what the tier plugin exports. Handles only.
#pragma once

#include "base/metrics.hpp"

namespace keep::tier {

struct TierMetrics {
  explicit TierMetrics(Metrics& m)
      : bytes(m.gauge("tier_bytes", "KV cache kept outside slots", {{"tier", "ram"}})),
        blocks(m.gauge("tier_blocks", "Blocks of KV cache kept outside slots", {{"tier", "ram"}})),
        evicted(m.counter("tier_evicted_blocks_total", "Blocks that made room for others",
                          {{"tier", "ram"}})),
        saved(saves(m, "saved")),
        not_saved(saves(m, "failed")),
        saved_tokens(m.counter("tier_saved_tokens_total", "Tokens whose KV cache was kept anew")),
        restored(restores(m, "restored")),
        useless(restores(m, "useless")),
        failed(restores(m, "failed")),
        damaged(restores(m, "damaged")),
        foreign(restores(m, "foreign")),
        restored_tokens(m.counter("tier_restored_tokens_total", "Tokens whose KV cache came back")),
        saved_seconds(m.counter("tier_saved_seconds_total",
                                "Prefill that was not needed, less what restoring took")) {}

  Gauge bytes, blocks;
  Counter evicted, saved, not_saved, saved_tokens, restored, useless, failed, damaged, foreign,
      restored_tokens, saved_seconds;

 private:
  static Counter saves(Metrics& m, const char* result) {
    return m.counter("tier_saves_total", "What slots held and was to be kept",
                     {{"result", result}});
  }
  static Counter restores(Metrics& m, const char* result) {
    return m.counter("tier_restores_total",
                     "KV cache put back into slots; useless: llama-server read the prompt anew; "
                     "damaged: a block was not what was kept; foreign: llama-server computes "
                     "something else since it was started anew",
                     {{"result", result}});
  }
};

}  // namespace keep::tier
