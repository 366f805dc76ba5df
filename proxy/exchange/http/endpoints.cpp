#include "exchange/http/endpoints.hpp"

#include "base/text/url.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace keep {

namespace {

using enum Handling;

// First match wins.
constexpr Endpoint kTable[] = {
    {"/", "GET", kOpen, "app", "what this is"},
    {"/health", "GET", kOpen, "app", "our health, with the upstreams'"},
    {"/ready", "GET", kOpen, "app", "whether requests can be served"},
    {"/metrics", "GET", kLocal, "app", "our figures, of all tenants together"},
    {"/v1/models", "GET", kLocal, "app", "upstream's list with the window of each model"},
    {"/v1/conversations/list", "*", kQuestion, "history", "the tenant's own record"},
    {"/v1/conversations/*", "*", kLocal, "history", "the tenant's own record"},
    {"/v1/sessions/*", "*", kLocal, "history", "the tenant's own record"},
    {"/v1/knowledge/search", "*", kQuestion, "knowledge", "the tenant's own facts"},
    {"/v1/knowledge/*", "*", kLocal, "knowledge", "the tenant's own facts"},

    {"/v1/chat/completions", "POST", kModel, "flow", "OpenAI's chat completions"},
    {"/chat/completions", "POST", kModel, "flow", "OpenAI's chat completions"},
    {"/v1/completions", "POST", kModel, "flow", "OpenAI's completions"},
    {"/completions", "POST", kModel, "flow", "llama-server's own completions"},
    {"/completion", "POST", kModel, "flow", "llama-server's own completions"},
    {"/v1/responses", "POST", kModel, "flow", "OpenAI's Responses"},
    {"/responses", "POST", kModel, "flow", "OpenAI's Responses"},
    {"/v1/messages", "POST", kModel, "flow", "Anthropic's messages"},
    {"/api/chat", "POST", kModel, "flow", "Ollama's chat"},
    {"/api/generate", "POST", kModel, "flow", "Ollama's completions"},

    {"/api/tags", "GET", kLocal, "app", "names the model, as /v1/models does"},
    {"/api/ps", "GET", kLocal, "app", "names the model, as /v1/models does"},
    {"/api/version", "GET", kLocal, "app", "says which API is spoken"},
    {"/api/show", "POST", kQuestion, "app", "tells of the model what everybody may know"},
    {"/api/pull", "*", kQuestion, "app", "refused: there is no store of models"},
    {"/api/push", "*", kQuestion, "app", "refused: there is no store of models"},
    {"/api/create", "*", kQuestion, "app", "refused: there is no store of models"},
    {"/api/copy", "*", kQuestion, "app", "refused: there is no store of models"},
    {"/api/delete", "*", kQuestion, "app", "refused: there is no store of models"},
    {"/api/blobs/*", "*", kQuestion, "app", "refused: there is no store of models"},
    {"/api/embed", "*", kQuestion, "app", "refused: they are asked for at /v1/embeddings"},
    {"/api/embeddings", "*", kQuestion, "app", "refused: they are asked for at /v1/embeddings"},

    {"/models", "GET", kForward, "upstream", "names the model, as /v1/models does"},
    {"/v1/health", "GET", kForward, "upstream", "says ok or not"},
    {"/tokenize", "POST", kForward, "upstream", "depends on body and model alone"},
    {"/detokenize", "POST", kForward, "upstream", "depends on body and model alone"},
    {"/apply-template", "POST", kForward, "upstream", "depends on body and model alone"},
    {"/v1/messages/count_tokens", "POST", kLocal, "flow",
     "counted as an answer to its body would read it"},
    {"/v1/chat/completions/input_tokens", "POST", kLocal, "flow",
     "counted as an answer to its body would read it"},
    {"/chat/completions/input_tokens", "POST", kLocal, "flow",
     "counted as an answer to its body would read it"},
    {"/responses/input_tokens", "POST", kLocal, "flow",
     "counted as an answer to its body would read it"},
    {"/v1/responses/input_tokens", "POST", kLocal, "flow",
     "counted as an answer to its body would read it"},
    {"/v1/embeddings", "POST", kForward, "upstream", "depends on body and model alone"},
    {"/embeddings", "POST", kForward, "upstream", "depends on body and model alone"},
    {"/embedding", "POST", kForward, "upstream", "depends on body and model alone"},
    {"/v1/rerank", "POST", kForward, "upstream", "depends on body and model alone"},
    {"/rerank", "POST", kForward, "upstream", "depends on body and model alone"},
    {"/v1/reranking", "POST", kForward, "upstream", "depends on body and model alone"},
    {"/reranking", "POST", kForward, "upstream", "depends on body and model alone"},
    {"/v1/audio/transcriptions", "POST", kForward, "upstream", "depends on body and model alone"},
    {"/audio/transcriptions", "POST", kForward, "upstream", "depends on body and model alone"},
    {"/v1/systemone", "POST", kForward, "upstream", "depends on body and model alone"},
    {"/infill", "POST", kForward, "upstream", "slots keeps it from what others left there"},

    {"/slots", "*", kOperator, "upstream", "shows and changes the slots of all"},
    {"/slots/*", "*", kOperator, "upstream", "shows and changes the slots of all"},
    {"/props", "*", kOperator, "upstream", "shows and changes the settings of the server"},
    {"/lora-adapters", "*", kOperator, "upstream", "shows and changes the adapters of all"},
    {"/models/*", "*", kOperator, "upstream", "loads and unloads the models of all"},
    {"/v1/chat/completions/control", "*", kOperator, "upstream", "steers the answer of whoever"},
    {"/tools", "*", kOperator, "upstream", "runs commands on the server"},
    {"/tools/*", "*", kOperator, "upstream", "runs commands on the server"},
    {"/cors-proxy", "*", kOperator, "upstream", "fetches what the server can reach"},
    {"/cors-proxy/*", "*", kOperator, "upstream", "fetches what the server can reach"},

    {"/v1/stream", "*", kClosed, "", "shows or ends the answer of whoever used that id"},
    {"/v1/stream/*", "*", kClosed, "", "shows or ends the answer of whoever used that id"},
    {"/v1/streams", "*", kClosed, "", "shows the answers of whoever used those ids"},
    {"/v1/streams/*", "*", kClosed, "", "shows the answers of whoever used those ids"},
};

bool is_at(const Endpoint& endpoint, std::string_view path) noexcept {
  if (!endpoint.path.ends_with("/*")) return path == endpoint.path;
  const std::string_view above = endpoint.path.substr(0, endpoint.path.size() - 1);
  return path.starts_with(above);
}

bool takes(const Endpoint& endpoint, std::string_view method) noexcept {
  if (method == "HEAD") method = "GET";
  return endpoint.methods == "*" || endpoint.methods == method;
}

const Endpoint* find_endpoint(std::string_view method, std::string_view path) noexcept {
  const auto fits = [&](const Endpoint& e) { return is_at(e, path) && takes(e, method); };
  const auto* const found = std::ranges::find_if(kTable, fits);
  return found == std::end(kTable) ? nullptr : found;
}

bool is_answered_here(Handling handling) noexcept {
  return handling == kOpen || handling == kLocal || handling == kQuestion;
}

std::string_view path_of(std::string_view target) noexcept {
  return target.substr(0, target.find_first_of("?#"));
}

// What the most generous server would take the path for.
std::string plain_form(std::string path) {
  std::vector<std::string> segments;
  for (char& c : path) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if (c == '\\') c = '/';
  }
  for (std::size_t at = 0; at < path.size();) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    std::string segment = path.substr(at, end - at);
    segment.resize(std::min(segment.find(';'), segment.size()));
    std::erase_if(segment, [](unsigned char c) { return c <= ' ' || c == 0x7f; });
    at = end + 1;
    if (segment == "..") {
      if (!segments.empty()) segments.pop_back();
    } else if (!segment.empty() && segment != ".") {
      segments.push_back(std::move(segment));
    }
  }
  std::string plain;
  for (const std::string& segment : segments) plain += "/" + segment;
  return plain.empty() ? "/" : plain;
}

