#include "app/process/sd_notify.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <string>

namespace keep {
namespace {

// The receiving end, as systemd has it. '@' in front: abstract.
class Receiver {
 public:
  explicit Receiver(const std::string& name) : name_(name) {
    socket_ = ::socket(AF_UNIX, SOCK_DGRAM, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, name.data(), name.size());
    if (name[0] == '@') address.sun_path[0] = '\0';
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    bound_ = ::bind(socket_, reinterpret_cast<sockaddr*>(&address), size) == 0;
    ::setenv("NOTIFY_SOCKET", name.c_str(), 1);
  }
  ~Receiver() {
    ::unsetenv("NOTIFY_SOCKET");
    ::close(socket_);
    if (name_[0] != '@') ::unlink(name_.c_str());
  }
  std::string receive() {
    std::array<char, 256> buffer{};
    const auto count = ::recv(socket_, buffer.data(), buffer.size(), MSG_DONTWAIT);
    return count < 0 ? "nothing" : std::string(buffer.data(), static_cast<std::size_t>(count));
  }
  bool bound() const { return bound_; }

 private:
  std::string name_;
  int socket_ = -1;
  bool bound_ = false;
};

TEST(SdNotify, SendsOneDatagram) {
  Receiver receiver(::testing::TempDir() + "keep_sd_notify_" + std::to_string(::getpid()));
  ASSERT_TRUE(receiver.bound());
  sd_notify("READY=1");
  EXPECT_EQ(receiver.receive(), "READY=1");
  EXPECT_EQ(receiver.receive(), "nothing");
}

TEST(SdNotify, KnowsAbstractSockets) {
  Receiver receiver("@keep_sd_notify_" + std::to_string(::getpid()));
  ASSERT_TRUE(receiver.bound());
  sd_notify("WATCHDOG=1");
  EXPECT_EQ(receiver.receive(), "WATCHDOG=1");
}

TEST(SdNotify, DoesNothingWithoutASocket) {
  ::unsetenv("NOTIFY_SOCKET");
  sd_notify("READY=1");
  for (const std::string& path : {std::string("/nowhere/at/all"), std::string("relative"),
                                  std::string("/") + std::string(500, 'x'), std::string()}) {
    ::setenv("NOTIFY_SOCKET", path.c_str(), 1);
    sd_notify("READY=1");
  }
  ::unsetenv("NOTIFY_SOCKET");
}

}  // namespace
}  // namespace keep
