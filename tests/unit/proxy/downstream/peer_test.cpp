#include "downstream/peer.hpp"

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

namespace keep {
namespace {

TEST(Peer, GivesBackTheRoomThatIsEmpty) {
  boost::asio::io_context loop;
  Peer peer(boost::asio::ip::tcp::socket{loop});
  peer.input.prepare(1 << 20);
  peer.input.commit(3);
  peer.shrink();
  EXPECT_EQ(peer.input.size(), 3U);  // the beginning of the next request
  peer.input.consume(3);
  peer.shrink();
  EXPECT_LT(peer.input.capacity(), 2 * kReadBytes);
  EXPECT_EQ(peer.input.size(), 0U);
}

}  // namespace
}  // namespace keep
