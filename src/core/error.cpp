#include "core/error.hpp"

#include <array>
#include <stdexcept>

namespace alloy {
namespace {

constexpr std::array rows{
    error_row{errc::invalid_json, 400, "invalid_json", "The body is not valid JSON"},
    error_row{errc::malformed_header, 400, "malformed_header", "A header is malformed"},
    error_row{errc::malformed_query, 400, "malformed_query", "The query string is malformed"},
    error_row{errc::malformed_request, 400, "malformed_request", "The request is malformed"},
    error_row{errc::bad_cursor, 400, "bad_cursor", "The cursor does not belong to this list"},
    error_row{errc::unauthenticated, 401, "unauthenticated", "A valid credential is needed"},
    error_row{errc::invalid_credentials, 401, "invalid_credentials", "Email or password is wrong"},
    error_row{errc::token_expired, 401, "token_expired", "The token has expired"},
    error_row{errc::role_too_low, 403, "role_too_low", "Your role does not allow this"},
    error_row{errc::scope_missing, 403, "scope_missing", "The credential lacks the scope for this"},
    error_row{errc::project_not_allowed, 403, "project_not_allowed", "This project is outside your reach"},
    error_row{errc::not_yours, 403, "not_yours", "Only the one whose it is may do this"},
    error_row{errc::key_not_allowed, 403, "key_not_allowed", "A key that is bound may not do this"},
    error_row{errc::fresh_proof_required, 403, "fresh_proof_required",
              "This needs a session that was confirmed lately"},
    error_row{errc::own_entry, 403, "own_entry", "Nobody decides on his own time"},
    error_row{errc::registration_closed, 403, "registration_closed", "Registration is not open on this server"},
    error_row{errc::not_found, 404, "not_found", "There is no such thing here"},
    error_row{errc::method_not_allowed, 405, "method_not_allowed", "This method is not allowed here"},
    error_row{errc::not_acceptable, 406, "not_acceptable", "None of the accepted media types can be served"},
    error_row{errc::already_exists, 409, "already_exists", "It exists already"},
    error_row{errc::ambiguous, 409, "ambiguous", "More than one thing is so named"},
    error_row{errc::in_use, 409, "in_use", "It is in use"},
    error_row{errc::cannot_undo, 409, "cannot_undo", "Later changes stand in the way"},
    error_row{errc::wrong_state, 409, "wrong_state", "Its state does not allow this"},
    error_row{errc::sprint_not_planned, 409, "sprint_not_planned", "Only a planned sprint can be started"},
    error_row{errc::last_owner, 409, "last_owner", "An organization keeps at least one Owner"},
    error_row{errc::entry_locked, 409, "entry_locked", "The time entry is locked"},
    error_row{errc::period_closed, 409, "period_closed", "The period is closed"},
    error_row{errc::quota_exceeded, 409, "quota_exceeded", "There are as many of these as there may be"},
    error_row{errc::currency_fixed, 409, "currency_fixed", "The currency can no longer be changed"},
    error_row{errc::request_in_progress, 409, "request_in_progress", "A request with this key is still running"},
    error_row{errc::version_mismatch, 412, "version_mismatch", "It has changed since you read it"},
    error_row{errc::precondition_required, 428, "precondition_required", "A precondition is needed"},
    error_row{errc::body_too_large, 413, "body_too_large", "The body is too large"},
    error_row{errc::uri_too_long, 414, "uri_too_long", "The request line is too long"},
    error_row{errc::unsupported_media_type, 415, "unsupported_media_type", "The body must be application/json"},
    error_row{errc::validation_failed, 422, "validation_failed", "The request breaks a rule"},
    error_row{errc::digest_mismatch, 422, "digest_mismatch", "What was imported is not what was signed"},
    error_row{errc::transition_not_allowed, 422, "transition_not_allowed", "The workflow does not allow this move"},
    error_row{errc::idempotency_mismatch, 422, "idempotency_mismatch", "This key was used with another request"},
    error_row{errc::rate_limited, 429, "rate_limited", "Too many requests"},
    error_row{errc::headers_too_large, 431, "headers_too_large", "The header fields are too large"},
    error_row{errc::internal, 500, "internal", "Something broke on our side"},
    error_row{errc::not_implemented, 501, "not_implemented", "The server does not know this"},
    error_row{errc::overloaded, 503, "overloaded", "The server has too much to do"},
    error_row{errc::not_yet_visible, 503, "not_yet_visible", "The position asked for is not visible yet"},
    error_row{errc::shutting_down, 503, "shutting_down", "The server is shutting down"},
    error_row{errc::insufficient_storage, 507, "insufficient_storage", "The server's disk is nearly full"},
};

constexpr bool in_step() {
  for (std::size_t i = 0; i < rows.size(); ++i)
    if (rows[i].code != static_cast<errc>(i)) return false;
  return rows.size() == static_cast<std::size_t>(errc::insufficient_storage) + 1;
}
static_assert(in_step(), "row i of the error table must be errc(i)");

} // namespace

error_row const& describe(errc code) noexcept {
  return rows[static_cast<std::size_t>(code)];
}

std::span<error_row const> error_rows() noexcept {
  return rows;
}

error::error(std::vector<fault> f) : code(errc::validation_failed), faults(std::move(f)) {
  detail = faults.size() == 1 ? faults.front().detail : std::to_string(faults.size()) + " faults, listed in errors";
}

error error::of_field(std::string pointer, std::string code, std::string detail) {
  std::vector<fault> one;
  one.push_back({std::move(pointer), std::move(code), std::move(detail)});
  return error(std::move(one));
}

void throw_exception_from_error(error const& e, boost::source_location const& where) {
  throw std::logic_error(std::string("unchecked error ") + std::string(describe(e.code).name) + ": " + e.detail +
                         " at " + where.to_string());
}

} // namespace alloy
