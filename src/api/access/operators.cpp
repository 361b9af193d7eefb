#include "api/access/operators.hpp"

#include "core/local_rows.hpp"

namespace alloy::api {

namespace {

std::string import_row_of(uuid const& org) {
  return local_key(local_row::import_under_way).add(org).str();
}

} // namespace

import_state import_state_of(reader const& local, uuid const& org) {
  std::string row;
  if (!local.get(import_row_of(org), row)) return import_state::none;
  return row.empty() ? import_state::under_way : import_state::cancelled;
}

void set_import_state(view& local, uuid const& org, import_state now) {
  if (now == import_state::none) return local.erase(import_row_of(org));
  local.put(import_row_of(org), now == import_state::cancelled ? "cancelled" : "");
}

bool is_operator(reader const& state, uuid const& user) {
  return state.has(domain::key_of<domain::operator_>(identity_tenant, user));
}

bool may_operate(write_context const& c) {
  return is_operator(c.state(), c.who->user_id);
}

} // namespace alloy::api
