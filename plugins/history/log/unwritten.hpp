// How much logs hold in memory that is not on disk: an account of all of them, and one log's share.
//
// A tenant gets no more than it leaves for others: alone half of the limit, n of them 1/(n+1) each.
// Any thread.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

namespace keep::history {

class UnwrittenBytes {
 public:
  explicit UnwrittenBytes(std::size_t limit) noexcept : limit_(limit) {}
  // `tenant`: a hash; the few that share a place share what it may hold. false: too much, nothing
  // has changed.
  bool try_add(std::uint64_t tenant, std::size_t bytes) noexcept {
    const std::size_t all = held_.fetch_add(bytes) + bytes;
    const std::size_t own = place_of(tenant).fetch_add(bytes) + bytes;
    if (all <= limit_ && own <= limit_ - all) return true;
    remove(tenant, bytes);
    return false;
  }
  void remove(std::uint64_t tenant, std::size_t bytes) noexcept {
    held_.fetch_sub(bytes);
    place_of(tenant).fetch_sub(bytes);
  }

 private:
  std::atomic<std::size_t>& place_of(std::uint64_t tenant) noexcept {
    return by_tenant_[tenant % by_tenant_.size()];
  }
  const std::size_t limit_;
  std::atomic<std::size_t> held_{0};
  std::array<std::atomic<std::size_t>, 256> by_tenant_{};
};

class UnwrittenShare {
 public:
  // `all`: null when nobody keeps an account.
  UnwrittenShare(std::size_t limit, std::shared_ptr<UnwrittenBytes> all,
                 std::uint64_t tenant) noexcept
      : limit_(limit), all_(std::move(all)), tenant_(tenant) {}
  UnwrittenShare(const UnwrittenShare&) = delete;
  UnwrittenShare& operator=(const UnwrittenShare&) = delete;
  ~UnwrittenShare() { (void)resize(0); }

  // false: too much, and it stays as it was. Less than it was is always granted.
  bool resize(std::size_t bytes) noexcept {
    if (bytes > bytes_ && (bytes > limit_ || (all_ && !all_->try_add(tenant_, bytes - bytes_)))) {
      return false;
    }
    if (bytes < bytes_ && all_) all_->remove(tenant_, bytes_ - bytes);
    bytes_ = bytes;
    return true;
  }

 private:
  const std::size_t limit_;
  const std::shared_ptr<UnwrittenBytes> all_;
  const std::uint64_t tenant_;
  std::size_t bytes_ = 0;
};

}  // namespace keep::history
