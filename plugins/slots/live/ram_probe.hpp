// RamProbe: whether a llama-server has a RAM cache, which it does not tell: a prompt that has left
// its slot is asked for again. Loop thread only.
#pragma once

#include "exchange/interfaces/upstreams.hpp"
#include "plugins/slots/table/isolation.hpp"

#include <cstddef>
#include <string>

namespace keep::slots {

// Reads the prompt into the slot and generates nothing -> the server's answer.
Task<std::string> read_into(Queries& queries, std::size_t upstream, std::size_t slot,
                            std::string prompt);

// What has next to nothing in it, to have a slot think of something else.
inline constexpr const char* kFillerPrompt = " ";

// In a slot that nobody uses meanwhile; a filler is left in it. kUnknown: the server did not answer
// as it should.
asio::awaitable<RamCache> probe_ram_cache(Queries& queries, std::size_t upstream, std::size_t slot);

}  // namespace keep::slots
