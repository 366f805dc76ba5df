// What the facts mean: checks, each with a message and what to do. Pure.
#pragma once

#include "app/config/config.hpp"
#include "app/doctor/doctor_facts.hpp"

#include <string>
#include <vector>

namespace keep::doctor {

std::vector<Check> check_config(const ConfigFacts& facts, const Config& config);
std::vector<Check> check_engine(const EngineFacts& facts, const Config& config);
// What only shows when all upstreams are seen together.
std::vector<Check> check_together(const std::vector<EngineFacts>& engines, const Config& config);

// Whether what one API key asks is kept from the others; nothing with one key or none.
std::vector<Check> check_tenants(const ConfigFacts& facts, const std::vector<EngineFacts>& engines,
                                 const Config& config);

// The number in "b11669-Debian"; 0 when there is none.
int build_number(const std::string& build);

bool any_failed(const std::vector<Check>& checks);
std::string to_text(const std::vector<Check>& checks);
// {"checks":[{"target","id","status","message","fix"}...],"ok":bool}
std::string to_json(const std::vector<Check>& checks);

}  // namespace keep::doctor
