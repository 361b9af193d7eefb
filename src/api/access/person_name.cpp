#include "api/access/person_name.hpp"

#include "domain/history.hpp"

namespace alloy::api {

std::string person_name(reader const& state, reader const& local, auth::pii_store const& people, uuid const& org,
                        uuid const& user) {
  auto const u = domain::find<domain::user>(state, identity_tenant, user);
  bool const belongs = u && (state.has(domain::key_of<domain::member>(org, user)) ||
                             domain::has_history(state, org, entity::member, user));
  return (belongs ? people.open(local, user, u->display_name_sealed) : std::nullopt)
      .value_or(std::string(auth::former_user));
}

} // namespace alloy::api
