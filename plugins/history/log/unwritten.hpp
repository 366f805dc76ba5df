// How much logs hold in memory that is not on disk: an account of all of them, and one log's share.
//
// Any thread.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <utility>

namespace keep::history {

class UnwrittenBytes {
 public:
  explicit UnwrittenBytes(std::size_t limit) noexcept : limit_(limit) {}
  // false: too much, nothing has changed.
  bool try_add(std::size_t bytes) noexcept {
    if (held_.fetch_add(bytes) + bytes <= limit_) return true;
    remove(bytes);
    return false;
  }
  void remove(std::size_t bytes) noexcept { held_.fetch_sub(bytes); }

 private:
  const std::size_t limit_;
  std::atomic<std::size_t> held_{0};
};

class UnwrittenShare {
 public:
  // `all`: null when nobody keeps an account.
  UnwrittenShare(std::size_t limit, std::shared_ptr<UnwrittenBytes> all) noexcept
      : limit_(limit), all_(std::move(all)) {}
  UnwrittenShare(const UnwrittenShare&) = delete;
  UnwrittenShare& operator=(const UnwrittenShare&) = delete;
  ~UnwrittenShare() { (void)resize(0); }

  // false: too much, and it stays as it was. Less than it was is always granted.
  bool resize(std::size_t bytes) noexcept {
    if (bytes > bytes_ && (bytes > limit_ || (all_ && !all_->try_add(bytes - bytes_)))) {
      return false;
    }
    if (bytes < bytes_ && all_) all_->remove(bytes_ - bytes);
    bytes_ = bytes;
    return true;
  }

 private:
  const std::size_t limit_;
  const std::shared_ptr<UnwrittenBytes> all_;
  std::size_t bytes_ = 0;
};

}  // namespace keep::history
