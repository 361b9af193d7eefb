#pragma once
// Which server, and as whom: a file of the user's, readable by nobody else. ALLOY_API_URL and ALLOY_API_TOKEN win.
#include <boost/describe.hpp>

#include <optional>
#include <string>

namespace alloy::cli {

struct profile {
  std::string server = {}, access_token = {}, refresh_token = {}, org = {}, email = {};
};
BOOST_DESCRIBE_STRUCT(profile, (), (server, access_token, refresh_token, org, email))

inline constexpr char const* server_default = "http://localhost:3000";

// $XDG_CONFIG_HOME/alloy/NAME.json, else ~/.config/alloy/NAME.json.
std::string profile_path(std::string const& name);
// An empty one where there is no file. Throws failure where it cannot be read or others may read it.
profile load_profile(std::string const& name);
void save_profile(std::string const& name, profile const& p); // 0600, replaced as a whole

} // namespace alloy::cli
