#include "api/access/live_permission.hpp"

#include "api/access/access.hpp"
#include "api/access/identity.hpp"

namespace alloy::api {

live_permission right_of(read_context const& c) {
  auto params = c.params;
  params.front() = to_string(c.subject.org); // a slug may come to mean another one
  return [&op = c.op, &with = c.with, &state = c.state, params = std::move(params),
          credential = std::string(c.asked.header("authorization"))]() -> result<> {
    auto const at = now();
    auto const who = with.identity.authenticate(credential, state, at);
    if (!who) return who.error();
    // What is remembered of credentials is forgotten just after a commit; the state has it with the commit.
    if (!auth::is_in_force(state, **who, at))
      return error(errc::unauthenticated, "the session or the key has ended; log in again");
    if (auto admitted = admit(op, **who); !admitted) return admitted.error();
    auto const about = resolve_resource(op, params, {}, **who, state, with.deliveries);
    if (!about) return about.error();
    return {};
  };
}

} // namespace alloy::api
