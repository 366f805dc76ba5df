// Slots of one llama-server over its HTTP API: GET /slots, POST /slots/N?action=erase|save|restore.
#pragma once

#include "base/json/json.hpp"
#include "base/time/clock.hpp"
#include "exchange/interfaces/upstreams.hpp"
#include "upstream/connection_pool.hpp"

#include <string>
#include <vector>

namespace keep {

// What an answer to GET /slots says.
std::vector<SlotState> read_slots(const json::Value& root);

class HttpSlotControl final : public SlotControl {
 public:
  // `authorization` is sent when not empty.
  HttpSlotControl(ConnectionPool& pool, const std::string& authorization)
      : pool_(pool), authorization_(authorization) {}

  Task<std::vector<SlotState>> list() override;
  Task<> erase(int slot) override;
  Task<SlotTransfer> save(int slot, std::string file) override;
  Task<SlotTransfer> restore(int slot, std::string file) override;

 private:
  // The body of a 200.
  Task<std::string> act(int slot, const char* action, std::string body, Duration limit);

  ConnectionPool& pool_;
  const std::string& authorization_;
};

}  // namespace keep
