#include "api/pipeline/payers.hpp"

#include "auth/ip_prefix.hpp"

#include <algorithm>

namespace alloy::api {
namespace {

constexpr std::string_view json_type = "application/json", lines_type = "application/x-ndjson";
constexpr unsigned depth_max = 64; // what is deeper counts as what it stands in

} // namespace

std::size_t things_named(std::string_view json) noexcept {
  std::uint64_t in_array = 0; // a bit for each level
  unsigned depth = 0;
  std::size_t commas = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    char const c = json[i];
    if (quoted) {
      if (c == '\\')
        ++i;
      else
        quoted = c != '"';
    } else if (c == '"') {
      quoted = true;
    } else if (c == '[' || c == '{') {
      if (depth < depth_max) in_array = in_array << 1 | (c == '[' ? 1u : 0u);
      ++depth;
    } else if ((c == ']' || c == '}') && depth > 0) {
      --depth;
      if (depth < depth_max) in_array >>= 1;
    } else if (c == ',') {
      commas += in_array & 1;
    }
  }
  return commas + 1;
}

commands::payer payer_of(operation const& op, request const& asked, uuid const& org, auth::principal const* who) {
  commands::payer by;
  if (op.body_type == json_type) by.cost = things_named(asked.body);
  if (op.body_type == lines_type)
    by.cost = 1 + static_cast<std::size_t>(std::count(asked.body.begin(), asked.body.end(), '\n'));
  if (who) {
    by.user = who->user_id;
    by.org = org;
    if (org.is_nil())
      for (auto const& m : who->orgs) by.orgs.push_back(m.org_id);
  } else {
    by.user.bytes = auth::network_of(asked.peer);   // no user's id is an address
    if (by.user.is_nil()) by.user.bytes.back() = 1; // nobody knows from where: those share one part
  }
  return by;
}

} // namespace alloy::api
