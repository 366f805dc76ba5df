#include "base/text/ids.hpp"

#include "base/hash.hpp"

#include <random>

namespace keep {

std::uint64_t random64() {
  thread_local std::mt19937_64 engine = [] {
    std::random_device device;
    std::seed_seq seed{device(), device(), device(), device()};
    return std::mt19937_64(seed);
  }();
  return engine();
}

std::string random_id(std::string_view prefix) { return std::string(prefix) + to_hex(random64()); }

}  // namespace keep
