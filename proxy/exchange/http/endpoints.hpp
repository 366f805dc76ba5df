// Endpoints: the list of all of them: path, method, what becomes of a request, whether it needs a
// key, who answers it, and why so. A path that is not on it goes to llama-server as it is, unless
// keys are asked for: then it goes nowhere. Pure.
#pragma once

#include "base/result.hpp"
#include "openai/dialects/dialects.hpp"

#include <span>
#include <string_view>

namespace keep {

enum class Handling {
  kOpen,      // answered here, and for whoever asks: the only ones that need no key
  kLocal,     // answered here
  kQuestion,  // the same, and nothing is changed, whatever the method
  kModel,     // answered by the model, in the words of the path's dialect (openai/dialect)
  kForward,   // goes to llama-server as it is: concerns nobody but who asks
  kOperator,  // the same while no keys are asked for; with keys it is refused
  kClosed,    // refused always
};

struct Endpoint {
  std::string_view path;     // "/*" at the end: everything below
  std::string_view methods;  // "GET" is HEAD as well; "*": any
  Handling handling;
  std::string_view by;  // who answers: a plugin's name, "app", "flow", "upstream"; empty: nobody
  std::string_view reason;
};
std::span<const Endpoint> endpoint_table() noexcept;

// What the gateway does with a request.
struct Treatment {
  const openai::Dialect* dialect = &openai::dialects::pass_through();
  bool counts = false;       // only the tokens of such a request are asked for
  std::string_view by = {};  // who answers it here (Endpoint::by); empty: see the dialect
  bool read_here = false;    // the body is for us to read, not for llama-server as it came
  bool forwardable = false;  // may go to llama-server when nobody here answers it
  bool changes = false;      // may change what is kept, here or by llama-server, beside a record
};

// By method and target (the query is ignored). Paths are compared as llama-server does, percent
// decoding done; what others might take for the same (//slots, /v1/../slots, /SLOTS) passes no
// better than what it is like. `keys`: clients are tenants, and see nothing of each other.
// Fault::kNotFound or, for a path that cannot be decoded, kBadRequest.
Result<Treatment> treatment_of(std::string_view method, std::string_view target, bool keys);

// Whether no key is asked for; by the path as it came, whatever the method.
bool is_open(std::string_view path) noexcept;

// Whether a request that passes through may be sent a second time, to another server: nothing but
// the answer comes of it.
bool is_repeatable(std::string_view method, std::string_view target) noexcept;

}  // namespace keep
