#include "base/json/json.hpp"

#include "base/json/json_scan.hpp"

#include <simdjson.h>

#include <algorithm>
#include <utility>

namespace keep::json {

namespace {

using simdjson::error_code;
namespace ondemand = simdjson::ondemand;

// A parser keeps buffers of about 15 bytes per input byte. Bodies up to this size share one per
// thread; a larger one gets a parser of its own, so that the memory goes back at once.
constexpr std::size_t kKeptBytes = 1 << 20;

error_code parse(const std::string& text) {
  // parse() copies the text only when its capacity leaves no room for the padding.
  if (text.size() > kKeptBytes) {
    simdjson::dom::parser parser;
    return parser.parse(text).error();
  }
  thread_local simdjson::dom::parser parser;
  return parser.parse(text).error();
}

// simdjson stores numbers in 64 bits; JSON itself has no limit.
bool is_number(std::string_view token) {
  const auto take = [&token](std::string_view any) {
    const bool there = !token.empty() && any.find(token.front()) != token.npos;
    if (there) token.remove_prefix(1);
    return there;
  };
  const auto take_digits = [&token] {
    const std::size_t count = std::min(token.find_first_not_of("0123456789"), token.size());
    token.remove_prefix(count);
    return count > 0;
  };
  take("-");
  if (!take("0") && !take_digits()) return false;
  if (take(".") && !take_digits()) return false;
  if (take("eE")) {
    take("+-");
    if (!take_digits()) return false;
  }
  return token.empty();
}

error_code check_word(std::string_view token) noexcept {
  if (token == "true" || token == "false" || token == "null") return simdjson::SUCCESS;
  if (token.starts_with('t')) return simdjson::T_ATOM_ERROR;
  return token.starts_with('f') ? simdjson::F_ATOM_ERROR : simdjson::N_ATOM_ERROR;
}

struct TextFault {
  error_code code;
  // Of the value or the key at fault its first byte, else of what should not follow there. Empty:
  // simdjson has refused the text before it looked at values.
  std::optional<std::size_t> offset;
};

// Reads a text that parse() has refused once more, value by value, because only this interface of
// simdjson tells where it stopped. It reads the text as the one element of an array: a root that is
// not closed would be refused as a whole. Recursive, as deep as parse() lets a text nest.
class Walk {
 public:
  explicit Walk(std::string_view text) {
    wrapped_.reserve(text.size() + 2 + simdjson::SIMDJSON_PADDING);
    wrapped_.append("[").append(text).append("]");
    size_ = wrapped_.size();
    wrapped_.append(simdjson::SIMDJSON_PADDING, ' ');
  }

  // Empty: it is JSON.
  std::optional<TextFault> run() {
    error_code code = begin();
    if (code) return TextFault{code, std::nullopt};
    code = check_root();
    // A bracket too many has closed the array that is ours.
    if (code == simdjson::SUCCESS && place() != nullptr) code = simdjson::TAPE_ERROR;
    if (code == simdjson::SUCCESS) return std::nullopt;
    return TextFault{code, offset_of(place())};
  }

 private:
  static constexpr std::size_t kMaxDepth = simdjson::DEFAULT_MAX_DEPTH;

  error_code begin() {
    // With room to spare, for simdjson asserts its own limit and does not tell when it is passed.
    if (const error_code code = parser_.allocate(size_, 2 * kMaxDepth)) return code;
    const simdjson::padded_string_view padded(wrapped_.data(), size_, wrapped_.size());
    return parser_.iterate(padded).get(document_);
  }

  error_code check_root() {
    ondemand::array array;
    if (const error_code code = document_.get_array().get(array)) return code;
    std::size_t count = 0;
    for (auto element : array) {
      if (++count > 1) return simdjson::TAPE_ERROR;
      if (const error_code code = check(element, 0)) return code;
    }
    return count == 0 ? simdjson::EMPTY : simdjson::SUCCESS;
  }

