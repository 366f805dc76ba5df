#include "openai/answer/completion_assembler.hpp"

#include "openai/dialects/dialects.hpp"
#include "tests/unit/proxy/openai/replay.hpp"

namespace keep::openai {
namespace {

EncoderOptions completion() {
  EncoderOptions options;
  options.dialect = &dialects::completion();
  return options;
}

const std::vector<std::string> kMasked = {"id", "created", "prompt_ms", "prompt_per_token_ms",
                                          "prompt_per_second", "predicted_ms",
                                          "predicted_per_token_ms", "predicted_per_second",
                                          // generation_settings.stream says how upstream was asked.
                                          "stream"};

class CompletionGolden : public testing::TestWithParam<const char*> {};

TEST_P(CompletionGolden, IsTheReplyOfTheServer) {
  const std::string name = GetParam();
  EncoderOptions options = completion();
  options.return_tokens = name == "native_tokens";
  const Replayed replayed = replay(golden(name + ".sse"), options);
  ASSERT_TRUE(replayed.finished) << replayed.finished.error().detail;
  EXPECT_EQ(canonical(replayed.text(), kMasked), canonical(golden(name + ".json"), kMasked));
}

INSTANTIATE_TEST_SUITE_P(Recorded, CompletionGolden,
                         testing::Values("completion_plain", "completion_two_choices",
                                         "completion_logprobs", "completion_prompts",
                                         "native_plain", "native_tokens", "native_prompts"),
                         [](const auto& test) { return std::string(test.param); });

TEST(CompletionAssembler, AnErrorEventIsTheError) {
  const Replayed replayed = replay(golden("completion_error.sse"), completion());
  ASSERT_FALSE(replayed.finished);
  EXPECT_EQ(replayed.finished.error().detail, "Context size has been exceeded.");
}

TEST(CompletionAssembler, ACutStreamIsAnError) {
  for (const char* const name : {"completion_plain.sse", "native_plain.sse"}) {
    const std::string stream = golden(name);
    const std::string cut = stream.substr(0, stream.find("\n\n", stream.size() / 4) + 2);
    EXPECT_FALSE(replay(cut, completion()).finished) << name;
  }
  EXPECT_FALSE(replay("", completion()).finished);
}

}  // namespace
}  // namespace keep::openai
