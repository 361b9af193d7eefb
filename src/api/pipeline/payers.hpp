#pragma once
// Who is to pay for a command that waits for its turn, found before it is decided. A request names neither the user
// nor, by itself, the organization: the credential does the one, and the other counts only where its user is a member.
#include "api/table/operation.hpp"
#include "commands/turns.hpp"

namespace alloy::api {

// `org` is the one that the request is about (org_meant), nil where it names none. Without a credential the address
// pays.
commands::payer payer_of(operation const& op, request const& asked, uuid const& org, auth::principal const* who);

// The elements of the arrays in a JSON text, 1 at least: what a command on many things names.
std::size_t things_named(std::string_view json) noexcept;

} // namespace alloy::api
