#include "plugins/history/reconcile.hpp"

#include "base/hash.hpp"
#include "base/json/json.hpp"
#include "base/os/posix_file_system.hpp"
#include "tests/support/temp_folder.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace keep::history {
namespace {

// Messages are words; the first letter tells the role.
struct Talk {
  explicit Talk(const std::string& words) {
    for (std::size_t at = 0; at < words.size();) {
      const std::size_t end = std::min(words.find(' ', at), words.size());
      texts.push_back(words.substr(at, end - at));
      at = end + 1;
    }
    for (const std::string& text : texts) {
      const Role role = text[0] == 'u'   ? Role::kUser
                        : text[0] == 'a' ? Role::kAssistant
                        : text[0] == 't' ? Role::kTool
                                         : Role::kSystem;
      messages.push_back({role, text == "x" ? 0 : hash64(text), 10, text});
    }
  }
  std::vector<std::string> texts;
  std::vector<Incoming> messages;
};

class Reconcile : public testing::Test {
 protected:
  Reconcile() { log_ = *ConversationLog::open(files_, folder_.path + "/log", {"t", "c"}); }

  OnRecord send(const std::string& words, const std::string& lead = "", bool store = true,
                std::uint64_t max_tokens = kAnyLength) {
    const Talk said(words), instructions(lead);
    auto on_record = reconcile(*log_, instructions.messages, said.messages, store, 1, max_tokens);
    EXPECT_TRUE(on_record);
    return *on_record;
  }
  std::string path(const OnRecord& on_record) const {
    std::string text;
    for (const Stretch& stretch : on_record.path) {
      for (Position at = stretch.first; at <= stretch.last; ++at) {
        text += (text.empty() ? "" : " ") + *log_->json(at);
      }
    }
    return text;
  }

