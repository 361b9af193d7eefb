#include "api/pipeline/preconditions.hpp"

#include <algorithm>

namespace alloy::api {

bool names_etag(std::string_view header, std::uint64_t version) {
  std::string const wanted = "\"" + std::to_string(version) + "\"";
  while (!header.empty()) {
    auto one = header.substr(0, header.find(','));
    header.remove_prefix(std::min(header.size(), one.size() + 1));
    while (!one.empty() && (one.front() == ' ' || one.front() == '\t')) one.remove_prefix(1);
    while (!one.empty() && (one.back() == ' ' || one.back() == '\t')) one.remove_suffix(1);
    if (one == "*" || one == wanted || (one.starts_with("W/") && one.substr(2) == wanted)) return true;
  }
  return false;
}

namespace {

// `*`, or entity tags with commas between them (RFC 9110, section 13.1.1).
bool is_etag_list(std::string_view header) {
  for (;;) {
    auto one = header.substr(0, header.find(','));
    header.remove_prefix(std::min(header.size(), one.size() + 1));
    while (!one.empty() && (one.front() == ' ' || one.front() == '\t')) one.remove_prefix(1);
    while (!one.empty() && (one.back() == ' ' || one.back() == '\t')) one.remove_suffix(1);
    if (one.starts_with("W/")) one.remove_prefix(2);
    bool const quoted = one.size() >= 2 && one.front() == '"' && one.back() == '"';
    if (one != "*" && !quoted) return false;
    if (header.empty()) return true;
  }
}

} // namespace

result<> check_preconditions(request const& asked) {
  for (std::string_view const name : {"if-match", "if-none-match"})
    if (auto const given = asked.find_header(name); given && !is_etag_list(*given))
      return error(errc::malformed_header, std::string(name) + " must be * or entity tags in quotes");
  return {};
}

} // namespace alloy::api
