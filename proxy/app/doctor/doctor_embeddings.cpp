#include "app/doctor/doctor_embeddings.hpp"

#include "base/time/clock.hpp"
#include "upstream/upstream_embeddings.hpp"

#include <chrono>
#include <utility>

namespace keep::doctor {

namespace {

struct Tried {
  Result<Embedded> embedded = Error();
  int status = 0;
  Duration time{0};
};

asio::awaitable<Tried> try_once(Engine& engine, const std::string& model) {
  Tried tried;
  const std::vector<std::string> texts{"What is the code of the vault?"};
  const Instant begun = SteadyClock().now();
  const auto reply = co_await engine.ask("POST", "/v1/embeddings", embeddings_body(texts, model));
  tried.time = SteadyClock().now() - begun;
  if (!reply) {
    tried.embedded = reply.error();
    co_return tried;
  }
  tried.status = reply->status;
  if (reply->status == 200) tried.embedded = read_embeddings(reply->body, texts.size());
  co_return tried;
}

Check judge(const Tried& tried, std::string url) {
  Check check{std::move(url), "embeddings", Status::kWarn, "", ""};
  const auto complain = [&](std::string message, std::string fix) {
    check.message = std::move(message) + "; words alone are searched";
    check.fix = std::move(fix);
    return check;
  };
  if (tried.status == 401 || tried.status == 403) {
    return complain("it wants an API key",
                    "write its key into a file and name that as recall.embeddings_key_file");
  }
  if (tried.status != 0 && tried.status != 200) {
    return complain("no vectors: status " + std::to_string(tried.status),
                    "start llama-server with --embeddings, an embedding model and, where the model "
                    "names none, --pooling mean");
  }
  if (!tried.embedded) {
    return complain("no vectors: " + tried.embedded.error().detail,
                    "start the server, or correct recall.embeddings_url");
  }
  const auto time = std::chrono::duration_cast<std::chrono::milliseconds>(tried.time);
  const std::string found = "vectors of " + std::to_string(tried.embedded->vectors[0].size()) +
                            " dimensions in " + std::to_string(time.count()) + " ms";
  if (tried.time > UpstreamEmbeddings::kQuestionLimit) {
    return complain(found + ", too late for a question (" +
                        std::to_string(UpstreamEmbeddings::kQuestionLimit.count()) + " ms)",
                    "use a smaller model or a faster machine");
  }
  check.status = Status::kOk;
  check.message = found;
  return check;
}

}  // namespace

asio::awaitable<Check> check_embeddings(Engine& engine, std::string url, std::string model) {
  Tried tried = co_await try_once(engine, model);
  if (tried.embedded) tried = co_await try_once(engine, model);
  co_return judge(tried, std::move(url));
}

}  // namespace keep::doctor
