// What the verbs that ask a running llama-keep have in common: flags, faults, exit codes.
#pragma once

#include "app/client/chat_client.hpp"
#include "app/flags.hpp"
#include "app/verbs/verbs.hpp"

#include <iosfwd>
#include <string>
#include <vector>

namespace keep {

// --url, --api-key-file, --tenant and --help, behind those that only the verb has. They name no
// configuration keys: the server that is asked may be anywhere.
std::vector<Flag> with_client_flags(std::vector<Flag> flags);

struct ClientAction {
  std::string (*fault_in)(const FlagLine&);  // of the words; empty: none
  Result<> (*run)(ChatClient&, const FlagLine&, std::ostream& out);
};

int run_client(const ClientAction& action, const FlagLine& line, const Invocation& invocation);

}  // namespace keep
