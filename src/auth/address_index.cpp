#include "auth/address_index.hpp"

#include "core/identifier.hpp"
#include "domain/entities.hpp"

#include <algorithm>
#include <map>
#include <tuple>

namespace alloy::auth {
namespace {

struct account {
  uuid id;
  timestamp created_at;
  std::string email;
};

// The oldest first.
std::vector<account> accounts_of(pii_store const& of, reader const& state, reader const& local) {
  std::vector<account> all;
  auto const prefix = key(identity_tenant, table::user).str();
  state.scan(prefix, after_prefix(prefix), direction::ascending, [&](std::string_view, std::string_view stored) {
    auto const u = json::stored<domain::user>(domain::row::json_of(stored));
    if (auto email = u.erased_at ? std::nullopt : of.open(local, u.id, u.email_sealed))
      all.push_back({u.id, u.created_at, std::move(*email)});
    return true;
  });
  std::ranges::sort(all, [](account const& a, account const& b) {
    return std::tie(a.created_at, a.id) < std::tie(b.created_at, b.id);
  });
  return all;
}

std::vector<shared_address> shared_by(std::vector<account> const& accounts) {
  std::map<std::string, std::vector<uuid>> by_address;
  for (auto const& a : accounts) by_address[fold_address(a.email)].push_back(a.id);
  std::vector<shared_address> shared;
  for (auto& [address, users] : by_address)
    if (users.size() > 1) shared.push_back({std::move(users)});
  return shared;
}

} // namespace

std::vector<shared_address> shared_addresses(pii_store const& of, reader const& state, reader const& local) {
  return shared_by(accounts_of(of, state, local));
}

std::optional<std::vector<shared_address>> index_addresses(pii_store const& of, reader const& state, view& local) {
  if (pii_store::addresses_are_indexed(local)) return std::nullopt;
  auto const accounts = accounts_of(of, state, local);
  of.drop_addresses(local);
  for (auto const& a : accounts) of.remember_email(local, a.email, a.id);
  pii_store::note_addresses_indexed(local);
  return shared_by(accounts);
}

} // namespace alloy::auth
