#include "openai/answer/assembler.hpp"

#include "openai/event/upstream_error.hpp"

namespace keep::openai {

void Assembler::on_event(const SseEvent&, const EventInfo& info, std::string&) {
  using Kind = EventInfo::Kind;
  end_.on_event(info);
  if (error_ || info.kind == Kind::kDone || info.kind == Kind::kProgress) return;
  if (info.kind == Kind::kError) {
    error_ = read_upstream_error(info);
  } else if (!info.root.missing()) {
    add(info);
  }
}

Result<> Assembler::finish(std::string& out) {
  if (error_) return *error_;
  if (!end_.reached() || !complete()) return cut_short();
  write(out);
  return {};
}

void Assembler::count_kept(std::size_t bytes) {
  kept_bytes_ += bytes;
  if (kept_bytes_ > kMaxAnswerBytes) error_ = too_long();
}

void NewestMembers::set(const json::Member& member) {
  for (auto& [key, raw] : members_) {
    if (key != member.raw_key) continue;
    raw = member.value.raw();
    return;
  }
  members_.emplace_back(member.raw_key, member.value.raw());
}

std::string_view NewestMembers::find(std::string_view raw_key) const noexcept {
  for (const auto& [key, raw] : members_) {
    if (key == raw_key) return raw;
  }
  return {};
}

void NewestMembers::write(json::Writer& out) const {
  for (const auto& [key, raw] : members_) {
    out.raw('"' + key + "\":").raw(raw);
  }
}

}  // namespace keep::openai