Error refusal(std::string_view path, std::string_view reason) {
  std::string detail(path);
  detail.append(" is not passed on").append(reason);
  return Error(Fault::kNotFound, Side::kDownstream, std::move(detail));
}

}  // namespace

std::span<const Endpoint> endpoint_table() noexcept { return kTable; }

Result<Treatment> treatment_of(std::string_view method, std::string_view target, bool keys) {
  const auto path = url::percent_decode(path_of(target));
  if (!path) {  // llama-server knows escapes of its own, and would read them
    return Error(Fault::kBadRequest, Side::kDownstream, "malformed percent encoding in the path");
  }
  Treatment treatment;
  const openai::Spoken spoken = openai::spoken_at(method, *path);
  treatment.dialect = &spoken.dialect;
  treatment.counts = spoken.counts;
  treatment.read_here = treatment.forwardable = true;
  if (treatment.dialect->surface() != openai::Surface::kPassThrough) return treatment;

  const Endpoint* const exact = find_endpoint(method, *path);
  const Endpoint* const alike = exact ? exact : find_endpoint(method, plain_form(*path));
  if (alike && alike->handling == kClosed) {
    return refusal(*path, ": it " + std::string(alike->reason));
  }
  if (keys && alike && alike->handling == kOperator) {
    return refusal(*path, " while API keys are asked for: it " + std::string(alike->reason));
  }
  if (keys && !exact) return refusal(*path, " while API keys are asked for: it is not known");
  treatment.read_here = exact && is_answered_here(exact->handling);
  if (treatment.read_here) treatment.by = exact->by;
  treatment.forwardable = !keys || !treatment.read_here;
  const bool sends = method == "POST" || method == "PUT" || method == "PATCH";
  treatment.changes = sends && alike && (alike->handling == kLocal || alike->handling == kOperator);
  return treatment;
}

bool is_open(std::string_view path) noexcept {
  return std::ranges::any_of(
      kTable, [&](const Endpoint& e) { return e.handling == kOpen && e.path == path; });
}

bool is_repeatable(std::string_view method, std::string_view target) noexcept {
  if (method == "GET" || method == "HEAD") return true;
  const Endpoint* const endpoint = find_endpoint(method, path_of(target));
  return endpoint != nullptr && endpoint->handling == kForward;
}

}  // namespace keep
