#include "api/access/fresh_proof.hpp"

#include <algorithm>

namespace alloy::api {

result<> require_session(auth::principal const& who) {
  if (who.kind == credential::session) return {};
  return error(errc::fresh_proof_required, "an API key cannot do this; log in, for it takes a session");
}

result<> require_fresh_proof(reader const& state, auth::principal const& who, std::int64_t confirm_seconds,
                             timestamp at) {
  if (auto in = require_session(who); !in) return in;
  auto const s = domain::find<domain::session>(state, identity_tenant, who.credential_id);
  if (!s || !s->open) return error(errc::unauthenticated, "the session has ended; log in again");
  timestamp const given{s->created_at.ms + confirm_seconds * 1000};
  if (std::max(given, s->confirmed_until.value_or(given)) > at) return {};
  return error(errc::fresh_proof_required,
               "this takes a fresh proof that it is you: POST /api/v1/auth/confirm with your password, then try again");
}

} // namespace alloy::api
