#include "api/operators.hpp"

namespace alloy::api {

std::string import_row_of(uuid const& org) {
  return "h" + std::string(org.view());
}

bool is_operator(reader const& state, uuid const& user) {
  return state.has(domain::key_of<domain::operator_>(identity_tenant, user));
}

bool may_operate(write_call const& c) {
  return is_operator(c.state(), c.who->user_id);
}

} // namespace alloy::api
