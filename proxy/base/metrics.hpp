// Metrics: counters, gauges and histograms in the Prometheus text format. The only door to
// prometheus-cpp.
//
// Handles are found once at start and kept: add() and observe() on them are cheap, any thread.
// Names get the prefix `llama_keep_`. Label values are bounded by the caller: never an id.
#pragma once

#include <initializer_list>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace prometheus {
class Counter;
class Gauge;
class Histogram;
class Registry;
}  // namespace prometheus

namespace keep {

using Labels = std::map<std::string, std::string>;

class Counter {
 public:
  explicit Counter(prometheus::Counter& impl) : impl_(&impl) {}
  void add(double amount = 1) noexcept;
  double value() const noexcept;

 private:
  prometheus::Counter* impl_;
};

class Gauge {
 public:
  explicit Gauge(prometheus::Gauge& impl) : impl_(&impl) {}
  void set(double value) noexcept;
  void add(double amount) noexcept;

 private:
  prometheus::Gauge* impl_;
};

class Histogram {
 public:
  explicit Histogram(prometheus::Histogram& impl) : impl_(&impl) {}
  void observe(double value) noexcept;

 private:
  prometheus::Histogram* impl_;
};

class Metrics {
 public:
  Metrics();
  ~Metrics();

  // The same name and labels give the same series. Throws on a malformed name (start-up only).
  Counter counter(const std::string& name, const std::string& help, const Labels& labels = {});
  Gauge gauge(const std::string& name, const std::string& help, const Labels& labels = {});
  Histogram histogram(const std::string& name, const std::string& help,
                      const std::vector<double>& buckets, const Labels& labels = {});

  std::string text() const;  // text/plain; version=0.0.4

 private:
  std::shared_ptr<prometheus::Registry> registry_;
};

// Bucket bounds in seconds (OpenTelemetry GenAI's, extended upwards for long prefills).
const std::vector<double>& ttft_buckets();
const std::vector<double>& inter_token_buckets();
const std::vector<double>& overhead_buckets();
const std::vector<double>& duration_buckets();

}  // namespace keep
