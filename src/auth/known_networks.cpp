#include "auth/known_networks.hpp"

#include "auth/ip_prefix.hpp"
#include "core/crypto.hpp"
#include "core/derived_key.hpp"
#include "core/local_rows.hpp"

#include <algorithm>
#include <vector>

namespace alloy::auth {
namespace {

constexpr std::size_t mark_size = 16;
constexpr std::int64_t renewed_after_ms = 86'400'000;

local_key row_of(uuid const& user) {
  return local_key(local_row::known_networks).add(user);
}

struct visit {
  std::string mark;
  std::int64_t at_ms = 0;
};

std::vector<visit> visits_of(reader const& local, uuid const& user) {
  std::string row;
  std::vector<visit> found;
  if (!local.get(row_of(user), row)) return found;
  for (std::string_view left = row; left.size() >= mark_size + 8; left.remove_prefix(mark_size + 8))
    found.push_back(
        {std::string(left.substr(0, mark_size)), static_cast<std::int64_t>(big_endian_u64(left.substr(mark_size)))});
  return found;
}

} // namespace

std::string known_networks::mark_of(uuid const& user, std::string_view address) const {
  auto const from = login_network_of(address);
  std::string text = "network\n" + std::string(user.view());
  text.append(from.begin(), from.end());
  return std::string(
      crypto::view_of(crypto::hmac_sha256(crypto::derived_key(server_key_, crypto::key_use::known_networks), text))
          .substr(0, mark_size));
}

bool known_networks::knows(reader const& local, uuid const& user, std::string_view address, timestamp at) const {
  auto const visits = visits_of(local, user);
  auto const found = std::ranges::find(visits, mark_of(user, address), &visit::mark);
  return found != visits.end() && found->at_ms > at.ms - kept_ms_;
}

void known_networks::remember(view& local, uuid const& user, std::string_view address, timestamp at) const {
  auto visits = visits_of(local, user);
  auto const mark = mark_of(user, address);
  auto const found = std::ranges::find(visits, mark, &visit::mark);
  if (found != visits.end() && found->at_ms > at.ms - renewed_after_ms) return;
  if (found != visits.end()) visits.erase(found);
  std::erase_if(visits, [&](visit const& one) { return one.at_ms <= at.ms - kept_ms_; });
  visits.insert(visits.begin(), {mark, at.ms});
  if (visits.size() > networks_max) visits.resize(networks_max);
  std::string row;
  for (auto const& one : visits) {
    row += one.mark;
    append_u64(row, static_cast<std::uint64_t>(one.at_ms));
  }
  local.put(row_of(user), row);
}

void known_networks::forget(view& local, uuid const& user) {
  local.erase(row_of(user));
}

} // namespace alloy::auth
