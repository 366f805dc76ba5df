// Error: what went wrong and on whose side. A value, returned, never logged below run_exchange.
#pragma once

#include <boost/throw_exception.hpp>

#include <string>
#include <string_view>
#include <utility>

namespace keep {

// Whose fault: the client's side, llama-server's side, or ours.
enum class Side { kInternal, kDownstream, kUpstream };

enum class Fault {
  kInternal,
  kBadRequest,
  kUnauthorized,
  kNotFound,
  kTooLarge,
  kTooLong,   // the prompt does not fit the model's window
  kOverload,  // the queue is full, or its deadline has passed
  kRefused,   // nobody listens there
  kLoading,   // upstream answers, but has no model yet
  kTimeout,
  kProtocol,   // bytes that are not what the protocol says
  kGone,       // the peer has left
  kCancelled,  // we were asked to stop
  kStorage,
};

struct Error {
  Error() = default;
  Error(Fault f, Side s, std::string d) : fault(f), side(s), detail(std::move(d)) {}

  Fault fault = Fault::kInternal;
  Side side = Side::kInternal;
  std::string detail;   // for people; no prompt text, but for what follows
  bool quotes = false;  // upstream's own words, which may quote the prompt: nothing for the log
};

std::string_view to_string(Fault fault) noexcept;
std::string_view to_string(Side side) noexcept;

// Found by argument lookup when value() is called on a failed Result.
[[noreturn]] void throw_exception_from_error(const Error& error, const boost::source_location& at);

}  // namespace keep
