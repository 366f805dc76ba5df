// HTTP messages as the core sees them: names and values byte for byte, in the order they came.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace keep {

struct Header {
  std::string name, value;
};

class Headers {
 public:
  void add(std::string_view name, std::string_view value);
  void set(std::string_view name, std::string_view value);  // replaces all of that name
  void set_all(Headers others);                             // no two of which have one name
  void remove(std::string_view name);
  template <class Predicate>
  void remove_if(Predicate of_name) {
    std::erase_if(fields_, [&of_name](const Header& h) { return of_name(h.name); });
  }
  // First value; names compare without case.
  std::optional<std::string_view> find(std::string_view name) const noexcept;
  // True if the comma-separated list of any such header holds `token` (without case).
  bool has_token(std::string_view name, std::string_view token) const noexcept;

  auto begin() const noexcept { return fields_.begin(); }
  auto end() const noexcept { return fields_.end(); }
  bool empty() const noexcept { return fields_.empty(); }

 private:
  std::vector<Header> fields_;
};

namespace detail {
bool same_letters(std::string_view a, std::string_view b) noexcept;
}
// Of ASCII. Most names are told apart by their size.
inline bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept {
  return a.size() == b.size() && detail::same_letters(a, b);
}

// Without Connection and the fields it names, Keep-Alive, TE, Trailer, Transfer-Encoding, Upgrade,
// Proxy-*, Content-Length and Expect: what may be forwarded, framing apart.
Headers end_to_end(Headers headers);

struct Request {
  std::string method;
  std::string target;  // path and query as sent
  int version = 11;    // 10 or 11
  Headers headers;
  std::string body;  // de-chunked; capacity leaves room for a parser's padding
  bool keep_alive = true;

  std::string_view path() const noexcept;  // target without the query
};

struct ResponseHead {
  int status = 0;
  std::string reason;
  Headers headers;
  std::optional<std::uint64_t> content_length;
  bool is_event_stream() const noexcept;
};

}  // namespace keep