  error_code check(simdjson::simdjson_result<ondemand::value> read, std::size_t depth) {
    ondemand::value value;
    if (const error_code code = read.get(value)) return code;
    ondemand::json_type type{};
    if (const error_code code = value.type().get(type)) return code;
    const bool nests = type == ondemand::json_type::array || type == ondemand::json_type::object;
    if (nests && depth == kMaxDepth) return simdjson::DEPTH_ERROR;
    if (type == ondemand::json_type::array) return check_array(value, depth);
    if (type == ondemand::json_type::object) return check_object(value, depth);
    return check_scalar(value, type);
  }

  error_code check_array(ondemand::value& value, std::size_t depth) {
    ondemand::array array;
    if (const error_code code = value.get_array().get(array)) return code;
    for (auto element : array) {
      if (const error_code code = check(element, depth + 1)) return code;
    }
    return simdjson::SUCCESS;
  }

  error_code check_object(ondemand::value& value, std::size_t depth) {
    ondemand::object object;
    if (const error_code code = value.get_object().get(object)) return code;
    for (auto read : object) {
      ondemand::field field;
      if (const error_code code = std::move(read).get(field)) return code;
      const char* const quote = field.key().raw() - 1;
      if (const error_code code = field.unescaped_key().error()) return fail_at(quote, code);
      if (const error_code code = check(ondemand::value(field.value()), depth + 1)) return code;
    }
    return simdjson::SUCCESS;
  }

  error_code check_scalar(ondemand::value& value, ondemand::json_type type) {
    std::string_view token = value.raw_json_token();
    if (type == ondemand::json_type::string) {
      const error_code code = value.get_string().error();
      return code ? fail_at(token.data(), code) : code;
    }
    while (scan::is_space(token.back())) token.remove_suffix(1);
    if (type != ondemand::json_type::number) return check_word(token);
    return is_number(token) ? simdjson::SUCCESS : simdjson::NUMBER_ERROR;
  }

  // simdjson is past a string when it refuses it.
  error_code fail_at(const char* place, error_code code) noexcept {
    string_ = place;
    return code;
  }

  // Where the fault is, or how far all is well; null: the end.
  const char* place() noexcept {
    if (string_ != nullptr) return string_;
    const char* reached = nullptr;
    return document_.current_location().get(reached) ? nullptr : reached;
  }

  // In the text, which stands behind one bracket and before another.
  std::size_t offset_of(const char* place) const noexcept {
    const auto last = static_cast<std::ptrdiff_t>(size_ - 2);
    const std::ptrdiff_t at = place == nullptr ? last : place - (wrapped_.data() + 1);
    return static_cast<std::size_t>(std::clamp<std::ptrdiff_t>(at, 0, last));
  }

  std::string wrapped_;   // "[text]" and the padding that simdjson reads past its end
  std::size_t size_ = 0;  // without the padding
  ondemand::parser parser_;
  ondemand::document document_;
  const char* string_ = nullptr;  // one that was refused
};

Error to_error(const TextFault& fault) {
  if (fault.code == simdjson::MEMALLOC || fault.code == simdjson::CAPACITY) {
    return Error(Fault::kTooLarge, Side::kDownstream, "the JSON text is too large to read");
  }
  std::string detail = "invalid JSON";
  if (fault.offset) detail += " near byte " + std::to_string(*fault.offset);
  detail.append(": ").append(simdjson::error_message(fault.code));
  return Error(Fault::kBadRequest, Side::kDownstream, std::move(detail));
}

}  // namespace

Result<Value> validate(const std::string& text) {
  const error_code code = parse(text);
  if (code == simdjson::SUCCESS) return Value(text);
  if (code == simdjson::MEMALLOC || code == simdjson::CAPACITY) return to_error({code, {}});
  const std::optional<TextFault> fault = Walk(text).run();
  // A number that simdjson cannot store is still JSON, and upstream may well take it.
  if (code == simdjson::NUMBER_ERROR && !fault) return Value(text);
  return to_error(fault.value_or(TextFault{code, std::nullopt}));
}

}  // namespace keep::json
