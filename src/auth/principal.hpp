#pragma once
// Who is calling, as one credential makes him: what it may do at most, and in which organizations he is what.
// Immutable; remembered per credential until something about it changes.
#include "core/error.hpp"
#include "core/view.hpp"
#include "domain/entities.hpp"
#include "events/envelope.hpp"

#include <vector>

namespace alloy::auth {

struct membership {
  uuid org_id;
  role rank{};
  bool can_view_finance = false;
  timestamp since = {};
};

// How a key is bound, and what an operation lets a bound key do: one that takes keys bound to projects takes those
// bound to an organization, too. A credential that is not bound needs none.
enum class bound_key : std::uint8_t { none, org, project };
BOOST_DESCRIBE_ENUM(bound_key, none, org, project)

struct principal {
  uuid user_id;
  credential kind{};
  uuid credential_id;                       // the session's or the API key's
  scope granted{};                          // each scope includes those before it
  std::vector<std::string> scopes;          // as they were given
  std::optional<timestamp> expires_at = {}; // of the session or the key
  std::optional<uuid> only_org = {};
  std::vector<uuid> only_projects = {};
  // All that can be reached with this credential, the default one first: the one that was joined first; the user's own
  // is it only while there is no other.
  std::vector<membership> orgs;

  membership const* in(uuid const& org) const noexcept;
  // Where a call names no organization. A user always has one: his personal org has his own id.
  std::optional<uuid> default_org() const noexcept;
  bool may_touch_project(uuid const& project) const noexcept;
  bound_key bound_to() const noexcept; // least: what a key must be allowed that is bound as this one is
  events::actor actor() const noexcept { return {user_id, kind, credential_id}; }
};

// Reads what the credential may do now. Nothing where the session or the key has ended, or the user is gone. A session
// ends at `max_age_ms`, whatever it was refreshed to.
std::optional<principal> principal_of_session(reader const& state, uuid const& user_id, uuid const& session_id,
                                              timestamp at, std::int64_t max_age_ms);
std::optional<principal> principal_of_key(reader const& state, std::string_view key_hash, timestamp at);
// The same credential once more, as it stands now.
std::optional<principal> renewed(reader const& state, principal const& who, timestamp at, std::int64_t max_age_ms);

// Whether the credential that made the principal is still there: its session open, its key not deleted, neither
// expired, as `state` has it. Between the look that admitted a request and its turn (in a queue, while it waits,
// between two pieces of a stream) it may have ended. The roles are read anew where they count (api/access/access.hpp).
bool is_in_force(reader const& state, principal const& who, timestamp at);

std::optional<scope> scope_named(std::string_view name) noexcept; // "*" is admin

} // namespace alloy::auth
