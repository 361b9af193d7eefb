#pragma once
// What commands that work on a store show to people.
#include "core/base64.hpp"
#include "projections/replay.hpp"

namespace alloy {

// At most a line a second, and only to people.
projections::progress progress_line(char const* what);

inline std::string hex(crypto::digest const& d) {
  return encode_hex(crypto::view_of(d));
}

} // namespace alloy
