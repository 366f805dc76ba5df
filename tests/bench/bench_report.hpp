// BenchReport: figures of a benchmark written in C++, in the form that all benchmarks share: JSON
// lines as they come, then a table with the targets beside, then `ok` or `misses: ...`.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace keep::bench {

class BenchReport {
 public:
  explicit BenchReport(std::string name) : name_(std::move(name)) {}

  struct Figure {
    std::string key;  // with its unit
    double value = 0;
    double target = 0;  // at most that much; 0: none
    bool at_least = false;
  };
  // One line, at once.
  void add(const std::string& arm, const std::vector<Figure>& figures);
  // The rest; the exit status.
  int finish() const;

 private:
  struct Row {
    std::string arm;
    Figure figure;
    bool misses() const;
  };
  std::string name_;
  std::vector<Row> rows_;
};

}  // namespace keep::bench
