#include "app/verbs/client_verb.hpp"

#include "base/config/values.hpp"

#include <iterator>
#include <ostream>
#include <utility>

namespace keep {

std::vector<Flag> with_client_flags(std::vector<Flag> flags) {
  const Flag kShared[] = {
      {"url", "URL", "Where llama-keep listens (http://127.0.0.1:8200)."},
      {"api-key-file", "PATH", "File with the API key that llama-keep asks for."},
      {"tenant", "ID", "Sent as X-Tenant-ID, for a proxy without keys."},
      {"help", "", "Print this and exit."},
  };
  flags.insert(flags.end(), std::begin(kShared), std::end(kShared));
  return flags;
}

int run_client(const ClientAction& action, const FlagLine& line, const Invocation& invocation) {
  std::string fault = action.fault_in(line);
  if (!fault.empty()) return fail(invocation, config::bad_value(std::move(fault)), kExitUsage);
  auto client = ChatClient::make(line);
  if (!client) return fail(invocation, client.error(), kExitUsage);
  const auto done = action.run(*client, line, invocation.out);
  if (!done) return fail(invocation, done.error(), kExitProblem);
  invocation.out.flush();
  return kExitOk;
}

}  // namespace keep
