#pragma once
// What can go wrong in business, one row per failure: code on the wire, HTTP status, title (RFC 9457).
// Expected failures travel as result<T>; exceptions mean a bug or a broken machine. Values, any thread.
#include <boost/system/result.hpp>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace alloy {

enum class errc : std::uint8_t {
  invalid_json,
  malformed_header,
  malformed_query,
  malformed_request,
  bad_cursor,
  unauthenticated,
  invalid_credentials,
  token_expired,
  role_too_low,
  scope_missing,
  project_not_allowed,
  not_yours,
  key_not_allowed,
  fresh_proof_required,
  own_entry,
  registration_closed,
  not_found,
  method_not_allowed,
  not_acceptable,
  already_exists,
  ambiguous,
  in_use,
  cannot_undo,
  wrong_state,
  sprint_not_planned,
  last_owner,
  entry_locked,
  period_closed,
  quota_exceeded,
  currency_fixed,
  request_in_progress,
  version_mismatch,
  precondition_required,
  body_too_large,
  uri_too_long,
  unsupported_media_type,
  validation_failed,
  digest_mismatch,
  transition_not_allowed,
  idempotency_mismatch,
  rate_limited,
  headers_too_large,
  internal,
  not_implemented,
  overloaded,
  not_yet_visible,
  shutting_down,
  insufficient_storage,
};

struct error_row {
  errc code;
  unsigned status;
  std::string_view name, title;
};

// The row of a code: its status, its name on the wire and its title.
error_row const& describe(errc code) noexcept;
std::span<error_row const> error_rows() noexcept;

// One fault of a request's body or query: RFC 6901 pointer (or the parameter's name), code, words.
struct fault {
  std::string pointer, code, detail;
};

struct error {
  errc code = errc::internal;
  std::string detail = {};
  std::vector<fault> faults = {};
  std::string members = {};   // further members of the problem document as JSON, `"from":"A","to":"B"`
  unsigned retry_after_s = 0; // 0: no Retry-After

  error() = default;
  error(errc c, std::string d = {}, std::string m = {}) : code(c), detail(std::move(d)), members(std::move(m)) {}
  explicit error(std::vector<fault> f);
  // A single fault of one field.
  static error of_field(std::string pointer, std::string code, std::string detail);
};

template <class T = void> using result = boost::system::result<T, error>;

// Needed by boost::system::result when value() meets an error nobody checked: a bug, so it throws.
[[noreturn]] void throw_exception_from_error(error const& e, boost::source_location const& where);

} // namespace alloy
