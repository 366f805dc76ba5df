#include "openai/responses/references.hpp"

#include <gtest/gtest.h>

namespace keep::openai::responses {
namespace {

std::string_view find(std::string_view id) {
  return id == "msg_1" ? R"({"role":"assistant","content":"a"})" : "";
}

std::string resolved(std::string body) {
  const auto done = resolve_references(body, find, std::size_t{1} << 20);
  return done ? body : done.error().detail;
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

TEST(References, StandForNoMoreThanABodyMayHold) {
  std::string body = R"({"input":[)";
  for (int i = 0; i < 100; ++i) body += R"({"type":"item_reference","id":"msg_1"},)";
  body.back() = ']';
  body += '}';
  const std::size_t whole = body.size() + 100 * find("msg_1").size();
  std::string same = body;
  const auto refused = resolve_references(same, find, whole - 1);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault, Fault::kTooLarge);
  EXPECT_EQ(same, body);
  EXPECT_TRUE(resolve_references(same, find, whole));
}

}  // namespace
}  // namespace keep::openai::responses
