#include "api/operators.hpp"

#include "core/local_rows.hpp"

namespace alloy::api {

std::string import_row_of(uuid const& org) {
  return local_key(local_row::import_under_way).add(org).str();
}

bool is_operator(reader const& state, uuid const& user) {
  return state.has(domain::key_of<domain::operator_>(identity_tenant, user));
}

bool may_operate(write_call const& c) {
  return is_operator(c.state(), c.who->user_id);
}

} // namespace alloy::api
