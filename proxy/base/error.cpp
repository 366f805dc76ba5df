#include "base/error.hpp"

#include <stdexcept>

namespace keep {

std::string_view to_string(Fault fault) noexcept {
  switch (fault) {
    case Fault::kInternal: return "internal";
    case Fault::kBadRequest: return "bad_request";
    case Fault::kUnauthorized: return "unauthorized";
    case Fault::kNotFound: return "not_found";
    case Fault::kTooLarge: return "too_large";
    case Fault::kTooLong: return "too_long";
    case Fault::kOverload: return "overload";
    case Fault::kRefused: return "refused";
    case Fault::kLoading: return "loading";
    case Fault::kTimeout: return "timeout";
    case Fault::kProtocol: return "protocol";
    case Fault::kGone: return "gone";
    case Fault::kCancelled: return "cancelled";
    case Fault::kStorage: return "storage";
  }
  return "internal";
}

std::string_view to_string(Side side) noexcept {
  switch (side) {
    case Side::kInternal: return "internal";
    case Side::kDownstream: return "downstream";
    case Side::kUpstream: return "upstream";
  }
  return "internal";
}

void throw_exception_from_error(const Error& error, const boost::source_location&) {
  throw std::runtime_error(std::string(to_string(error.fault)) + ": " + error.detail);
}

}  // namespace keep
