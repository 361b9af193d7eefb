#pragma once
// Who has a name. A row of an index of names is: folded name (core/identifier.hpp) -> ids, 16 bytes each. The first one
// has the name. What stands behind it are twins of logs from before names were folded ("Done" and "Done "): no command
// makes one, all of them stay, and the next one moves up when the first one goes. Pure.
#include "core/error.hpp"
#include "core/identifier.hpp"
#include "domain/entities.hpp"

#include <algorithm>
#include <map>

namespace alloy::domain {

inline std::vector<uuid> holders_of(reader const& state, std::string_view name_row) {
  constexpr std::size_t id_bytes = 16;
  std::vector<uuid> ids;
  std::string row;
  state.get(name_row, row);
  for (std::string_view rest = row; rest.size() >= id_bytes; rest.remove_prefix(id_bytes))
    ids.push_back(uuid::from_view(rest));
  return ids;
}

// Of a fold: the thing has the name from now on, or stands behind who has it.
inline void hold_name(view& state, std::string_view name_row, uuid const& id) {
  std::string row;
  state.get(name_row, row);
  row.append(id.view());
  state.put(name_row, row);
}
inline void leave_name(view& state, std::string_view name_row, uuid const& id) {
  std::string row;
  for (auto const& other : holders_of(state, name_row))
    if (other != id) row.append(other.view());
  if (row.empty())
    state.erase(name_row);
  else
    state.put(name_row, row);
}
inline void change_name(view& state, std::string_view from_row, std::string_view to_row, uuid const& id) {
  if (from_row == to_row) return; // and so keeps its place among twins
  leave_name(state, from_row, id);
  hold_name(state, to_row, id);
}

// Whether another thing than `self` has the name.
inline bool is_taken(reader const& state, std::string_view name_row, uuid const& self = {}) {
  auto const ids = holders_of(state, name_row);
  return std::any_of(ids.begin(), ids.end(), [&](uuid const& id) { return id != self; });
}

// What is meant by a name: among twins the one that is written so, else the first.
template <class E>
std::optional<uuid> find_named(reader const& state, uuid const& tenant, std::string_view name_row,
                               std::string_view name) {
  auto const ids = holders_of(state, name_row);
  if (ids.size() > 1)
    for (auto const& id : ids)
      if (auto const e = find<E>(state, tenant, id); e && e->name == name) return id;
  return ids.empty() ? std::nullopt : std::optional(ids.front());
}

// Clears a new name that is none: an old one, sent back as it was read, is brought into form where that is free and
// stays as it is where a twin has it.
template <class E, class Name>
result<> settle_name(reader const& state, E const& e, std::string_view to_row, std::string_view thing, Name& wanted) {
  if (!wanted || wanted.value->value == e.name || !is_taken(state, to_row, e.id)) return {};
  if (wanted.value->value != normal_name(e.name))
    return error(errc::already_exists,
                 "the name " + wanted.value->value + " is taken by another " + std::string(thing));
  wanted.value.reset();
  return {};
}

// The status of a list that is meant by a name: the one that is written so, else the first that is called so.
inline workflow_status const* status_meant(std::vector<workflow_status> const& all, std::string_view name) {
  auto const first = [&](auto const& is) -> workflow_status const* {
    auto const at = std::find_if(all.begin(), all.end(), is);
    return at == all.end() ? nullptr : &*at;
  };
  if (auto const* const exact = first([&](workflow_status const& s) { return s.name == name; })) return exact;
  std::string const folded = fold_name(name);
  return first([&](workflow_status const& s) { return fold_name(s.name) == folded; });
}

// The same for many names of one list, whose statuses are folded once.
class status_finder {
 public:
  explicit status_finder(std::vector<workflow_status> const& all) {
    for (auto const& s : all) {
      written_.emplace(s.name, &s);
      called_.emplace(fold_name(s.name), &s);
    }
  }
  workflow_status const* find(std::string_view name) const {
    if (auto const exact = written_.find(name); exact != written_.end()) return exact->second;
    auto const same = called_.find(fold_name(name));
    return same == called_.end() ? nullptr : same->second;
  }

 private:
  std::map<std::string_view, workflow_status const*> written_;
  std::map<std::string, workflow_status const*> called_;
};

} // namespace alloy::domain
