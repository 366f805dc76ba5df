#include "app/config/addresses.hpp"
#include "app/config/config_keys.hpp"

#include <chrono>
#include <vector>

namespace keep::config {

namespace {

using std::chrono::milliseconds;

Section<ListenSettings> listen() {
  using Key = config::Key<ListenSettings>;
  using S = ListenSettings;
  return {"listen",
          "Where clients connect.",
          {Key::text("listen.address", "IP address and port, \"127.0.0.1:8200\" or \"[::1]:8200\".",
                     &S::address, check_listen_address),
           Key::text(
               "listen.cors_origins",
               "Web pages that may call from a browser besides those of this machine, for example\n"
               "\"https://chat.example.org, http://10.0.0.5:3000\"; \"*\": all. Where keys are "
               "asked for,\n"
               "all may. On a loopback address a Host that names none of them is refused, too, "
               "unless it is\n"
               "an address or a name of a private network.",
               &S::cors_origins, check_cors_origins),
           Key::count("listen.max_connections",
                      "Client connections at once. One more takes the place of the one that has "
                      "asked for nothing\n"
                      "for longest, or whose request has been on its way for longest; while all "
                      "are answered it\n"
                      "waits in the kernel's backlog.",
                      &S::max_connections, {1, 1000000}),
           Key::bytes("listen.max_body",
                      "Largest request body, in bytes or with KB, MB, GB (1 KB is 1024).",
                      &S::max_body_bytes, {kKilo, 2 * kGiga}),
           Key::bytes("listen.max_header",
                      "Largest request head, in bytes or with KB, MB; trailers and chunk "
                      "extensions, which are\n"
                      "dropped, count up to as much again.",
                      &S::max_header_bytes, {kKilo, kMega})}};
}

Section<TimeoutSettings> timeouts() {
  using Key = config::Key<TimeoutSettings>;
  using S = TimeoutSettings;
  return {
      "timeouts",
      "In seconds, or \"500ms\", \"30s\", \"10m\". Traffic that makes progress is never cut.",
      {Key::duration("timeouts.head", "Seconds for the head of a request, from its first byte.",
                     &S::head),
       Key::duration("timeouts.body", "Seconds for the body of a request, all of it.", &S::body),
       Key::duration("timeouts.connect", "Seconds to connect to an upstream.", &S::connect),
       Key::duration(
           "timeouts.first_event",
           "Seconds to the first event of an answer; progress of a long prefill counts as one.\n"
           "For token probabilities in one JSON, which cannot be streamed: to the whole answer.",
           &S::first_event),
       Key::duration("timeouts.between_events", "Seconds between two events of an answer.",
                     &S::between_events),
       Key::duration("timeouts.keep_alive",
                     "Seconds without a byte after which a streaming client gets a comment or a "
                     "ping, from the\n"
                     "moment it waits for a slot. 0: never.",
                     &S::keep_alive, {milliseconds(0), 7 * kDay}),
       Key::duration("timeouts.write",
                     "Seconds without progress while writing, to a client or an upstream.",
                     &S::write),
       Key::duration("timeouts.idle", "Seconds a client's connection may rest between requests.",
                     &S::idle),
       Key::duration("timeouts.drain", "Seconds that running answers get to end at shutdown.",
                     &S::drain)}};
}

Section<LimitSettings> limits() {
  using Key = config::Key<LimitSettings>;
  using S = LimitSettings;
  return {"limits",
          "",
          {Key::duration("limits.stall",
                         "Seconds without a turn of the event loop after which the program writes "
                         "to the log where\n"
                         "the loop is, and aborts: whoever supervises it starts it again.",
                         &S::stall)}};
}

Section<Config> upstream() {
  using Key = config::Key<UpstreamSettings>;
  using U = UpstreamSettings;
  return {
      "upstream",
      "The llama-servers; one [[upstream]] block for each. Start each of them with its slots "
      "pinned\n"
      "down, for example 4 slots of 8192 tokens:\n"
      "  llama-server -m MODEL -np 4 -no-kvu -c 32768 -b 256 --no-cache-idle-slots \\\n"
      "    --metrics --slot-save-path DIR\n"
      "llama-keep doctor names what is wrong with a running one.",
      {},
      list_of(
          &Config::upstreams,
          std::vector<Key>{
              Key::text("upstream.url", "http://host:port of a llama-server. TLS is not spoken.",
                        &U::url, check_server_url)
                  .as_required(),
              Key::text(
                  "upstream.api_key_file",
                  "File with the key this llama-server wants (its --api-key). Empty: the client's\n"
                  "Authorization header goes on.",
                  &U::api_key_file),
              Key::count("upstream.pool_tokens",
                         "KV cells in tokens that its slots share: its -c under -kvu, which it "
                         "does not tell; 0: no\n"
                         "budget until it is seen to purge a slot.",
                         &U::pool_tokens, {0, 1000000000}),
              Key::text("upstream.slot_save_path",
                        "Its --slot-save-path, if it runs on this machine: what leaves a slot is "
                        "kept by way of that\n"
                        "folder ([tier]), best one in memory (/dev/shm). Empty: nothing is kept.",
                        &U::slot_save_path)})};
}

Section<Config> auth() {
  return {"auth",
          "Without keys everybody who reaches the listener is served.",
          {Key<Config>::text(
              "auth.keys_file",
              "File with one API key per line, # comments. A relative path is first looked for in\n"
              "$CREDENTIALS_DIRECTORY. Empty: no keys are asked for.",
              &Config::keys_file)}};
}

Section<Config> headers() {
  return {"headers",
          "",
          {Key<Config>::on_off("headers.explain",
                               "Tell in X-Keep-* response headers what was done with a request.",
                               &Config::explain)}};
}

Section<Config> logging() {
  return {"log",
          "",
          {Key<Config>::choice("log.level", "\"debug\", \"info\", \"warn\" or \"error\".",
                               &Config::log_level,
                               {{"debug", log::Level::kDebug},
                                {"info", log::Level::kInfo},
                                {"warn", log::Level::kWarn},
                                {"error", log::Level::kError}}),
           Key<Config>::choice("log.format", "\"text\" or \"json\".", &Config::log_format,
                               {{"text", log::Format::kText}, {"json", log::Format::kJson}})}};
}

}  // namespace

std::vector<Section<Config>> core_sections() {
  return {within<Config>(listen(), &Config::listen),
          upstream(),
          within<Config>(timeouts(), &Config::timeouts),
          within<Config>(limits(), &Config::limits),
          auth(),
          headers(),
          logging()};
}

}  // namespace keep::config
