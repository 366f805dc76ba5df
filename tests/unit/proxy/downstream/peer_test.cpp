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

TEST(Peer, RepliesOfOurOwnDoNotMakeItNewer) {
  using State = Peer::State;
  boost::asio::io_context loop;
  Peer peer(boost::asio::ip::tcp::socket{loop});
  peer.enter(State::kServed);
  peer.answer_here();
  EXPECT_EQ(peer.state, State::kReading);
  const Instant answered = peer.since;
  peer.enter(State::kIdle);
  peer.enter(State::kReading);
  peer.answer_here();
  peer.enter(State::kIdle);
  EXPECT_EQ(peer.since, answered);
  peer.enter(State::kServed);
  EXPECT_GT(peer.since, answered);
}

}  // namespace
}  // namespace keep
