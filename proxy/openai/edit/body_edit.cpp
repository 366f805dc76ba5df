#include "openai/edit/body_edit.hpp"

#include "openai/edit/list_splice.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace keep::openai {

namespace {

constexpr std::size_t kPadding = 64;  // what json::validate() likes to find behind a text

Error internal(std::string detail) {
  return Error(Fault::kInternal, Side::kInternal, std::move(detail));
}

// What is to become of one entry: null text means leave it out.
struct FieldPlan {
  std::string_view key;
  const std::string* json = nullptr;
  bool placed = false;
};
struct MessagePlan {
  std::size_t index = 0;
  const std::string* json = nullptr;
};

// The edits, sorted out: one per field, one per message, insertions by index.
struct Plan {
  std::vector<FieldPlan> fields;
  std::vector<MessagePlan> changes;
  std::vector<MessagePlan> inserts;

  bool touches_messages() const noexcept { return !changes.empty() || !inserts.empty(); }
  FieldPlan* find(const json::Member& member) noexcept {
    for (FieldPlan& field : fields) {
      if (member.key_is(field.key)) return &field;
    }
    return nullptr;
  }
};

class Planner {
 public:
  explicit Planner(Plan& plan) : plan_(plan) {}

  void operator()(const SetField& edit) { set(edit.key, &edit.json); }
  void operator()(const RemoveField& edit) { set(edit.key, nullptr); }
  void operator()(const ReplaceMessage& edit) { change({edit.index, &edit.json}); }
  void operator()(const RemoveMessage& edit) { change({edit.index, nullptr}); }
  void operator()(const InsertMessage& edit) { plan_.inserts.push_back({edit.index, &edit.json}); }

 private:
  void set(const std::string& key, const std::string* json) {
    for (FieldPlan& field : plan_.fields) {
      if (field.key != key) continue;
      field.json = json;
      return;
    }
    plan_.fields.push_back({key, json});
  }

  void change(MessagePlan change) { plan_.changes.push_back(change); }

  Plan& plan_;
};

// Sorts by index, list order within one index; of several changes of one message the last stays.
void settle(Plan& plan) {
  const auto before = [](const MessagePlan& a, const MessagePlan& b) { return a.index < b.index; };
  std::stable_sort(plan.inserts.begin(), plan.inserts.end(), before);
  auto& changes = plan.changes;
  std::stable_sort(changes.begin(), changes.end(), before);
  std::size_t kept = 0;
  for (std::size_t i = 0; i < changes.size(); ++i) {
    if (i + 1 < changes.size() && changes[i + 1].index == changes[i].index) continue;
    changes[kept++] = changes[i];
  }
  changes.resize(kept);
}

Result<Plan> make_plan(const ChatRequest& request, const BodyEdits& first, const BodyEdits& then) {
  Plan plan;
  plan.fields.reserve(first.size() + then.size());
  Planner planner(plan);
  for (const BodyEdit& edit : first) std::visit(planner, edit);
  for (const BodyEdit& edit : then) std::visit(planner, edit);
  settle(plan);
  if (!plan.touches_messages()) return plan;
  if (!request.messages_raw.is_array()) return internal("an edit of messages in a bare prompt");
  const std::size_t count = request.messages.size();
  const bool past = (!plan.changes.empty() && plan.changes.back().index >= count) ||
                    (!plan.inserts.empty() && plan.inserts.back().index > count);
  if (past) return internal("an edit of a message past the end");
  for (const FieldPlan& field : plan.fields) {
    if (field.key == list_name(request.surface))
      return internal("an edit of messages whose list is set as a field");
  }
  return plan;
}

void write_messages(const ChatRequest& request, const Plan& plan, Pieces& out) {
  ListSplice list(request.messages_raw.raw(), out);
  auto insert = plan.inserts.begin();
  const auto insert_at = [&](std::size_t index) {
    for (; insert != plan.inserts.end() && insert->index == index; ++insert) {
      list.insert();
      out.add(*insert->json);
    }
  };
  auto change = plan.changes.begin();
  for (std::size_t i = 0; i < request.messages.size(); ++i) {
    insert_at(i);
    const std::string_view raw = request.messages[i].raw.raw();
    if (change == plan.changes.end() || change->index != i) {
      list.keep(raw);
      out.add(raw);
      continue;
    }
    if (change->json == nullptr) {
      list.drop(raw);
    } else {
      list.keep(raw);
      out.add(*change->json);
    }
    ++change;
  }
  insert_at(request.messages.size());
  list.finish();
}

std::string_view span_of(const json::Member& member) noexcept {
  const char* const begin = member.raw_key.data() - 1;  // the opening quote
  const std::string_view value = member.value.raw();
  return {begin, static_cast<std::size_t>(value.data() + value.size() - begin)};
}

void write_member(const json::Member& member, const ChatRequest& request, Plan& plan,
                  ListSplice& list, Pieces& out) {
  const std::string_view span = span_of(member);
  const std::string_view value = member.value.raw();
  const std::string_view head = span.substr(0, span.size() - value.size());
  FieldPlan* const field = plan.find(member);
  if (field != nullptr && (field->json == nullptr || field->placed)) return list.drop(span);
  list.keep(span);
  out.add(head);
  if (field != nullptr) {
    field->placed = true;
    out.add(*field->json);
  } else if (plan.touches_messages() && value.data() == request.messages_raw.raw().data()) {
    write_messages(request, plan, out);
  } else {
    out.add(value);
  }
}

}  // namespace

Result<Pieces> edited_pieces(const std::string& body, const ChatRequest& request,
                             const BodyEdits& first, const BodyEdits& then) {
  auto plan = make_plan(request, first, then);
  if (!plan) return plan.error();
  Pieces out;
  const std::string_view all = body, root = request.root.raw();
  const auto before = static_cast<std::size_t>(root.data() - body.data());
  out.add(all.substr(0, before));
  ListSplice list(root, out);
  for (const json::Member& member : request.fields) {
    write_member(member, request, *plan, list, out);
  }
  for (const FieldPlan& field : plan->fields) {
    if (field.json == nullptr || field.placed) continue;
    list.insert();
    out.add_own(json::quoted(field.key) + ':');
    out.add(*field.json);
  }
  list.finish();
  out.add(all.substr(before + root.size()));
  return out;
}

Result<std::string> apply_edits(const std::string& body, const ChatRequest& request,
                                const BodyEdits& edits) {
  const auto pieces = edited_pieces(body, request, edits, {});
  if (!pieces) return pieces.error();
  std::string out;
  out.reserve(pieces->bytes() + kPadding);
  pieces->append_to(out);
  return out;
}

}  // namespace keep::openai
