#pragma once
// The way from an address to its user, made anew at a start where another rule made it: older versions told addresses
// apart that are the same (JÖRG@ and jörg@). Every user's sealed address is opened. Of several who have one, the oldest
// account keeps it; the others are found by what they wrote, to the byte. One thread; before commands are taken.
#include "auth/pii_store.hpp"

#include <vector>

namespace alloy::auth {

struct shared_address {
  std::vector<uuid> users; // the oldest first: it has the address
};

// Who have an address that is the same; of users who were not erased. Throws std::runtime_error where an address cannot
// be opened with this server's key.
std::vector<shared_address> shared_addresses(pii_store const& of, reader const& state, reader const& local);

// Nothing where the index is of this version's rule.
std::optional<std::vector<shared_address>> index_addresses(pii_store const& of, reader const& state, view& local);

} // namespace alloy::auth
