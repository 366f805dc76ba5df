#include "app/doctor/doctor_embeddings.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace keep::doctor {
namespace {

using ::testing::HasSubstr;

class Server final : public Engine {
 public:
  explicit Server(Result<Reply> reply) : reply_(std::move(reply)) {}
  Task<Reply> ask(std::string_view method, std::string_view target, std::string body) override {
    EXPECT_EQ(std::string(method) + " " + std::string(target), "POST /v1/embeddings");
    bodies.push_back(std::move(body));
    co_return reply_;
  }
  std::vector<std::string> bodies;

 private:
  Result<Reply> reply_;
};

Check examine(Server& server) {
  asio::io_context loop;
  std::optional<Check> check;
  asio::co_spawn(loop, check_embeddings(server, "http://x:1", "some model"),
                 [&](const std::exception_ptr&, Check value) { check = std::move(value); });
  loop.run();
  return *check;
}

Check examine(int status, const std::string& body) {
  Server server(Reply{status, body});
  return examine(server);
}

TEST(CheckEmbeddings, TellsHowManyDimensions) {
  Server server(Reply{200, R"({"data":[{"embedding":[1,2,3]}]})"});
  const Check check = examine(server);
  EXPECT_EQ(check.status, Status::kOk);
  EXPECT_EQ(check.target, "http://x:1");
  EXPECT_EQ(check.id, "embeddings");
  EXPECT_THAT(check.message, HasSubstr("3 dimensions"));
  ASSERT_EQ(server.bodies.size(), 2U);
  EXPECT_THAT(server.bodies[0], HasSubstr(R"("model":"some model")"));
}

TEST(CheckEmbeddings, EveryComplaintSaysWhatToDo) {
  EXPECT_THAT(examine(401, "{}").fix, HasSubstr("recall.embeddings_key_file"));
  EXPECT_THAT(examine(400, "{}").fix, HasSubstr("--pooling"));
  EXPECT_THAT(examine(200, "{}").message, HasSubstr("a vector is missing"));
  Server gone(Error(Fault::kRefused, Side::kUpstream, "nobody listens"));
  EXPECT_THAT(examine(gone).message, HasSubstr("nobody listens"));
  for (const Check& check : {examine(401, "{}"), examine(400, "{}"), examine(200, "{}")}) {
    EXPECT_EQ(check.status, Status::kWarn);
    EXPECT_FALSE(check.fix.empty());
    EXPECT_THAT(check.message, HasSubstr("words alone are searched"));
  }
}

}  // namespace
}  // namespace keep::doctor
