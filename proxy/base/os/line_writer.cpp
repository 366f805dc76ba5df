#include "base/os/line_writer.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <utility>

namespace keep {

namespace {

constexpr std::chrono::milliseconds kLook{100};

}  // namespace

LineWriter::LineWriter(int descriptor, std::size_t capacity)
    : descriptor_(descriptor), capacity_(capacity), thread_([this] { work(); }) {}

LineWriter::~LineWriter() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void LineWriter::put(std::string line) {
  bool first = false;
  {
    const std::lock_guard lock(mutex_);
    first = waiting_.empty();
    if (waiting_.size() == capacity_) {
      waiting_.pop_front();
      ++dropped_;
    }
    waiting_.push_back(std::move(line));
  }
  if (first) wake_.notify_one();
}

void LineWriter::hurry() {
  {
    const std::lock_guard lock(mutex_);
    hurried_ = true;
  }
  wake_.notify_one();
}

std::uint64_t LineWriter::dropped() const {
  const std::lock_guard lock(mutex_);
  return dropped_;
}

// A reader has any time until the end, and then so much for all that is left.
bool LineWriter::has_time() {
  const std::lock_guard lock(mutex_);
  if (!ending_) return true;
  const auto now = std::chrono::steady_clock::now();
  if (!last_moment_) last_moment_ = now + kPatience;
  return now < *last_moment_;
}

bool LineWriter::is_writable() {
  while (has_time()) {
    pollfd out{descriptor_, POLLOUT, 0};
    if (::poll(&out, 1, static_cast<int>(kLook.count())) > 0) return true;
  }
  return false;
}

void LineWriter::write(std::string_view bytes) {
  while (!bytes.empty() && is_writable()) {
    // So much does not make a pipe that has room wait for more.
    const std::size_t piece = std::min<std::size_t>(bytes.size(), PIPE_BUF);
    const ssize_t written = ::write(descriptor_, bytes.data(), piece);
    if (written > 0) bytes.remove_prefix(static_cast<std::size_t>(written));
    if (written < 0 && errno != EINTR && errno != EAGAIN) return;
  }
}

void LineWriter::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return ending_ || !waiting_.empty(); });
    wake_.wait_for(lock, kGather, [this] { return ending_ || hurried_; });
    if (waiting_.empty()) return;
    hurried_ = false;
    const auto lines = std::exchange(waiting_, {});
    lock.unlock();
    std::string bytes;
    for (const std::string& line : lines) bytes += line;
    write(bytes);
    lock.lock();
  }
}

}  // namespace keep
