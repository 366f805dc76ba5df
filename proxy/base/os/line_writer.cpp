#include "base/os/line_writer.hpp"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>
#include <utility>

namespace keep {

namespace {

constexpr std::size_t kPiece = 64 << 10;  // of one write

void write_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EAGAIN) {
      pollfd out{descriptor, POLLOUT, 0};
      ::poll(&out, 1, -1);
    } else if (errno != EINTR) {
      return;
    }
  }
}

void write_lines(int descriptor, const std::deque<std::string>& lines) {
  std::string piece;
  for (const std::string& line : lines) {
    piece += line;
    if (piece.size() < kPiece) continue;
    write_all(descriptor, piece);
    piece.clear();
  }
  write_all(descriptor, piece);
}

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

void LineWriter::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return ending_ || !waiting_.empty(); });
    wake_.wait_for(lock, kGather, [this] { return ending_ || hurried_; });
    if (waiting_.empty()) return;
    hurried_ = false;
    const auto lines = std::exchange(waiting_, {});
    lock.unlock();
    write_lines(descriptor_, lines);
    lock.lock();
  }
}

}  // namespace keep
