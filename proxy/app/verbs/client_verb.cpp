#include "app/verbs/client_verb.hpp"

#include <ostream>

namespace keep {

int run_client_verb(const ClientVerb& verb, const Invocation& invocation) {
  const auto wrong = [&](const std::string& why, int code) {
    invocation.err << "llama-keep " << verb.name << ": " << why << "\n";
    return code;
  };
  const auto line = parse_client_line(invocation.arguments, verb.flags);
  if (!line) return wrong(line.error().detail, kExitUsage);
  if (line->switches.contains("help")) {
    invocation.out << verb.usage;
    print_client_flags(invocation.out, verb.flags);
    return kExitOk;
  }
  const std::string fault = verb.fault_in(*line);
  if (!fault.empty()) return wrong(fault, kExitUsage);
  auto client = ChatClient::make(*line);
  if (!client) return wrong(client.error().detail, kExitUsage);
  const auto done = verb.run(*client, *line, invocation.out);
  if (!done) return wrong(done.error().detail, kExitProblem);
  invocation.out.flush();
  return kExitOk;
}

}  // namespace keep
