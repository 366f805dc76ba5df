#include "downstream/guard.hpp"

#include "base/async/pools.hpp"
#include "base/async/write_all.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <functional>
#include <stdexcept>
#include <string>
#include <utility>

namespace keep {
namespace {

using asio::ip::tcp;
using namespace std::chrono_literals;
constexpr auto kToken = asio::as_tuple(asio::use_awaitable);

// A connection of which the test plays the client, and the work done for it.
class GuardTest : public testing::Test {
 protected:
  using Work = std::function<asio::awaitable<void>(Peer&, Guard&)>;

  GuardTest() {
    tcp::acceptor acceptor(loop_, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    client_.connect(acceptor.local_endpoint());
    server_ = acceptor.accept();
    server_.non_blocking(true);
  }

  void run(const Work& work) {
    spawner_.spawn_with_signal("test", [&](asio::cancellation_signal& stop) {
      return serve(std::move(server_), stop, work);
    });
    loop_.run_for(10s);
    EXPECT_EQ(spawner_.running(), 0U);
  }

  // Waits until somebody ends it.
  static asio::awaitable<void> wait_for_ever(bool& cut) {
    const auto executor = co_await asio::this_coro::executor;
    asio::steady_timer timer(executor, Instant::max());
    const auto [ec] = co_await timer.async_wait(kToken);
    cut = ec == asio::error::operation_aborted;
  }
  static asio::awaitable<void> fail() {
    throw std::runtime_error("broken");
    co_return;
  }

  asio::io_context loop_;
  Spawner spawner_{loop_};
  tcp::socket client_{loop_};
  tcp::socket server_{loop_};

 private:
  static asio::awaitable<void> serve(tcp::socket socket, asio::cancellation_signal& stop,
                                     const Work& work) {
    co_await asio::this_coro::throw_if_cancelled(false);
    Peer peer(std::move(socket));
    Guard guard(peer, stop);
    co_await work(peer, guard);
  }
};

TEST_F(GuardTest, DeadlineCutsTheWaitAndTheNextWorkRuns) {
  run([](Peer&, Guard& guard) -> asio::awaitable<void> {
    for (int i = 0; i < 3; ++i) {
      bool cut = false;
      const auto limited = [](Guard& g, bool& c) -> asio::awaitable<void> {
        g.deadline().set(1ms, "test");
        co_await wait_for_ever(c);
      };
      auto work = limited(guard, cut);
      const bool whole = co_await guard.run(std::move(work));
      EXPECT_FALSE(whole);
      EXPECT_TRUE(cut);
      EXPECT_TRUE(guard.deadline().passed());
    }
    auto rest = elapse(1ms);
    const bool whole = co_await guard.run(std::move(rest));
    EXPECT_TRUE(whole);
    EXPECT_FALSE(guard.deadline().passed());
  });
}

TEST_F(GuardTest, ClientThatLeavesCutsOnlyWatchedWork) {
  run([this](Peer&, Guard& guard) -> asio::awaitable<void> {
    client_.close();
    auto unwatched = elapse(5ms);
    const bool whole = co_await guard.run(std::move(unwatched));
    EXPECT_TRUE(whole);
    bool cut = false;
    auto watched = wait_for_ever(cut);
    const bool ended = co_await guard.run_watched(std::move(watched));
    EXPECT_FALSE(ended);
    EXPECT_TRUE(cut);
    EXPECT_TRUE(guard.client_gone());
  });
}

TEST_F(GuardTest, StrayBytesAreKeptAndTheClientIsStillWatched) {
  run([this](Peer& peer, Guard& guard) -> asio::awaitable<void> {
    const std::string bytes = "GET /next";
    for (int i = 0; i < 2; ++i) {  // the wait stays pending from one work to the next
      auto work = elapse(1ms);
      const bool whole = co_await guard.run_watched(std::move(work));
      EXPECT_TRUE(whole);
    }
    asio::write(client_, asio::buffer(bytes));
    auto work = elapse(5ms);
    const bool whole = co_await guard.run_watched(std::move(work));
    EXPECT_TRUE(whole);
    EXPECT_EQ(peer.input.size(), bytes.size());
    client_.shutdown(tcp::socket::shutdown_send);
    bool cut = false;
    auto more = wait_for_ever(cut);
    co_await guard.run_watched(std::move(more));
    EXPECT_TRUE(guard.client_gone());
  });
}

// Its end could not be seen behind them.
TEST_F(GuardTest, AClientThatSendsMoreAndMoreIsTakenForGone) {
  run([this](Peer&, Guard& guard) -> asio::awaitable<void> {
    client_.non_blocking(true);
    const std::string bytes(Guard::kMaxStray + 1, 'x');
    boost::system::error_code ec;
    for (std::size_t sent = 0; sent < bytes.size() && !guard.client_gone();) {
      sent += client_.write_some(asio::buffer(bytes.data() + sent, bytes.size() - sent), ec);
      auto work = elapse(1ms);
      co_await guard.run_watched(std::move(work));
    }
    bool cut = false;
    auto more = wait_for_ever(cut);
    co_await guard.run_watched(std::move(more));
    EXPECT_TRUE(guard.client_gone());
  });
}

TEST_F(GuardTest, StopCutsTheWaitToo) {
  run([this](Peer&, Guard& guard) -> asio::awaitable<void> {
    bool cut = false;
    asio::post(loop_, [this] { spawner_.cancel_all(); });
    auto work = wait_for_ever(cut);
    const bool whole = co_await guard.run(std::move(work));
    EXPECT_FALSE(whole);
    EXPECT_TRUE(cut);
    EXPECT_FALSE(guard.deadline().passed());
    EXPECT_FALSE(guard.client_gone());
  });
}

// The signal comes while the work is between two waits: the next one must not be waited out.
TEST_F(GuardTest, CutBetweenTwoWaitsIsNotLost) {
  run([this](Peer&, Guard& guard) -> asio::awaitable<void> {
    bool cut = false;
    const auto busy = [this](bool& c) -> asio::awaitable<void> {
      spawner_.cancel_all();
      co_await wait_for_ever(c);
    };
    auto work = busy(cut);
    const bool whole = co_await guard.run(std::move(work));
    EXPECT_FALSE(whole);
    EXPECT_FALSE(cut) << "an exception, as there was no operation to end";
  });
}

TEST_F(GuardTest, PassesOnWhatTheWorkThrowsAndStopsWatching) {
  bool caught = false;
  run([&](Peer& peer, Guard& guard) -> asio::awaitable<void> {
    try {
      auto work = fail();
      co_await guard.run_watched(std::move(work));
    } catch (const std::runtime_error&) {
      caught = true;
    }
    asio::write(client_, asio::buffer("next", 4));
    auto later = elapse(5ms);
    co_await guard.run(std::move(later));
    EXPECT_EQ(peer.input.size(), 0U) << "that is for whoever reads the next request";
  });
  EXPECT_TRUE(caught);
}

TEST_F(GuardTest, WritesMoreThanTheSocketHolds) {
  const std::string half(8 << 20, 'x');
  std::string got(2 * half.size() + 1, '\0');
  std::size_t count = 0;
  asio::async_read(client_, asio::buffer(got), [&](boost::system::error_code, std::size_t n) {
    count = n;
    got.resize(n);
  });
  run([&half](Peer& peer, Guard&) -> asio::awaitable<void> {
    std::array<asio::const_buffer, 4> pieces{asio::buffer(half), asio::const_buffer(),
                                             asio::buffer("y", 1), asio::buffer(half)};
    const auto ec = co_await write_all(peer.socket, pieces, 10s);
    EXPECT_FALSE(ec);
  });
  EXPECT_EQ(count, got.size());
  EXPECT_EQ(got, half + "y" + half);
}

TEST_F(GuardTest, CutsAWriteThatMakesNoProgress) {
  const std::string much(64 << 20, 'x');
  run([&much](Peer& peer, Guard& guard) -> asio::awaitable<void> {
    const auto write = [](Peer& p, Guard& g, std::string_view bytes) -> asio::awaitable<void> {
      g.deadline().set(5ms, "write");
      std::array<asio::const_buffer, 1> pieces{asio::buffer(bytes)};
      const auto ec = co_await write_all(p.socket, pieces, 10s);
      EXPECT_EQ(ec, asio::error::operation_aborted);
    };
    auto work = write(peer, guard, much);
    const bool whole = co_await guard.run(std::move(work));
    EXPECT_FALSE(whole);
    EXPECT_TRUE(guard.deadline().passed());
  });
}

TEST_F(GuardTest, AWriteEndsByItselfWhenThePeerTakesNothing) {
  const std::string much(64 << 20, 'x');
  run([&much](Peer& peer, Guard&) -> asio::awaitable<void> {
    std::array<asio::const_buffer, 1> pieces{asio::buffer(much)};
    const auto ec = co_await write_all(peer.socket, pieces, 20ms);
    EXPECT_EQ(ec, asio::error::timed_out);
  });
}

TEST_F(GuardTest, AWriteGoesOnAsLongAsThePeerTakesSome) {
  const std::string much(32 << 20, 'x');
  std::size_t count = 0;
  const auto reading = [&]() -> asio::awaitable<void> {
    asio::steady_timer timer(loop_);
    for (std::string piece(1 << 20, 0); count < much.size();) {
      timer.expires_after(10ms);
      co_await timer.async_wait(kToken);
      const auto room = asio::buffer(piece);
      const auto [ec, got] = co_await client_.async_read_some(room, kToken);
      if (ec) co_return;
      count += got;
    }
  };
  spawner_.spawn("reader", reading());
  run([&much](Peer& peer, Guard&) -> asio::awaitable<void> {
    std::array<asio::const_buffer, 1> pieces{asio::buffer(much)};
    const auto ec = co_await write_all(peer.socket, pieces, 150ms);
    EXPECT_FALSE(ec);
  });
  EXPECT_EQ(count, much.size());
}

}  // namespace
}  // namespace keep
