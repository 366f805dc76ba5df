#include "openai/roles/role_fit.hpp"

#include "base/json/json.hpp"
#include "tests/support/fake_template.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace keep::openai {
namespace {

using test::FakeTemplate;

RoleOrders only_late_system() {
  RoleOrders orders;
  orders.several_systems = orders.late_system = false;
  return orders;
}

// A letter per message: System, Developer, User, Assistant, Call, Tool's result; its content is the
// letter with its place.
std::string body_of(const std::string& letters) {
  json::Writer out;
  out.begin_object().key("messages").begin_array();
  for (std::size_t i = 0; i < letters.size(); ++i) {
    const char letter = letters[i];
    const std::string text = letter + std::to_string(i);
    out.begin_object();
    out.member("role", letter == 'S'   ? "system"
                       : letter == 'D' ? "developer"
                       : letter == 'U' ? "user"
                       : letter == 'T' ? "tool"
                                       : "assistant");
    out.member("content", text);
    if (letter == 'C') out.member_raw("tool_calls", R"([{"id":"c"}])");
    out.end_object();
  }
  return out.end_array().end_object().take();
}

std::string fit(const std::string& body, const RoleOrders& orders, const BodyEdits& before = {}) {
  const auto request = parse_chat_request(body, Surface::kChat);
  if (!request) return request.error().detail;
  BodyEdits edits = before;
  BodyEdits fitted = fit_roles(*request, before, {}, orders);
  EXPECT_EQ(roles_fit(*request, before, {}, orders), fitted.empty()) << body;
  for (auto& edit : fitted) edits.push_back(std::move(edit));
  const auto out = apply_edits(body, *request, edits);
  return out ? *out : out.error().detail;
}

// "user:U0 assistant:A1 ..." of the messages that come out.
std::string shape(const std::string& body) {
  std::string text;
  for (const json::Value message : json::Value(body).find("messages").elements()) {
    if (!text.empty()) text += ' ';
    text += message.find("role").string().value_or("?").substr(0, 1) + ":";
    std::string content = message.find("content").string().value_or("?");
    for (std::size_t at; (at = content.find("\n\n")) != std::string::npos;)
      content.replace(at, 2, "+");
    text += content;
  }
  return text;
}

std::string fitted(const std::string& letters, const RoleOrders& orders) {
  return shape(fit(body_of(letters), orders));
}

TEST(RoleFit, WhatFitsIsLeftAlone) {
  for (const char* letters : {"U", "SU", "DU", "SUAU", "UAUAU", "SUCTAU", "UCTTCTA", "SUA"}) {
    const std::string body = body_of(letters);
    EXPECT_EQ(fit(body, kStrictest), body) << letters;
  }
  for (const char* letters : {"SSUUAASU", "ASU", "SS", "UCTUS"}) {
    const std::string body = body_of(letters);
    EXPECT_EQ(fit(body, RoleOrders{}), body) << letters;
  }
}

TEST(RoleFit, ALateSystemMessageJoinsTheTurnBeforeIt) {
  EXPECT_EQ(fitted("SUSAU", only_late_system()), "s:S0 u:U1+S2 a:A3 u:U4");
  EXPECT_EQ(fitted("UAUSS", only_late_system()), "u:U0 a:A1 u:U2+S3+S4");
  EXPECT_EQ(fitted("UAUD", only_late_system()), "u:U0 a:A1 u:U2+D3");
  EXPECT_EQ(fitted("UCTSA", only_late_system()), "u:U0 a:C1 t:T2+S3 a:A4");
}

TEST(RoleFit, BehindAnAnswerItIsTheHeadOfTheUsersNextMessage) {
  EXPECT_EQ(fitted("SUASU", only_late_system()), "s:S0 u:U1 a:A2 u:S3+U4");
  EXPECT_EQ(fitted("UASSUU", only_late_system()), "u:U0 a:A1 u:S2+S3+U4 u:U5");
  EXPECT_EQ(fitted("UAS", only_late_system()), "u:U0 a:A1 u:S2");
  EXPECT_EQ(fitted("UASA", only_late_system()), "u:U0 a:A1 u:S2 a:A3");
}

TEST(RoleFit, BetweenACallAndItsResultItGoesToTheResult) {
  EXPECT_EQ(fitted("UCSTTA", only_late_system()), "u:U0 a:C1 t:T3+S2 t:T4 a:A5");
  EXPECT_EQ(fitted("UCSS", only_late_system()), "u:U0 a:C1 u:S2+S3");
  EXPECT_EQ(fitted("UCSU", only_late_system()), "u:U0 a:C1 u:S2+U3");
}

TEST(RoleFit, LeadingSystemMessagesBecomeOne) {
  EXPECT_EQ(fitted("SDSU", only_late_system()), "s:S0+D1+S2 u:U3");
}

TEST(RoleFit, RolesTakeTurns) {
  EXPECT_EQ(fitted("UUAAU", kStrictest), "u:U0+U1 a:A2+A3 u:U4");
  EXPECT_EQ(fitted("SUCTUA", kStrictest), "s:S0 u:U1 a:C2 t:T3 a: u:U4 a:A5");
  EXPECT_EQ(fitted("UUUSU", kStrictest), "u:U0+U1+U2+S3+U4");
}

TEST(RoleFit, TheUserSpeaksFirst) {
  EXPECT_EQ(fitted("SAU", kStrictest), "u:S0 a:A1 u:U2");
  EXPECT_EQ(fitted("AU", kStrictest), "u: a:A0 u:U1");
  EXPECT_EQ(fitted("S", kStrictest), "u:S0");
  EXPECT_EQ(fitted("SS", kStrictest), "u:S0+S1");
  EXPECT_EQ(fitted("SSAU", kStrictest), "u:S0+S1 a:A2 u:U3");
}

TEST(RoleFit, PartsStayPartsAndOtherMembersStay) {
  const std::string body =
      R"({"messages":[{"role":"user","name":"n","content":[{"type":"image_url","image_url":{"url":"u"}}],"x":1.0},)"
      R"({"content":"s\u00e9","role":"system"}],"seed":1e2})";
  EXPECT_EQ(
      fit(body, kStrictest),
      R"({"messages":[{"role":"user","name":"n","content":[{"type":"image_url","image_url":{"url":"u"}},)"
      R"({"type":"text","text":"s\u00e9"}],"x":1.0}],"seed":1e2})");
}

TEST(RoleFit, AnswersKeepAllTheirCalls) {
  const std::string body =
      R"({"messages":[{"role":"user","content":"u"},{"role":"assistant","content":"a","tool_calls":[{"id":"1"}]},)"
      R"({"role":"assistant","tool_calls":[{"id":"2"}]}]})";
  EXPECT_EQ(fit(body, kStrictest),
            R"({"messages":[{"role":"user","content":"u"},)"
            R"({"role":"assistant","content":"a","tool_calls":[{"id":"1"},{"id":"2"}]}]})");
}

TEST(RoleFit, EarlierEditsAreMinded) {
  const std::string body = body_of("SUASU");
  const BodyEdits edits{ReplaceMessage{3, R"({"role":"system","content":"new"})"},
                        RemoveMessage{0}};
  EXPECT_EQ(shape(fit(body, kStrictest, edits)), "u:U1 a:A2 u:new+U4");
}

TEST(RoleFit, CallsAreThoseOfTheEditedMessage) {
  const BodyEdits call{
      ReplaceMessage{1, R"({"role":"assistant","content":"A1","tool_calls":[{"id":"c"}]})"}};
  EXPECT_EQ(shape(fit(body_of("UASU"), only_late_system(), call)), "u:U0 a:A1 u:S2+U3");
  EXPECT_EQ(shape(fit(body_of("UASTA"), only_late_system(), call)), "u:U0 a:A1 t:T3+S2 a:A4");
  const BodyEdits answer{ReplaceMessage{1, R"({"role":"assistant","content":"C1"})"}};
  EXPECT_EQ(shape(fit(body_of("UCSU"), only_late_system(), answer)), "u:U0 a:C1 u:S2+U3");
  EXPECT_EQ(shape(fit(body_of("UCSTA"), only_late_system(), answer)), "u:U0 a:C1 u:S2 t:T3 a:A4");
}

// Random orders in which results follow calls.
template <class Visit>
void each_order(Visit visit) {
  std::mt19937 random(7);
  const std::string letters = "SDUUAACT";
  for (int i = 0; i < 2000; ++i) {
    std::string order(1 + random() % 9, ' ');
    bool called = false;
    for (char& letter : order) {
      letter = letters[random() % letters.size()];
      if (letter == 'T' && !called) letter = 'U';
      if (std::string_view("UAC").find(letter) != std::string_view::npos) called = letter == 'C';
    }
    visit(order);
  }
}

TEST(RoleFit, EveryOrderIsRenderedAndNothingIsLost) {
  each_order([](const std::string& order) {
    for (const auto& [orders, kind] : {std::pair(only_late_system(), FakeTemplate::kQwen),
                                       std::pair(kStrictest, FakeTemplate::kMistral)}) {
      const std::string out = fit(body_of(order), orders);
      EXPECT_EQ(test::refusal(kind, out), "") << order << ": " << shape(out);
      for (std::size_t i = 0; i < order.size(); ++i) {
        const std::string text = order[i] + std::to_string(i);
        EXPECT_NE(out.find(text), std::string::npos) << order << ": " << shape(out);
      }
    }
  });
}

// What was answered is not changed by what comes later. Orders with a system message that nobody
// has answered aside: what is to be made of them is not known until then.
TEST(RoleFit, AnAnsweredBeginningKeepsItsBytes) {
  each_order([](const std::string& order) {
    if (order.find_first_of("UT") == std::string::npos || order.back() == 'C') return;
    const auto base = order.find_last_of("AC");
    if (base == order.size() - 1) return;
    for (const RoleOrders& orders : {only_late_system(), kStrictest}) {
      const std::string now = shape(fit(body_of(order), orders));
      const std::string later = shape(fit(body_of(order + "ASU"), orders));
      EXPECT_TRUE(later.starts_with(now)) << order << ": " << now << " | " << later;
    }
  });
}

}  // namespace
}  // namespace keep::openai
