#include "app/api_keys.hpp"

#include "base/hash.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace keep {
namespace {

using ::testing::HasSubstr;

class ApiKeysFile : public ::testing::Test {
 protected:
  void TearDown() override { std::filesystem::remove(path_); }

  void write(const std::string& text, int mode = 0600) {
    std::ofstream(path_, std::ios::trunc) << text;
    std::filesystem::permissions(path_, static_cast<std::filesystem::perms>(mode));
  }
  std::string error() const {
    const auto keys = ApiKeys::load(path_);
    return keys ? "no error" : keys.error().detail;
  }

  const std::string path_ =
      ::testing::TempDir() + "keep_api_keys_test_" + std::to_string(::getpid());
};

Headers with(std::string_view name, std::string_view value) {
  Headers headers;
  headers.add(name, value);
  return headers;
}

TEST_F(ApiKeysFile, ReadsOneKeyPerLine) {
  write("# a comment\n\n  sk-one  \r\nsk-two\n");
  const auto keys = ApiKeys::load(path_);
  ASSERT_TRUE(keys) << keys.error().detail;
  EXPECT_EQ(keys->size(), 2u);
  EXPECT_EQ(keys->warning(), "");
  EXPECT_TRUE(keys->tenant_for(with("Authorization", "Bearer sk-one")));
}

TEST_F(ApiKeysFile, WarnsWhenOthersMayRead) {
  write("sk-one\n", 0640);
  EXPECT_THAT(ApiKeys::load(path_)->warning(), HasSubstr("chmod 600"));
}

TEST_F(ApiKeysFile, RefusesFilesThatCannotBeTrusted) {
  write("sk-one\n", 0602);
  EXPECT_THAT(error(), HasSubstr("everybody may write"));
  write("# nothing\n", 0600);
  EXPECT_THAT(error(), HasSubstr("holds no key"));
  write("two words\n", 0600);
  EXPECT_THAT(error(), HasSubstr("is no key"));
  EXPECT_FALSE(ApiKeys::load("/nowhere/at/all"));
  EXPECT_FALSE(ApiKeys::load(::testing::TempDir()));
}

TEST_F(ApiKeysFile, SecretIsASingleLine) {
  write("# key of the engine\nsk-up\n");
  EXPECT_EQ(*read_secret(path_), "sk-up");
  write("a\nb\n");
  EXPECT_FALSE(read_secret(path_));
  EXPECT_FALSE(read_secret("/nowhere/at/all"));
}

TEST(ApiKeys, TenantIsTheHashOfTheKey) {
  const ApiKeys keys({"sk-one", "sk-two"});
  const auto tenant = keys.tenant_for(with("authorization", "bearer  sk-two"));
  EXPECT_EQ(tenant, hash128_hex("sk-two").substr(0, 16));
  EXPECT_EQ(keys.tenant_for(with("X-Api-Key", "sk-two")), tenant);
  EXPECT_NE(keys.tenant_for(with("X-Api-Key", "sk-one")), tenant);
}

TEST(ApiKeys, RefusesWhatIsNotAKey) {
  const ApiKeys keys({"sk-one"});
  EXPECT_FALSE(keys.tenant_for({}));
  for (const char* value : {"Bearer sk-on", "Bearer sk-onee", "Bearer ", "Bearer", "Basic sk-one",
                            "sk-one", "", "Bearer sk-one x"}) {
    EXPECT_FALSE(keys.tenant_for(with("Authorization", value))) << value;
  }
  EXPECT_FALSE(keys.tenant_for(with("X-Tenant-ID", "somebody")));
  EXPECT_FALSE(keys.tenant_for(with("x-api-key", std::string(100000, 'a'))));
}

TEST(ApiKeys, EitherHeaderWillDo) {
  const ApiKeys keys({"sk-one"});
  Headers headers = with("Authorization", "Bearer unknown");
  headers.add("x-api-key", "sk-one");
  EXPECT_TRUE(keys.tenant_for(headers));
}

TEST(ApiKeys, OffMeansTheTenantHeader) {
  const ApiKeys off;
  EXPECT_EQ(off.tenant_for({}), "");
  EXPECT_EQ(off.tenant_for(with("X-Tenant-ID", "team-1.a")), "team-1.a");
  const auto odd = off.tenant_for(with("X-Tenant-ID", "a/b"));
  EXPECT_THAT(*odd, HasSubstr("hash-"));
  EXPECT_NE(odd, off.tenant_for(with("X-Tenant-ID", "ab")));
  EXPECT_LE(off.tenant_for(with("X-Tenant-ID", std::string(9999, 'a')))->size(), 64u);
}

}  // namespace
}  // namespace keep
