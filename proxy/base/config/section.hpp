// Section: keys that belong together, with what --print-config says above them. Pure.
//
// An Owner's sections become those of the struct that it is a member of (within), so that whoever
// holds all settings has one list of sections, and each owner knows its own struct only.
#pragma once

#include "base/config/key.hpp"

#include <cstddef>
#include <functional>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace keep::config {

// A list of tables, [[name]]; each of them is a row of its own.
template <class Owner>
struct List {
  std::string_view name;
  std::string_view invitation;             // above an example, where the list is empty
  std::vector<std::string_view> examples;  // as TOML, one for each key
  std::function<std::size_t(const Owner&)> size;
  std::function<void(Owner&, std::size_t)> resize;               // what is added has the defaults
  std::function<std::vector<Key<Owner>>(std::size_t row)> keys;  // names and help hold for all rows
};

template <class Owner>
struct Section {
  std::string_view name;
  std::string_view help;  // may be several lines, or none
  std::vector<Key<Owner>> keys;
  std::optional<List<Owner>> list{};  // one without keys beside it has the section's name
};

// The same keys, of a larger struct; `part` gives what they belong to: a member, or a function.
template <class Outer, class Inner, class Part>
std::vector<Key<Outer>> keys_within(const std::vector<Key<Inner>>& keys, Part part) {
  std::vector<Key<Outer>> all;
  for (const Key<Inner>& key : keys) {
    auto set = [set = key.set, part](Outer& outer, std::string_view text) {
      return set(std::invoke(part, outer), text);
    };
    auto get = [get = key.get, part](const Outer& outer) { return get(std::invoke(part, outer)); };
    all.push_back({key.name, key.help, key.type, std::move(set), std::move(get), key.required});
  }
  return all;
}

// The list in a member, by the keys of a row: their names tell its own.
template <class Owner, class Row>
List<Owner> list_of(std::vector<Row> Owner::*rows, std::vector<Key<Row>> keys) {
  List<Owner> list;
  const std::string_view first = keys.front().name;
  list.name = first.substr(0, first.rfind('.'));
  list.size = [rows](const Owner& owner) { return (owner.*rows).size(); };
  list.resize = [rows](Owner& owner, std::size_t size) { (owner.*rows).resize(size); };
  list.keys = [rows, keys = std::move(keys)](std::size_t row) {
    const auto part = [ rows, row ](auto& owner) -> auto& { return (owner.*rows)[row]; };
    return keys_within<Owner>(keys, part);
  };
  return list;
}

template <class Outer, class Inner, class Part>
Section<Outer> within(const Section<Inner>& section, Part part) {
  Section<Outer> whole{section.name, section.help, keys_within<Outer>(section.keys, part)};
  if (!section.list) return whole;
  const List<Inner>& rows = *section.list;
  List<Outer> list;
  list.name = rows.name;
  list.invitation = rows.invitation;
  list.examples = rows.examples;
  list.size = [size = rows.size, part](const Outer& outer) {
    return size(std::invoke(part, outer));
  };
  list.resize = [resize = rows.resize, part](Outer& outer, std::size_t n) {
    resize(std::invoke(part, outer), n);
  };
  list.keys = [keys = rows.keys, part](std::size_t row) {
    return keys_within<Outer>(keys(row), part);
  };
  whole.list = std::move(list);
  return whole;
}

}  // namespace keep::config
