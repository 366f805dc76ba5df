#include "base/os/line_writer.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace keep {
namespace {

using namespace std::chrono_literals;

struct Pipe {
  Pipe() { EXPECT_EQ(::pipe(ends.data()), 0); }
  ~Pipe() {
    ::close(ends[0]);
    ::close(ends[1]);
  }
  // What is there; it waits for the first byte.
  std::string read() {
    std::string bytes(1 << 20, ' ');
    const auto count = ::read(ends[0], bytes.data(), bytes.size());
    bytes.resize(count < 0 ? 0 : static_cast<std::size_t>(count));
    return bytes;
  }
  std::string read_to(std::size_t size) {
    std::string all;
    while (all.size() < size) all += read();
    return all;
  }
  // Writes until nothing more fits, so that who writes next has to wait; returns how much.
  std::size_t fill() {
    ::fcntl(ends[1], F_SETFL, O_NONBLOCK);
    const std::string piece(4096, '-');
    std::size_t bytes = 0;
    for (ssize_t n = 0; (n = ::write(ends[1], piece.data(), piece.size())) > 0;)
      bytes += static_cast<std::size_t>(n);
    return bytes;
  }
  std::array<int, 2> ends{};
};

TEST(LineWriterTest, LinesThatComeTogetherLeaveTogetherAndInOrder) {
  Pipe pipe;
  LineWriter writer(pipe.ends[1], 100);
  writer.put("one\n");
  writer.put("two\n");
  writer.put("three\n");
  EXPECT_EQ(pipe.read(), "one\ntwo\nthree\n");
  writer.put("four\n");
  EXPECT_EQ(pipe.read(), "four\n");
  EXPECT_EQ(writer.dropped(), 0U);
}

TEST(LineWriterTest, WhatWaitsIsWrittenAtTheEnd) {
  Pipe pipe;
  for (int i = 0; i < 50; ++i) {
    LineWriter writer(pipe.ends[1], 100);
    writer.put("last words\n");
  }
  EXPECT_EQ(pipe.read_to(50 * 11).size(), 50U * 11);
}

TEST(LineWriterTest, AWriterThatNobodyUsesEnds) {
  Pipe pipe;
  LineWriter idle(pipe.ends[1], 1);
  LineWriter hurried(pipe.ends[1], 1);
  hurried.hurry();
}

TEST(LineWriterTest, ALineAfterAnIdleHurryIsWritten) {
  Pipe pipe;
  LineWriter writer(pipe.ends[1], 8);
  writer.hurry();
  writer.put("x\n");
  EXPECT_EQ(pipe.read(), "x\n");
  writer.put("y\n");
  writer.hurry();
  EXPECT_EQ(pipe.read(), "y\n");
}

// A reader that has stopped, and a descriptor that says so instead of waiting.
TEST(LineWriterTest, WithoutAReaderTheOldestLinesAreDroppedAndNobodyWaits) {
  Pipe pipe;
  const std::size_t filled = pipe.fill();
  std::optional<LineWriter> writer(std::in_place, pipe.ends[1], 10);
  writer->put("taken\n");
  writer->hurry();
  std::this_thread::sleep_for(5 * LineWriter::kGather);  // the thread holds that line now
  for (int i = 0; i < 25; ++i) writer->put("line " + std::to_string(i) + "\n");
  const auto dropped = writer->dropped();
  EXPECT_GE(dropped, 15U);
  EXPECT_LE(dropped, 16U);  // one more on a machine so slow that "taken" was not taken
  std::thread reader([&] {
    const std::string all = pipe.read_to(filled + 10 * 8);
    EXPECT_EQ(all.substr(all.size() - 80, 16), "line 15\nline 16\n");
    EXPECT_TRUE(all.ends_with("line 24\n"));
  });
  writer.reset();
  reader.join();
}

// Both kinds of descriptor: one that says that it is full, one that waits.
TEST(LineWriterTest, TheEndDoesNotWaitForAReaderForEver) {
  for (const int flags : {O_NONBLOCK, 0}) {
    Pipe pipe;
    pipe.fill();
    ::fcntl(pipe.ends[1], F_SETFL, flags);
    const auto begun = std::chrono::steady_clock::now();
    {
      LineWriter writer(pipe.ends[1], 1000);
      for (int i = 0; i < 1000; ++i) writer.put(std::string(200, 'x') + "\n");
      writer.hurry();
      std::this_thread::sleep_for(5 * LineWriter::kGather);
    }
    EXPECT_LT(std::chrono::steady_clock::now() - begun, LineWriter::kPatience + 10s);
  }
}

// A piece now and then, for which there are minutes of lines.
TEST(LineWriterTest, TheEndDoesNotWaitForASlowReaderEither) {
  Pipe pipe;
  pipe.fill();
  std::atomic<bool> over = false;
  std::thread reader([&] {
    std::string piece(4096, ' ');
    while (!over) {
      std::this_thread::sleep_for(400ms);
      static_cast<void>(!::read(pipe.ends[0], piece.data(), piece.size()));
    }
  });
  std::optional<LineWriter> writer(std::in_place, pipe.ends[1], 1000);
  for (int i = 0; i < 1000; ++i) writer->put(std::string(400, 'x') + "\n");
  const auto begun = std::chrono::steady_clock::now();
  writer.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - begun, LineWriter::kPatience + 10s);
  over = true;
  reader.join();
}

TEST(LineWriterTest, WhatCannotBeWrittenIsLostAndNothingHangs) {
  const int full = ::open("/dev/full", O_WRONLY);
  ASSERT_GE(full, 0);
  {
    LineWriter writer(full, 10);
    writer.put("x\n");
  }
  ::close(full);
  LineWriter writer(full, 10);
  writer.put("to a descriptor that is closed\n");
}

TEST(LineWriterTest, ManyThreadsLoseNothing) {
  Pipe pipe;
  ::fcntl(pipe.ends[1], F_SETPIPE_SZ, 1 << 20);
  std::vector<std::thread> threads;
  {
    LineWriter writer(pipe.ends[1], 8000);
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&writer] {
        for (int i = 0; i < 2000; ++i) writer.put("0123456\n");
      });
    }
    for (auto& thread : threads) thread.join();
  }
  std::size_t lines = 0;
  for (const char c : pipe.read_to(8 * 8000)) lines += c == '\n' ? 1 : 0;
  EXPECT_EQ(lines, 8000U);
}

}  // namespace
}  // namespace keep
