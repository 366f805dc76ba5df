#include "upstream/connection_pool.hpp"

#include <utility>

namespace keep {

std::unique_ptr<UpstreamConnection> ConnectionPool::take_idle() {
  const Instant now = clock_.now();
  while (!idle_.empty() && now - idle_.front().since > kMaxIdle) idle_.pop_front();
  while (!idle_.empty()) {
    auto connection = std::move(idle_.back().connection);
    idle_.pop_back();
    if (connection->alive()) return connection;
  }
  return nullptr;
}

Task<std::unique_ptr<UpstreamConnection>> ConnectionPool::connect(Duration limit) {
  auto connection = std::make_unique<UpstreamConnection>(loop_);
  const auto connected = co_await connection->connect(address_.endpoint, limit);
  if (!connected) co_return connected.error();
  co_return connection;
}

void ConnectionPool::give_back(std::unique_ptr<UpstreamConnection> connection) {
  if (!connection->reusable() || idle_.size() >= kMaxIdleConnections) return;
  Idle idle;
  idle.connection = std::move(connection);
  idle.since = clock_.now();
  idle_.push_back(std::move(idle));
}

}  // namespace keep