  keep::test::TempFolder folder_;
  PosixFileSystem files_;
  std::unique_ptr<ConversationLog> log_;
};

TEST_F(Reconcile, AddsOnlyWhatIsNew) {
  EXPECT_EQ(send("u1").added, 1U);
  EXPECT_EQ(send("u1 a1 u2").added, 2U);
  const OnRecord on_record = send("u1 a1 u2");
  EXPECT_EQ(on_record.added, 0U);
  EXPECT_EQ(path(on_record), "u1 a1 u2");
  EXPECT_EQ(on_record.path_tokens, 30U);
  EXPECT_EQ(log_->size(), 3U);
}

// What match() says of a record that it leaves alone is what reconcile() makes of it.
TEST_F(Reconcile, WhereMessagesWillStandIsKnownBeforeTheyAreAppended) {
  send("u1 a1 u2 a2 u3", "s1");
  for (const std::string words :
       {"u1", "u1 a1 u2", "u1 x a1 u2", "u1 a1 u2b", "u1 a1 u2b a2b", "u1 a1 u2 a2 u3 a3 u4",
        "a2 u3 a4", "summary u5", "u1 a1 u2 a2 u3 a3 u4 x", "x", "u6 a6 x u7"}) {
    for (const bool store : {true, false}) {
      for (const std::string lead : {"", "s1", "s2 s3"}) {
        SCOPED_TRACE(words + ", " + lead);
        const Talk said(words), instructions(lead);
        const std::size_t before = log_->size();
        const Match found = match(*log_, instructions.messages, said.messages, store, 1, 90);
        EXPECT_EQ(log_->size(), before);
        const OnRecord on_record = send(words, lead, store, 90);
        EXPECT_EQ(log_->size(), before + found.fresh.size());
        EXPECT_EQ(found.on_record.positions, on_record.positions);
        EXPECT_EQ(path(found.on_record), path(on_record));
        EXPECT_EQ(found.on_record.path_tokens, on_record.path_tokens);
        EXPECT_EQ(found.on_record.added, on_record.added);
        if (on_record.path.empty()) continue;
        const Position tip = on_record.path.back().last;
        EXPECT_EQ(on_record.path.size(), log_->path_to(tip).size());
        EXPECT_EQ(path(on_record), path(OnRecord{{}, 0, log_->path_to(tip), 0}));
        EXPECT_EQ(on_record.path_tokens, log_->info(tip).token_position + log_->info(tip).tokens);
      }
    }
  }
}

TEST_F(Reconcile, OnlyAHistoryThatWasCutIsSearchedForInTheWholeRecord) {
  const auto begins = [this](const std::string& words) {
    const Talk said(words);
    return begins_on_record(*log_, said.messages);
  };
  EXPECT_TRUE(begins("u1")) << "an empty record has nothing to look at";
  send("u1 a1 u2");
  EXPECT_TRUE(begins("u1 a1 u3"));
  EXPECT_TRUE(begins("x u1 b1"));
  EXPECT_TRUE(begins("x"));
  EXPECT_FALSE(begins("a1 u2"));
  EXPECT_FALSE(begins("u5"));
}

TEST_F(Reconcile, WhatMakesItTooLongIsNotAppended) {
  const OnRecord refused = send("u1 a1 u2", "s1", true, 29);
  EXPECT_TRUE(refused.path.empty());
  EXPECT_EQ(refused.path_tokens, 30U);
  EXPECT_EQ(log_->size(), 0U);
  EXPECT_EQ(path(send("u1 a1 u2", "s1", true, 30)), "u1 a1 u2");
  EXPECT_EQ(path(send("u1 a1 u2b", "s1", true, 30)), "u1 a1 u2b");  // another way, as long
  EXPECT_EQ(send("u1 a1 u2 a2", "s1", true, 30).path_tokens, 40U);
  EXPECT_EQ(path(send("u1 a1 u2 a2", "s1", false, 30)), "u1 a1 u2");
}

TEST_F(Reconcile, AnEditBranchesOffAndSharesThePast) {
  send("u1 a1 u2 a2 u3");
  const OnRecord edited = send("u1 a1 u2b");
  EXPECT_EQ(edited.added, 1U);
  EXPECT_EQ(path(edited), "u1 a1 u2b");
  EXPECT_EQ(path(send("u1 a1 u2 a2 u3 a3 u4")), "u1 a1 u2 a2 u3 a3 u4");
}

TEST_F(Reconcile, AHistoryThatWasCutGoesOnWhereItIsOnRecord) {
  send("u1 a1 u2 a2 u3 a3");
  const OnRecord cut = send("u2 a2 u3 a3 u4");
  EXPECT_EQ(cut.added, 1U);
  EXPECT_EQ(path(cut), "u1 a1 u2 a2 u3 a3 u4");
}

TEST_F(Reconcile, ASummaryFollowsWhatItSummarises) {
  send("u1 a1 u2 a2");
  const OnRecord summary = send("usummary u3");
  EXPECT_EQ(summary.added, 2U);
  EXPECT_EQ(path(summary), "u1 a1 u2 a2 usummary u3");
  const OnRecord next = send("usummary u3 a3 u4");
  EXPECT_EQ(next.added, 2U);
  EXPECT_EQ(path(next), "u1 a1 u2 a2 usummary u3 a3 u4");
}

// Messages with texts of their own.
class ReconcileTexts : public Reconcile {
 protected:
  using Texts = std::vector<std::pair<Role, std::string>>;
  OnRecord tell(const Texts& talk) {
    std::vector<std::string> texts;
    for (const auto& [role, text] : talk) texts.push_back(json_of(role, text));
    std::vector<Incoming> messages;
    for (std::size_t i = 0; i < talk.size(); ++i) {
      messages.push_back({talk[i].first, hash64(talk[i].second), 10, texts[i]});
    }
    auto on_record = reconcile(*log_, {}, messages, true, 1);
    EXPECT_TRUE(on_record);
    return *on_record;
  }
  static std::string json_of(Role role, const std::string& text) {
    return "{\"role\":" + json::quoted(to_string(role)) + ",\"content\":" + json::quoted(text) +
           "}";
  }
  static std::size_t length(const OnRecord& on_record) {
    std::size_t length = 0;
    for (const Stretch& stretch : on_record.path) length += stretch.last - stretch.first + 1;
    return length;
  }
};

TEST_F(ReconcileTexts, OfADecoratedTurnBothFormsAreKeptAndTheWayIsPlain) {
  Texts talk;
  for (int turn = 0; turn < 10; ++turn) {
    const std::string plain = "question " + std::to_string(turn);
    talk.emplace_back(Role::kUser, "notes " + std::to_string(turn) + "\n" + plain);
    const OnRecord on_record = tell(talk);
    EXPECT_EQ(length(on_record), talk.size());
    // What was decorated last, its answer, and what is decorated now.
    EXPECT_EQ(on_record.added, turn == 0 ? 1U : 3U);
    talk.back().second = plain;
    talk.emplace_back(Role::kAssistant, "OK.");
    const NewMessage answer{Role::kAssistant,
                            on_record.positions.back(),
                            hash64("OK."),
                            1,
                            1,
                            json_of(Role::kAssistant, "OK.")};
    ASSERT_TRUE(log_->append(std::span(&answer, 1)));
  }
  EXPECT_EQ(log_->size(), 38U);
  for (Position at = 0; at < log_->size(); ++at) {
    const bool first = log_->info(at).parent == kNoPosition;
    EXPECT_EQ(first, at == 0 || at == 2) << "the opening, in both forms, and nothing else: " << at;
  }
}

TEST_F(ReconcileTexts, ASummaryIsNoOpeningThoughItsAnswerIsTheFirst) {
  tell({{Role::kUser, "hello"}, {Role::kAssistant, "OK."}, {Role::kUser, "more"}});
  const OnRecord cut =
      tell({{Role::kUser, "Summary: all well"}, {Role::kAssistant, "OK."}, {Role::kUser, "on"}});
  EXPECT_EQ(length(cut), 6U);
}

TEST_F(Reconcile, InstructionsAreKeptOnceAndStandAside) {
  EXPECT_EQ(send("u1", "s1").added, 1U);
  const OnRecord changed = send("u1 a1", "s2");
  EXPECT_EQ(changed.added, 1U);
  EXPECT_EQ(path(changed), "u1 a1");
  send("u1 a1", "s1");
  EXPECT_EQ(log_->size(), 4U);
  // The newest message may be an instruction; what was said last still counts as the end.
  send("u1 a1", "s3");
  EXPECT_EQ(path(send("usummary u5")), "u1 a1 usummary u5");
}

TEST_F(Reconcile, WithoutStoreNothingIsAdded) {
  send("u1 a1");
  const OnRecord on_record = send("u1 a1 u2", "", false);
  EXPECT_EQ(on_record.added, 0U);
  EXPECT_EQ(log_->size(), 2U);
  ASSERT_EQ(on_record.positions.size(), 3U);
  EXPECT_EQ(on_record.positions[1], 1U);
  EXPECT_EQ(on_record.positions[2], kNoPosition);
}

TEST_F(Reconcile, WhatHygieneRemovedIsNotOnRecord) {
  const OnRecord on_record = send("u1 x a1 x u2");
  EXPECT_EQ(on_record.added, 3U);
  EXPECT_EQ(path(on_record), "u1 a1 u2");
  EXPECT_EQ(on_record.positions[1], kNoPosition);
  EXPECT_EQ(send("u1 a1 u2 a2").added, 1U);
}

TEST_F(Reconcile, NothingSaidNothingAdded) {
  EXPECT_EQ(send("").added, 0U);
  EXPECT_TRUE(send("").path.empty());
}

}  // namespace
}  // namespace keep::history
