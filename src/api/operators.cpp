#include "api/operators.hpp"

#include "core/local_rows.hpp"

#include <algorithm>

namespace alloy::api {

std::string import_row_of(uuid const& org) {
  return local_key(local_row::import_under_way).add(org).str();
}

bool may_operate(write_call const& c) {
  auto const& named = c.with.config.operators;
  if (!named.empty())
    return std::ranges::any_of(named, [&](auto const& email) {
      return c.with.people.find_by_email(c.head.local, email_rule::normal(email)) == c.who->user_id;
    });
  std::size_t users = 0;
  auto const prefix = key(identity_tenant, table::user).str();
  c.state().scan(prefix, after_prefix(prefix), direction::ascending, [&](std::string_view, std::string_view row) {
    // One that an import named has no way in, so it is no user.
    if (!json::stored<domain::user>(domain::row::json_of(row)).password_hash.empty()) ++users;
    return users < 2;
  });
  return users == 1;
}

} // namespace alloy::api
