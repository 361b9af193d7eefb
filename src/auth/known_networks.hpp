#pragma once
// From which networks (IPv4: /24, IPv6: /64) somebody has logged in lately: a stranger's wrong passwords do not keep
// the owner out there. Kept beside the log, per user a bounded list of HMACs with the time of the latest login, so that
// neither the log nor the store tells where somebody was. Any thread; rows are the caller's.
#include "core/id.hpp"
#include "core/time.hpp"
#include "core/view.hpp"

namespace alloy::auth {

class known_networks {
 public:
  static constexpr std::size_t networks_max = 16; // of a user; beyond, the one used longest ago is forgotten

  known_networks(std::string const& server_key, std::int64_t days)
      : server_key_(server_key), kept_ms_(days * 86'400'000) {}

  bool knows(reader const& local, uuid const& user, std::string_view address, timestamp at) const;
  // Writes nothing where it is known for less than a day.
  void remember(view& local, uuid const& user, std::string_view address, timestamp at) const;
  static void forget(view& local, uuid const& user);

 private:
  std::string mark_of(uuid const& user, std::string_view address) const;

  std::string server_key_;
  std::int64_t kept_ms_;
};

} // namespace alloy::auth
