#pragma once
// Who may do what to which thing, decided in one place from the operation's row. A thing in an organization that the
// caller is no member of is looked for nowhere, so it cannot be told from one that does not exist.
#include "api/operation.hpp"

namespace alloy::api {

// The scope of the credential against the row. Says nothing about any thing.
result<> admit(operation const& op, auth::principal const& who);

// Finds what the path is about, as it stands or, with `then`, as it stood, and holds the caller's role there against
// the row. `state` is read anew for the role, so that at the head of the log a demotion that came first counts.
// Deliveries of webhooks are not in the state, they are looked up in `deliveries`.
result<subject> find_subject(operation const& op, std::vector<std::string> const& params, decoded_query const& query,
                             auth::principal const& who, reader const& state, reader const& deliveries,
                             projections::past const* then = nullptr);
// The same for a thing that a body names: by id, a ticket also by reference.
result<subject> find_named_subject(operation const& op, table rows, std::string_view text, auth::principal const& who,
                                   reader const& state);

// For calls that name the organization elsewhere (body, query, nowhere): the same rule.
result<subject> enter_org(auth::principal const& who, reader const& state, uuid const& org, role least);

// A key that is bound to projects touches no other; a Reporter writes only where he is assigned.
result<> enter_project(operation const& op, auth::principal const& who, reader const& state, subject const& in,
                       uuid const& project);

// A project's id from its key or a UUID, in one organization.
std::optional<uuid> find_project(reader const& state, uuid const& org, std::string_view text);
// A ticket's id from `KEY-17` or a UUID, in one organization.
std::optional<uuid> find_ticket(reader const& state, uuid const& org, std::string_view text);

} // namespace alloy::api
