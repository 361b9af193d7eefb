#pragma once
// How somebody is called in an organization.
#include "auth/pii_store.hpp"

namespace alloy::api {

// The display name of who is or was a member. `former_user` for who was erased, and for who never was one: an import
// may name the id of anybody on this server, and must not make their name known.
std::string person_name(reader const& state, reader const& local, auth::pii_store const& people, uuid const& org,
                        uuid const& user);

} // namespace alloy::api
