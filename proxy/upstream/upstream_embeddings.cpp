#include "upstream/upstream_embeddings.hpp"

#include "base/json/json.hpp"
#include "base/text/utf8.hpp"
#include "upstream/fetch.hpp"

#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <memory>
#include <utility>

namespace keep {

namespace {

constexpr std::size_t kMaxDimensions = 8192;
constexpr std::size_t kMaxModelBytes = 1024;
// A text that is too long even so is refused for another reason.
constexpr std::size_t kShortText = 64;

Error odd_reply(const std::string& what) {
  return Error(Fault::kProtocol, Side::kUpstream, "/v1/embeddings: " + what);
}

// llama-server says 500, others 400 or 413.
bool says_too_long(const FetchResponse& response) {
  if (response.status == 413) return true;
  const auto says = [&](std::string_view words) {
    return response.body.find(words) != std::string::npos;
  };
  return (response.status == 400 || response.status == 500) &&
         (says("too large") || says("too long") || says("context length"));
}

void cut_to_half(std::string& text) { text.resize(utf8::boundary_before(text, text.size() / 2)); }

Result<std::vector<float>> read_vector(const json::Value& list) {
  std::vector<float> vector;
  double square = 0;
  for (const json::Value element : list.elements()) {
    const double number = element.number().value_or(NAN);
    square += number * number;
    vector.push_back(static_cast<float>(number));
    if (vector.size() > kMaxDimensions) return odd_reply("a vector is too long");
  }
  if (vector.empty()) return odd_reply("a vector is missing");
  if (!std::isfinite(static_cast<float>(square)) || square == 0) {
    return odd_reply("a vector has no direction");
  }
  return vector;
}

void append(Embedded& to, Embedded from) {
  to.model = std::move(from.model);
  std::ranges::move(from.vectors, std::back_inserter(to.vectors));
}

}  // namespace

std::string embeddings_body(const std::vector<std::string>& texts, const std::string& model) {
  json::Writer body;
  body.begin_object();
  if (!model.empty()) body.member("model", model);
  body.key("input").begin_array();
  for (const std::string& text : texts) body.string(text);
  body.end_array().member("encoding_format", "float").end_object();
  return body.take();
}

Result<Embedded> read_embeddings(const std::string& body, std::size_t count) {
  const auto root = json::validate(body);
  if (!root) return odd_reply("no JSON");
  Embedded embedded;
  embedded.model = root->find("model").string().value_or("").substr(0, kMaxModelBytes);
  embedded.vectors.resize(count);
  std::size_t length = 0;
  std::size_t next = 0;
  for (const json::Value entry : root->find("data").elements()) {
    const auto index = entry.find("index").integer().value_or(static_cast<std::int64_t>(next++));
    if (index < 0 || static_cast<std::size_t>(index) >= count) return odd_reply("an odd index");
    auto vector = read_vector(entry.find("embedding"));
    if (!vector) return vector.error();
    if (length != 0 && vector->size() != length) return odd_reply("vectors of several lengths");
    length = vector->size();
    embedded.vectors[static_cast<std::size_t>(index)] = *std::move(vector);
  }
  for (const auto& vector : embedded.vectors) {
    if (vector.empty()) return odd_reply("a vector is missing");
  }
  return embedded;
}

UpstreamEmbeddings::Lane::Lane(Metrics& metrics, const char* kind, Duration time)
    : limit(time),
      seconds(metrics.histogram("embeddings_seconds", "Time of requests to the embeddings server",
                                duration_buckets(), {{"kind", kind}})),
      failures(metrics.counter("embeddings_failures_total",
                               "Requests to the embeddings server that failed or came too late",
                               {{"kind", kind}})) {}

UpstreamEmbeddings::UpstreamEmbeddings(asio::io_context& loop, UpstreamAddress address,
                                       EmbeddingsAccess access, Pools& pools, const Clock& clock,
                                       Metrics& metrics)
    : pool_(loop, clock, std::move(address)),
      access_(std::move(access)),
      pools_(pools),
      clock_(clock),
      lanes_{Lane(metrics, "question", kQuestionLimit), Lane(metrics, "passage", kPassageLimit)} {}

bool UpstreamEmbeddings::available(Kind kind) const noexcept {
  const Lane& lane = lane_of(kind);
  return lane.rest == Duration(0) || clock_.now() >= lane.rests_until;
}

Task<Embedded> UpstreamEmbeddings::embed(Kind kind, std::vector<std::string> texts) {
  if (!available(kind)) {
    co_return Error(Fault::kOverload, Side::kUpstream, "the embeddings server is left alone");
  }
  Lane& lane = lane_of(kind);
  const Instant begun = clock_.now();
  auto embedded = co_await ask_in_parts(std::move(texts), lane.limit);
  const auto state = co_await asio::this_coro::cancellation_state;
  if (state.cancelled() != asio::cancellation_type::none) co_return std::move(embedded);
  lane.seconds.observe(seconds(clock_.now() - begun));
  note(lane, embedded.has_value());
  co_return std::move(embedded);
}

void UpstreamEmbeddings::note(Lane& lane, bool good) {
  if (good) {
    lane.rest = Duration(0);
    return;
  }
  lane.failures.add();
  lane.rest = std::clamp<Duration>(2 * lane.rest, kShortestRest, kLongestRest);
  lane.rests_until = clock_.now() + lane.rest;
}

// Batches that are refused as too long are cut in two, single texts shortened.
Task<Embedded> UpstreamEmbeddings::ask_in_parts(std::vector<std::string> texts, Duration limit) {
  Embedded all;
  std::vector<std::vector<std::string>> waiting;
  waiting.push_back(std::move(texts));
  while (!waiting.empty()) {
    std::vector<std::string> part = std::move(waiting.back());
    waiting.pop_back();
    auto answer = co_await ask(part, limit);
    if (answer) {
      append(all, *std::move(answer));
    } else if (answer.error().fault != Fault::kTooLong) {
      co_return answer.error();
    } else if (part.size() > 1) {
      const auto middle = part.begin() + static_cast<std::ptrdiff_t>(part.size() / 2);
      std::vector<std::string> rest(std::make_move_iterator(middle),
                                    std::make_move_iterator(part.end()));
      part.erase(middle, part.end());
      waiting.push_back(std::move(rest));
      waiting.push_back(std::move(part));
    } else if (part.front().size() > kShortText) {
      cut_to_half(part.front());
      waiting.push_back(std::move(part));
    } else {
      all.vectors.emplace_back();
    }
  }
  co_return all;
}

Task<Embedded> UpstreamEmbeddings::ask(const std::vector<std::string>& texts, Duration limit) {
  FetchRequest request("POST", "/v1/embeddings", embeddings_body(texts, access_.model));
  request.limit = limit;
  request.headers.add("Content-Type", "application/json");
  if (!access_.authorization.empty()) request.headers.add("Authorization", access_.authorization);
  auto response = co_await fetch(pool_, std::move(request));
  if (!response) co_return response.error();
  if (says_too_long(*response)) {
    co_return Error(Fault::kTooLong, Side::kUpstream, "/v1/embeddings: a text is too long");
  }
  if (response->status != 200) co_return odd_reply("status " + std::to_string(response->status));
  auto read = [body = std::move(response->body), count = texts.size()] {
    return read_embeddings(body, count);
  };
  co_return co_await run_on(pools_.cpu, std::move(read));
}

}  // namespace keep
