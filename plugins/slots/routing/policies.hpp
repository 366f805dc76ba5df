// Routing policies: in which order a request tries the llama-servers. Pure; loop thread only.
//
// A policy sees the slots of every server and what the request wishes for. Admission asks it each
// time a slot may have become free, and takes the first server that has one to give: a request
// waits in one queue for all of them. Who is not in the list is not tried.
#pragma once

#include "plugins/slots/table/assigner.hpp"
#include "plugins/slots/table/slot_table.hpp"

#include <cstddef>
#include <functional>
#include <vector>

namespace keep::slots {

// By upstream, in the order of the configuration. Null: that server is down, or cannot answer this
// request.
using SlotTables = std::vector<const SlotTable*>;

using RoutingPolicy = std::function<std::vector<std::size_t>(const SlotTables&, const Wish&)>;

// Where the key is warm and nowhere else; else those with the most free slots first, the most
// leasable next, in the order of the configuration among equals. A wish for a slot goes to the
// first that has it, or where the key is warm in it.
std::vector<std::size_t> warm_then_roomiest(const SlotTables& tables, const Wish& wish);

}  // namespace keep::slots
