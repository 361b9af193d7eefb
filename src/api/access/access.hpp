#pragma once
// Who may do what to which thing, decided in one place from the operation's row. A thing in an organization that the
// caller is no member of is looked for nowhere, so it cannot be told from one that does not exist.
#include "api/table/operation.hpp"

namespace alloy::api {

// The scope of the credential, and what it is bound to, against the row. Says nothing about any thing.
result<> admit(operation const& op, auth::principal const& who);

// What the query's `org_id` means where operation::takes_org(): an organization of the caller, by id or slug.
result<uuid> find_org_asked(auth::principal const& who, reader const& state, std::string_view text);

// The one of the caller's organizations that a request is about, as far as it can be told without its body; for
// counting only: whether they may is not looked at.
std::optional<uuid> org_meant(operation const& op, std::vector<std::string> const& params,
                              std::optional<uuid> const& org, auth::principal const& who, reader const& state,
                              reader const& deliveries);

// Finds what the path is about, as it stands or, with `then`, as it stood, and holds the caller's role there against
// the row. `state` is read anew for the role, so that at the head of the log a demotion that came first counts.
// Deliveries of webhooks are not in the state, they are looked up in `deliveries`.
// It is looked for in `org`, where that was asked for, else in every organization that the credential reaches; what is
// found in two of them is nobody's guess: 409 `ambiguous` with the candidates.
result<subject> resolve_resource(operation const& op, std::vector<std::string> const& params,
                                 std::optional<uuid> const& org, auth::principal const& who, reader const& state,
                                 reader const& deliveries, projections::past const* then = nullptr);
// The same for a thing that a body names: by id, a ticket also by reference.
result<subject> find_named_subject(operation const& op, table rows, std::string_view text,
                                   std::optional<uuid> const& org, auth::principal const& who, reader const& state);
// The organizations to look in: the one that was asked for, else all that the credential reaches.
std::vector<uuid> orgs_to_look_in(std::optional<uuid> const& org, auth::principal const& who);

// What one name means in several organizations; refused with what it could mean.
struct candidate {
  uuid org, id;
  std::string reference = {}; // of a ticket
};
error ambiguous(reader const& state, std::string_view name, std::vector<candidate> const& found);

// For calls that name the organization elsewhere (body, query, nowhere): the same rule.
result<subject> authorize_org(auth::principal const& who, reader const& state, uuid const& org, role least);

// What a handler takes beyond its row's role, once it sees what the request means: the role, and from Admin on the
// scope that a row of such a role takes. The plan says it in `least`, too, so that a retry is held to it.
result<> require_role(auth::principal const& who, subject const& in, role least);

// A key that is bound to projects touches no other; a Reporter writes only where he is assigned.
result<> authorize_project(operation const& op, auth::principal const& who, reader const& state, subject const& in,
                           uuid const& project);

// A project's id from its key, in upper or lower case, or a UUID, in one organization.
std::optional<uuid> find_project(reader const& state, uuid const& org, std::string_view text);
std::string as_project_key(std::string_view text); // in upper case, as keys are kept
// A ticket's id from `KEY-17`, in upper or lower case, or a UUID, in one organization.
std::optional<uuid> find_ticket(reader const& state, uuid const& org, std::string_view text);

} // namespace alloy::api
