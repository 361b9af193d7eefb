#pragma once
// Passwords: which are accepted, and how they are kept: Argon2id (RFC 9106) as PHC strings
// `$argon2id$v=19$m=19456,t=2,p=1$<salt>$<hash>`. Hashing and verifying take some 30 ms and 19 MiB: call them on the
// pool of passwords, never on an I/O thread. Otherwise any thread.
#include "core/error.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace alloy::auth {

struct password_cost {
  std::uint32_t memory_kib = 19456;
  std::uint32_t passes = 2;
  std::uint32_t lanes = 1;
  bool operator==(password_cost const&) const = default;
};

// The rule for a new password: of valid UTF-8, as long as domain::new_password says, not blank, without U+0000, not
// among the common ones, and not the person's own e-mail address or little more than the name before its @, in any case
// of letters. No rule on its composition. `pointer` names the field in the error (RFC 6901).
result<> check_new_password(std::string_view password, std::string_view email, std::string_view pointer = "/password");

std::string hash_password(std::string_view password, password_cost cost = {});

// False for a wrong password, and for a text that is no such hash or asks for more than 1 GiB.
bool verify_password(std::string_view password, std::string_view phc);

// Works as long as verify_password with today's cost and then says nothing: for accounts that do not exist.
void verify_nothing(std::string_view password);

// Whether a hash was made at another cost than today's, so that the next login should replace it.
bool needs_rehash(std::string_view phc, password_cost cost = {});

} // namespace alloy::auth
