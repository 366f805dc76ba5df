// A store in a temporary folder, on a loop that the test turns, and conversations on it.
#pragma once

#include "plugins/history/store/conversation_store.hpp"
#include "plugins/history/store/store_scan.hpp"
#include "tests/unit/plugins/history/log_files.hpp"
#include "tests/unit/plugins/plugin_harness.hpp"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace keep::history::test {

using keep::test::FakeServices;

inline NewMessage said(std::size_t number) {
  NewMessage message = message_of(number, kNoPosition);
  message.tokens = 100;
  return message;
}

class ConversationStoreTest : public testing::Test, protected FakeServices {
 protected:
  ConversationStoreTest() {
    settings_.folder = folder_.path + "/conversations";
    settings_.wall_clock = [this] { return now_; };
    settings_.log = small_settings();
  }
  ~ConversationStoreTest() override { stop(); }

  // Starts over, as after a restart.
  void reopen() {
    stop();
    store_.emplace(services_, settings_);
    const auto opened = run(store_->open());
    ASSERT_TRUE(opened) << opened.error().detail;
  }
  void stop() {
    spawner_.cancel_all();
    until([this] { return spawner_.running() == 0; });
    store_.reset();
  }
  void settle() {
    const std::size_t sweeping = settings_.ttl.count() > 0 ? 1 : 0;
    do {
      loop_.run_for(std::chrono::milliseconds(1));
    } while (spawner_.running() > sweeping);
  }

  template <class Condition>
  void until(const Condition& condition) {
    while (!condition()) loop_.run_one();
  }

  template <class T>
  Result<T> run(Task<T> task) {
    std::optional<Result<T>> result;
    asio::co_spawn(loop_, std::move(task), [&](std::exception_ptr failure, Result<T> value) {
      if (failure) std::rethrow_exception(failure);
      result.emplace(std::move(value));
    });
    until([&] { return result.has_value(); });
    return *std::move(result);
  }

  static ConversationName name(std::size_t number, std::string tenant = "t") {
    return {std::move(tenant), "talk-" + std::to_string(number)};
  }
  void say(const ConversationName& name, std::size_t count = 1) {
    const auto append = [count](ConversationLog& log) -> Result<Position> {
      for (std::size_t i = 0; i < count; ++i) {
        const std::vector<NewMessage> one{said(i)};
        if (auto done = log.append(one); !done) return done;
      }
      return log.tip();
    };
    const auto done = run(store_->with(name, true, append));
    ASSERT_TRUE(done) << done.error().detail;
  }
  void write(const ConversationName& name) {
    const auto flush = [](ConversationLog& log) { return log.flush(); };
    ASSERT_TRUE(run(store_->with(name, false, flush)));
  }
  Result<std::size_t> size_of(const ConversationName& name) {
    const auto size = [](ConversationLog& log) -> Result<std::size_t> { return log.size(); };
    return run(store_->with(name, false, size));
  }
  std::size_t files() const {
    const std::filesystem::recursive_directory_iterator all(settings_.folder);
    return static_cast<std::size_t>(
        std::count_if(begin(all), end(all), [](const auto& at) { return at.is_regular_file(); }));
  }
  void age(const ConversationName& name, std::int64_t seconds) {
    const std::string path = stem_of(settings_.folder, name) + ".tail";
    const auto when = std::filesystem::file_time_type::clock::now() - std::chrono::seconds(seconds);
    std::filesystem::last_write_time(path, when);
  }

  TempFolder folder_;
  StoreSettings settings_;
  std::int64_t now_ = std::time(nullptr);
  std::optional<ConversationStore> store_;
};

}  // namespace keep::history::test
