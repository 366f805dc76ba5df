// LineWriter: lines that leave by a file descriptor, written by a thread of its own.
//
// What comes within a moment (kGather) leaves together: waking a thread for each line costs more
// than making and writing the line. Any thread may put; nobody who does ever waits for a reader. At
// most `capacity` lines wait: where there are more the oldest is dropped and counted. What cannot
// be written (nobody reads any more, a full disk) is lost.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

namespace keep {

class LineWriter {
 public:
  static constexpr std::chrono::milliseconds kGather{20};
  static constexpr std::chrono::milliseconds kPatience{1000};  // with a reader, at the end

  // The descriptor is lent, and stays open.
  LineWriter(int descriptor, std::size_t capacity);
  LineWriter(const LineWriter&) = delete;
  LineWriter& operator=(const LineWriter&) = delete;
  ~LineWriter();  // writes what waits; what is not taken by then is lost

  void put(std::string line);  // with its line end
  void hurry();                // what waits need not wait for more
  std::uint64_t dropped() const;

 private:
  void work();
  void write(std::string_view bytes);
  bool has_time();
  bool is_writable();

  const int descriptor_;
  const std::size_t capacity_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::string> waiting_;
  std::uint64_t dropped_ = 0;
  bool hurried_ = false, ending_ = false;
  std::optional<std::chrono::steady_clock::time_point> last_moment_;  // once it ends
  std::thread thread_;
};

}  // namespace keep
