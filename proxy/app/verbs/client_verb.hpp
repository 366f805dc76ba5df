// What the verbs that ask a running llama-keep have in common: flags, help, faults, exit codes.
#pragma once

#include "app/client/chat_client.hpp"
#include "app/client/chat_flags.hpp"
#include "app/verbs/verbs.hpp"

#include <span>
#include <string>
#include <string_view>

namespace keep {

struct ClientVerb {
  std::string_view name, usage;
  std::span<const ClientFlag> flags;
  std::string (*fault_in)(const ClientLine&);  // of the words; empty: none
  Result<> (*run)(ChatClient&, const ClientLine&, std::ostream& out);
};

int run_client_verb(const ClientVerb& verb, const Invocation& invocation);

}  // namespace keep
