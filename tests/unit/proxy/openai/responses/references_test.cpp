#include "openai/responses/references.hpp"

#include <gtest/gtest.h>

namespace keep::openai::responses {
namespace {

std::string resolved(std::string body) {
  resolve_references(body, [](std::string_view id) -> std::string_view {
    return id == "msg_1" ? R"({"role":"assistant","content":"a"})" : "";
  });
  return body;
}

TEST(References, StandForWhatWasGivenOut) {
  EXPECT_EQ(
      resolved(
          R"({"input":[ {"role":"user"}, {"type":"item_reference","id":"msg_1"} ,{"id":"msg_1",)"
          R"("type":"item_reference"}],"x":1.0})"),
      R"({"input":[ {"role":"user"}, {"role":"assistant","content":"a"} ,)"
      R"({"role":"assistant","content":"a"}],"x":1.0})");
}

TEST(References, UnknownOnesAndOtherTextsStay) {
  for (const char* body :
       {R"({"input":[{"type":"item_reference","id":"msg_2"}]})",
        R"({"input":"\"item_reference\""})", R"({"input":[{"type":"item_reference","id":"msg_1"])",
        R"({"input":[{"role":"user"}]})"}) {
    EXPECT_EQ(resolved(body), body);
  }
}

}  // namespace
}  // namespace keep::openai::responses
