#include "app/doctor/doctor_checks.hpp"
#include "base/json/json.hpp"
#include "base/text/format.hpp"

#include <algorithm>

namespace keep::doctor {

namespace {

struct Words {
  std::string_view machine, human;
};

Words words_for(Status status) {
  switch (status) {
    case Status::kOk: return {"ok", "ok  "};
    case Status::kWarn: return {"warn", "warn"};
    case Status::kFail: return {"fail", "FAIL"};
    case Status::kSkip: return {"skipped", "skip"};
  }
  return {};
}

std::string count_of(const std::vector<Check>& checks, Status status, const std::string& what) {
  const auto count = std::count_if(checks.begin(), checks.end(),
                                   [&](const Check& c) { return c.status == status; });
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

}  // namespace

bool any_failed(const std::vector<Check>& checks) {
  return std::any_of(checks.begin(), checks.end(),
                     [](const Check& c) { return c.status == Status::kFail; });
}

std::string to_text(const std::vector<Check>& checks) {
  std::string out;
  std::string target;
  for (const Check& check : checks) {
    if (check.target != target) out.append(check.target).append("\n");
    target = check.target;
    out += fmt::format("  {}  {:<15} {}\n", words_for(check.status).human, check.id, check.message);
    if (check.status != Status::kOk && !check.fix.empty()) {
      out += fmt::format("{:24}-> {}\n", "", check.fix);
    }
  }
  return out + count_of(checks, Status::kFail, "problem") + ", " +
         count_of(checks, Status::kWarn, "warning") + "\n";
}

std::string to_json(const std::vector<Check>& checks) {
  json::Writer writer;
  writer.begin_object().key("checks").begin_array();
  for (const Check& check : checks) {
    writer.begin_object().member("target", check.target).member("id", check.id);
    writer.member("status", words_for(check.status).machine).member("message", check.message);
    writer.member("fix", check.fix).end_object();
  }
  return writer.end_array().member("ok", !any_failed(checks)).end_object().take() + "\n";
}

}  // namespace keep::doctor
