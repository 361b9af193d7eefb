#pragma once
// Lists of tickets: one planner picks the index that leaves the fewest rows, the rest of the filter is held against the
// documents themselves.
#include "domain/entities.hpp"
#include "projections/page.hpp"

namespace alloy::projections {

enum class ticket_order : std::uint8_t { created_at, updated_at, priority, number };
BOOST_DESCRIBE_ENUM(ticket_order, created_at, updated_at, priority, number)

// What a field may be: one of `any`, or absent where `none` is set.
struct id_filter {
  std::vector<uuid> any;
  bool none = false;
  bool matches(std::optional<uuid> const& id) const noexcept;
  bool operator==(id_filter const&) const = default;
};

struct ticket_filter {
  std::vector<std::string> status;
  std::vector<alloy::category> category;
  std::vector<alloy::priority> priority;
  std::optional<id_filter> assignee, sprint;
  std::vector<uuid> reporter, label;
  std::optional<timestamp> updated_since, created_since;
  std::optional<date> due_before;

  bool matches(domain::ticket const& t) const;
};

struct ticket_query {
  uuid tenant, project;
  ticket_filter filter;
  ticket_order order = ticket_order::created_at;
  direction way = direction::ascending;
};

page list_tickets(reader const& state, ticket_query const& q, page_request const& ask);

} // namespace alloy::projections
