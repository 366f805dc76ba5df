#include "app/client/chat_client.hpp"
#include "app/client/chat_commands.hpp"
#include "app/client/chat_interrupt.hpp"
#include "app/client/chat_session.hpp"
#include "app/client/line_editor.hpp"
#include "app/verbs/client_verb.hpp"
#include "app/verbs/verbs.hpp"
#include "base/config/values.hpp"
#include "base/text/ids.hpp"

#include <optional>
#include <ostream>

namespace keep {

namespace {

Result<ChatSettings> settings_of(const FlagLine& line) {
  ChatSettings settings;
  settings.conversation = line.value("conversation");
  if (settings.conversation.empty()) settings.conversation = random_id("chat-");
  settings.system = line.value("system");
  settings.model = line.value("model");
  if (line.has("max-tokens")) {
    const auto count = config::parse_count(line.value("max-tokens"));
    if (!count) return config::bad_value("--max-tokens: " + count.error().detail);
    settings.max_tokens = static_cast<std::int64_t>(*count);
  }
  if (line.has("temperature")) {
    const auto value = config::parse_fraction(line.value("temperature"));
    if (!value) return config::bad_value("--temperature: " + value.error().detail);
    settings.temperature = *value;
  }
  return settings;
}

// A conversation that goes on, and a server that is away, are known before anything is typed.
Result<> greet(ChatClient& client, ChatSession& session, bool resumes, std::ostream& out) {
  ClientRequest health;
  health.method = "GET";
  health.target = "/health";
  const auto reply = client.ask(std::move(health));
  if (!reply) return reply.error();
  std::size_t messages = 0;
  if (resumes) {
    const auto resumed = session.resume();
    if (!resumed) return resumed.error();
    messages = *resumed;
  }
  if (!LineEditor::is_terminal()) return {};
  out << client.url() << ", conversation " << session.conversation();
  if (messages > 0) out << " with " << messages << " messages";
  out << "\n/help lists the commands\n";
  return {};
}

// One line; false when it failed.
bool answer(const std::string& line, ChatClient& client, ChatSession& session,
            const Invocation& invocation) {
  Result<> done;
  if (is_command(line)) {
    const auto text = run_command(line, client, session);
    if (text) {
      invocation.out << *text << std::flush;
    } else {
      done = text.error();
    }
  } else {
    done = session.say(line, invocation.out);
  }
  if (done) return true;
  const bool meant = done.error().fault == Fault::kCancelled;
  invocation.err << (meant ? "[" : "error: ") << done.error().detail << (meant ? "]" : "")
                 << std::endl;
  return meant;
}

int chat(ChatClient& client, ChatSession& session, const Invocation& invocation) {
  std::optional<ChatInterrupt> interrupt;
  if (LineEditor::is_terminal()) interrupt.emplace();
  client.set_interrupted(&ChatInterrupt::pending);
  LineEditor editor(&ChatInterrupt::pending);
  bool well = true;
  for (;;) {
    ChatInterrupt::clear();
    const auto line = editor.read("> ");
    if (!line) break;
    const std::string text = config::trim(*line);
    if (is_quit(text)) break;
    ChatInterrupt::clear();
    if (!text.empty()) well = answer(text, client, session, invocation) && well;
  }
  // A person has seen the errors; a script sees the exit code.
  return well || LineEditor::is_terminal() ? kExitOk : kExitProblem;
}

int run(const FlagLine& line, const Invocation& invocation) {
  auto settings = settings_of(line);
  if (!settings) return fail(invocation, settings.error(), kExitUsage);
  auto client = ChatClient::make(line);
  if (!client) return fail(invocation, client.error(), kExitUsage);
  ChatSession session(*client, *std::move(settings));
  const auto greeted = greet(*client, session, line.has("conversation"), invocation.out);
  if (!greeted) return fail(invocation, greeted.error(), kExitProblem);
  return chat(*client, session, invocation);
}

}  // namespace

Verb chat_verb() {
  Verb verb;
  verb.name = "chat";
  verb.summary = "talk to the model behind a running llama-keep";
  verb.usage = "usage: llama-keep chat [FLAGS]\nTalk to the model behind a running llama-keep.\n";
  verb.flags = with_client_flags(
      {{"conversation", "ID", "Go on with this conversation, not with a new one."},
       {"system", "TEXT", "System prompt."},
       {"max-tokens", "N", "Longest answer, in tokens."},
       {"temperature", "T", "How freely the model chooses its words; 0: not at all."},
       {"model", "NAME", "Model to ask for, where llama-server has several."}});
  verb.run = run;
  return verb;
}

}  // namespace keep
