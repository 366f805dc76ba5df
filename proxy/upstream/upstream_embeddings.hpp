// UpstreamEmbeddings: vectors by the OpenAI API (POST /v1/embeddings) of one server.
//
// Questions get kQuestionLimit, passages kPassageLimit. After a failure the server is left alone,
// one second first and twice as long each time up to a minute, for questions and passages apart: a
// server that is slow for questions may still be good for passages. Texts that it finds too long
// are sent again in halves of the batch, then cut. Loop thread only; replies are read in pools.cpu.
#pragma once

#include "base/async/pools.hpp"
#include "base/metrics.hpp"
#include "base/time/clock.hpp"
#include "exchange/interfaces/embeddings.hpp"
#include "upstream/connection_pool.hpp"

#include <array>
#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace keep {

struct EmbeddingsAccess {
  std::string model;          // empty: the server has only one
  std::string authorization;  // value of the header, or empty
};

class UpstreamEmbeddings final : public Embeddings {
 public:
  static constexpr std::chrono::milliseconds kQuestionLimit{150}, kPassageLimit{30000};
  static constexpr std::chrono::seconds kShortestRest{1}, kLongestRest{60};

  UpstreamEmbeddings(asio::io_context& loop, UpstreamAddress address, EmbeddingsAccess access,
                     Pools& pools, const Clock& clock, Metrics& metrics);

  Task<Embedded> embed(Kind kind, std::vector<std::string> texts) override;
  bool available(Kind kind) const noexcept override;

 private:
  struct Lane {
    Lane(Metrics& metrics, const char* kind, Duration time);
    Duration limit;
    Duration rest{0};  // after the last failure; 0: all is well
    Instant rests_until{};
    Histogram seconds;
    Counter failures;
  };

  Lane& lane_of(Kind kind) noexcept { return lanes_[kind == Kind::kQuestion ? 0 : 1]; }
  const Lane& lane_of(Kind kind) const noexcept { return lanes_[kind == Kind::kQuestion ? 0 : 1]; }
  Task<Embedded> ask_in_parts(std::vector<std::string> texts, Duration limit);
  Task<Embedded> ask(const std::vector<std::string>& texts, Duration limit);
  void note(Lane& lane, bool good);

  ConnectionPool pool_;
  EmbeddingsAccess access_;
  Pools& pools_;
  const Clock& clock_;
  std::array<Lane, 2> lanes_;
};

// The body of a request. `model` may be empty. Any thread.
std::string embeddings_body(const std::vector<std::string>& texts, const std::string& model);
// The reply to a request with `count` texts; an Error unless it has a vector for each. Any thread.
Result<Embedded> read_embeddings(const std::string& body, std::size_t count);

}  // namespace keep
