// The check of the server that recall.embeddings_url names: does it give vectors, and soon enough?
#pragma once

#include "app/doctor/doctor_collect.hpp"

#include <string>

namespace keep::doctor {

// Two tiny requests; the first may have to wait for what a server does when it begins.
asio::awaitable<Check> check_embeddings(Engine& engine, std::string url, std::string model);

}  // namespace keep::doctor
