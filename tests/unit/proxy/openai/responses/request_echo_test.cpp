#include "openai/responses/request_echo.hpp"

#include "openai/responses/response_object.hpp"

#include <gtest/gtest.h>

#include <string>

namespace keep::openai::responses {
namespace {

json::Value setting(const RequestEcho& echo, std::string_view key) {
  for (std::size_t i = 0; i < kSettings.size(); ++i) {
    if (kSettings[i].key == key) return echo.settings[i];
  }
  return json::Value();
}

TEST(RequestEcho, HasTheSettingsAndTheTools) {
  const std::string body = R"({"input":"x","user":"u","user":"later","top_p":0.50,)"
                           R"("tools":[{"type":"function","name":"f"},{"type":"web_search"}]})";
  const RequestEcho echo = read_echo(json::Value(body));
  EXPECT_EQ(setting(echo, "user").raw(), "\"u\"");
  EXPECT_EQ(setting(echo, "top_p").raw(), "0.50");
  EXPECT_TRUE(setting(echo, "metadata").missing());
  EXPECT_TRUE(setting(echo, "tools").is_array());
  ASSERT_EQ(echo.tools.size(), 1U);
  EXPECT_EQ(echo.tools[0].flat, "f");
}

TEST(RequestEcho, LeavesOutWhatHasNoRoom) {
  const std::string large = '"' + std::string(RequestEcho::kMaxBytes - 10, 'x') + '"';
  const std::string body = R"({"instructions":)" + large +
                           R"(,"user":"long enough","top_p":1,)"
                           R"("tools":[{"type":"function","name":"f"}]})";
  const RequestEcho echo = read_echo(json::Value(body));
  EXPECT_EQ(setting(echo, "instructions").raw(), large);
  EXPECT_EQ(setting(echo, "top_p").raw(), "1");
  EXPECT_TRUE(setting(echo, "user").missing());
  EXPECT_TRUE(setting(echo, "tools").missing());
  EXPECT_EQ(echo.tools.size(), 1U);  // calls of it have to be understood
}

TEST(RequestEcho, IsWrittenWithoutCopiesOfWhatStandsBeforeIt) {
  const std::string body =
      R"({"instructions":")" + std::string(RequestEcho::kMaxBytes / 2, 'x') + "\"}";
  const RequestEcho echo = read_echo(json::Value(body));
  EXPECT_GT(echo.bytes(), RequestEcho::kMaxBytes / 2);
  json::Writer out;
  write_response(ResponseState(), echo, out);
  EXPECT_LT(out.str().capacity(), out.str().size() + 8192);
}

}  // namespace
}  // namespace keep::openai::responses
