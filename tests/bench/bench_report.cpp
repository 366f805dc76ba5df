#include "tests/bench/bench_report.hpp"

#include <cstdio>

namespace keep::bench {

namespace {

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.6g", value);
  return text;
}

}  // namespace

bool BenchReport::Row::misses() const {
  if (figure.target == 0) return false;
  return figure.at_least ? figure.value < figure.target : figure.value > figure.target;
}

void BenchReport::add(const std::string& arm, const std::vector<Figure>& figures) {
  std::printf("{\"bench\":\"%s\",\"arm\":\"%s\"", name_.c_str(), arm.c_str());
  for (const Figure& figure : figures) {
    std::printf(",\"%s\":%s", figure.key.c_str(), number(figure.value).c_str());
    rows_.push_back({arm, figure});
  }
  std::printf("}\n");
  std::fflush(stdout);
}

int BenchReport::finish() const {
  std::printf("\n%-10s %-28s %12s   %s\n", "", "", "measured", "target");
  std::string misses;
  for (const Row& row : rows_) {
    const Figure& figure = row.figure;
    const std::string target =
        figure.target == 0 ? "" : (figure.at_least ? ">= " : "<= ") + number(figure.target);
    std::printf("%-10s %-28s %12s   %s\n", row.arm.c_str(), figure.key.c_str(),
                number(figure.value).c_str(), target.c_str());
    if (!row.misses()) continue;
    misses += misses.empty() ? "misses: " : ", ";
    misses += figure.key + "=" + number(figure.value) + " (target " + target + ")";
  }
  std::printf("\n%s\n", misses.empty() ? "ok" : misses.c_str());
  return misses.empty() ? 0 : 1;
}

}  // namespace keep::bench
