#pragma once
// Which tickets a list is about, and the planner's half of finding them: each part of a filter as a set that can be
// joined. What no set covers is held against the documents. Values; pure.
#include "domain/entities.hpp"
#include "search/rank_cursor.hpp"
#include "search/text_search.hpp"

#include <functional>

namespace alloy::projections {

// What a field may be: one of `any`, or absent where `none` is set.
struct id_filter {
  std::vector<uuid> any;
  bool none = false;
  bool matches(std::optional<uuid> const& id) const noexcept;
};

struct tag_filter { // as fold_name() has them
  std::string key;
  std::optional<std::string> value; // none: any value
};

struct ticket_filter { // an empty list, or nothing, does not filter
  std::vector<std::string> status;
  std::vector<alloy::category> category;
  std::vector<alloy::priority> priority;
  std::optional<id_filter> assignee, sprint;
  std::vector<uuid> reporter, label;
  std::vector<tag_filter> tag;
  std::optional<timestamp> updated_since, created_since;
  std::optional<date> due_before;

  // Tags are not part of a ticket's document: `state` is asked for them.
  bool matches(reader const& state, uuid const& tenant, domain::ticket const& t) const;
};

// Words that a ticket's text must have. `rows` are a snapshot of the search index.
struct text_filter {
  reader const& rows;
  text_query query;
};

// Where one list looks in one tenant.
struct ticket_scope {
  uuid tenant;
  std::vector<uuid> projects;
  bool whole_tenant = false; // `projects` are all there are
  ticket_filter filter = {};
  text_filter const* text = nullptr;
};

// More members than this are not gathered to be sorted: the index of the order asked for is walked instead.
inline constexpr std::size_t gathered_max = 4096;

// The sets that all tickets of the scope's filter are in.
struct ticket_sets {
  std::vector<rank_cursor_ptr> all;
  bool exact = true; // being in all of them is matching the filter; else documents must be looked at
};
// `priority` narrows to one, for lists that are ordered by it.
ticket_sets sets_of(reader const& state, ticket_scope const& scope, direction way,
                    std::optional<alloy::priority> priority = {});
// The same without the text.
ticket_sets sets_beside_text(reader const& state, ticket_scope const& scope, direction way);

} // namespace alloy::projections
