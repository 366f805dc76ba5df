#include "base/async/maybe_task.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <exception>
#include <string>

namespace keep {
namespace {

Task<std::string> slowly(std::string text) { co_return text; }

MaybeTask<std::string> say(const std::string& text, bool waits) {
  if (waits) return slowly(text);
  if (text.empty()) return Error(Fault::kNotFound, Side::kInternal, "nothing to say");
  return text;
}

TEST(MaybeTask, AResultIsThereAtOnce) {
  auto call = say("hello", false);
  EXPECT_FALSE(call.waits());
  EXPECT_EQ(*call.result(), "hello");
  auto failed = say("", false);
  EXPECT_FALSE(failed.waits());
  EXPECT_EQ(failed.result().error().fault, Fault::kNotFound);
}

TEST(MaybeTask, ACoroutineIsLeftToDo) {
  auto call = say("hello", true);
  ASSERT_TRUE(call.waits());
  asio::io_context loop;
  std::string said;
  asio::co_spawn(loop, call.task(), [&said](std::exception_ptr failure, Result<std::string> text) {
    if (!failure && text) said = *text;
  });
  loop.run();
  EXPECT_EQ(said, "hello");
}

}  // namespace
}  // namespace keep
