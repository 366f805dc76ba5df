#include "base/metrics.hpp"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <sstream>

namespace keep {

namespace {
std::string full_name(const std::string& name) { return "llama_keep_" + name; }
}  // namespace

void Counter::add(double amount) noexcept { impl_->Increment(amount); }
double Counter::value() const noexcept { return impl_->Value(); }
void Gauge::set(double value) noexcept { impl_->Set(value); }
void Gauge::add(double amount) noexcept { impl_->Increment(amount); }
void Histogram::observe(double value) noexcept { impl_->Observe(value); }

Metrics::Metrics() : registry_(std::make_shared<prometheus::Registry>()) {}
Metrics::~Metrics() = default;

Counter Metrics::counter(const std::string& name, const std::string& help, const Labels& labels) {
  auto& family = prometheus::BuildCounter().Name(full_name(name)).Help(help).Register(*registry_);
  return Counter(family.Add(labels));
}

Gauge Metrics::gauge(const std::string& name, const std::string& help, const Labels& labels) {
  auto& family = prometheus::BuildGauge().Name(full_name(name)).Help(help).Register(*registry_);
  return Gauge(family.Add(labels));
}

Histogram Metrics::histogram(const std::string& name, const std::string& help,
                             const std::vector<double>& buckets, const Labels& labels) {
  auto& family = prometheus::BuildHistogram().Name(full_name(name)).Help(help).Register(*registry_);
  return Histogram(family.Add(labels, buckets));
}

std::string Metrics::text() const {
  std::ostringstream out;
  prometheus::TextSerializer().Serialize(out, registry_->Collect());
  return out.str();
}

const std::vector<double>& ttft_buckets() {
  static const std::vector<double> bounds{.001, .005, .01, .02, .04, .06,  .08, .1,
                                          .25,  .5,   .75, 1,   2.5, 5,    7.5, 10,
                                          30,   60,   120, 300, 600, 1800, 3600};
  return bounds;
}

const std::vector<double>& inter_token_buckets() {
  static const std::vector<double> bounds{.001, .0025, .005, .01, .025, .05, .075, .1,
                                          .15,  .2,    .3,   .4,  .5,   .75, 1,    2.5};
  return bounds;
}

const std::vector<double>& overhead_buckets() {
  static const std::vector<double> bounds{.00001, .000025, .00005, .0001, .00025, .0005, .001,
                                          .0025,  .005,    .01,    .025,  .05,    .1,    .25};
  return bounds;
}

const std::vector<double>& duration_buckets() {
  static const std::vector<double> bounds{.01,  .02,  .04,   .08,   .16,   .32,   .64, 1.28,
                                          2.56, 5.12, 10.24, 20.48, 40.96, 81.92, 300, 1200};
  return bounds;
}

}  // namespace keep
