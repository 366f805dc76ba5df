#include "openai/responses_assembler.hpp"

#include "tests/unit/proxy/openai/replay.hpp"

namespace keep::openai {
namespace {

EncoderOptions responses() {
  EncoderOptions options;
  options.surface = Surface::kResponses;
  return options;
}

class ResponsesGolden : public testing::TestWithParam<const char*> {};

TEST_P(ResponsesGolden, IsTheReplyOfTheServer) {
  const std::string name = GetParam();
  const Replayed replayed = replay(golden(name + ".sse"), responses());
  ASSERT_TRUE(replayed.finished) << replayed.finished.error().detail;
  const std::vector<std::string> masked = {"id", "call_id", "created_at", "completed_at"};
  EXPECT_EQ(canonical(replayed.text(), masked), canonical(golden(name + ".json"), masked));
}

INSTANTIATE_TEST_SUITE_P(Recorded, ResponsesGolden,
                         testing::Values("responses_plain", "responses_reasoning",
                                         "responses_tool"),
                         [](const auto& test) { return std::string(test.param); });

TEST(ResponsesAssembler, AnErrorEventIsTheError) {
  const Replayed replayed = replay(golden("responses_error.sse"), responses());
  ASSERT_FALSE(replayed.finished);
  EXPECT_EQ(replayed.finished.error().detail, "Context size has been exceeded.");
}

TEST(ResponsesAssembler, AFailedResponseIsAnError) {
  const Replayed replayed = replay(
      events({R"({"type":"response.failed","response":{"error":{"code":400,"message":"no"}}})"}),
      responses());
  ASSERT_FALSE(replayed.finished);
  EXPECT_EQ(replayed.finished.error().fault, Fault::kBadRequest);
  EXPECT_EQ(replayed.finished.error().detail, "no");
}

TEST(ResponsesAssembler, ACutStreamIsAnError) {
  const std::string stream = golden("responses_plain.sse");
  EXPECT_FALSE(
      replay(stream.substr(0, stream.find("event: response.completed")), responses()).finished);
}

}  // namespace
}  // namespace keep::openai
