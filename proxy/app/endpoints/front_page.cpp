#include "app/endpoints/front_page.hpp"

#include <string_view>

namespace keep {

namespace {

constexpr std::string_view kText = R"(llama-keep )" KEEP_VERSION R"(, in front of llama-server.

Clients of OpenAI's API:     this address, with /v1 behind it
Clients of Anthropic's API:  this address
Clients of Ollama's API:     this address

/health    this proxy and the servers behind it
/ready     200 once requests can be served
/metrics   figures for Prometheus
/v1/models the models and how much they remember
)";

constexpr std::string_view kPage = R"(<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>llama-keep</title>
<meta name="viewport" content="width=device-width">
<style>:root{color-scheme:light dark}body{font:1rem/1.5 system-ui,sans-serif;max-width:40rem;margin:3rem auto;padding:0 1rem}</style>
</head><body><h1>llama-keep )" KEEP_VERSION R"(</h1>
<p>A reverse proxy that keeps every conversation on its own slot of llama-server.</p>
<ul><li>Clients of OpenAI's API: this address, with <code>/v1</code> behind it</li>
<li>Clients of Anthropic's API: this address</li>
<li>Clients of Ollama's API: this address</li></ul>
<p><a href="/health">health</a>, <a href="/ready">ready</a>, <a href="/metrics">metrics</a>,
<a href="/v1/models">models</a></p>
</body></html>
)";

}  // namespace

Reply front_page(const Request& request) {
  const bool html =
      request.headers.find("Accept").value_or("").find("text/html") != std::string_view::npos;
  LocalReply reply;
  reply.content_type = html ? "text/html; charset=utf-8" : "text/plain; charset=utf-8";
  reply.body = html ? kPage : kText;
  reply.headers.add("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'");
  reply.headers.add("Vary", "Accept");
  return std::make_shared<const LocalReply>(std::move(reply));
}

}  // namespace keep
