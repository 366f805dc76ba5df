#include "plugins/slots/thread_book.hpp"

#include <gtest/gtest.h>

namespace keep::slots {
namespace {

TEST(ThreadBook, WhoComesBackIsKnown) {
  ThreadBook book;
  EXPECT_FALSE(book.note(1, 7, 1));
  EXPECT_TRUE(book.note(1, 7, 2));
  EXPECT_FALSE(book.note(2, 7, 1));
}

TEST(ThreadBook, SubAgentsAreNotTheMainThread) {
  ThreadBook book;
  book.note(1, 7, 1);
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(book.note(1, 8, 1));
  EXPECT_TRUE(book.note(1, 7, 2));
}

TEST(ThreadBook, MainThreadMayChangeItsTools) {
  ThreadBook book;
  book.note(1, 7, 1);
  book.note(1, 7, 2);
  EXPECT_TRUE(book.note(1, 9, 3)) << "more turns than anybody: it went on";
  EXPECT_FALSE(book.note(1, 7, 1));
}

TEST(ThreadBook, WhoEndedIsNew) {
  ThreadBook book;
  book.note(1, 7, 1);
  book.forget(1);
  EXPECT_FALSE(book.note(1, 7, 2));
  EXPECT_TRUE(book.note(1, 7, 3));
}

TEST(ThreadBook, IsBounded) {
  ThreadBook book;
  book.note(0, 7, 1);
  for (std::size_t i = 1; i <= ThreadBook::kMaxConversations; ++i) book.note(i, 7, 1);
  EXPECT_FALSE(book.note(0, 7, 2)) << "forgotten";
  EXPECT_TRUE(book.note(ThreadBook::kMaxConversations, 7, 2));
}

}  // namespace
}  // namespace keep::slots
