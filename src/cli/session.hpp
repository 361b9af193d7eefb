#pragma once
// Talks to the server as the caller of the profile: token, retries that are safe, refreshed sessions, and what a
// refusal means for whoever typed the command. One thread.
#include "cli/cli_error.hpp"
#include "cli/profile.hpp"
#include "client/http_client.hpp"

#include <boost/json.hpp>

namespace alloy::cli {

// A member that is a text; empty where there is none. As the server sent it: plain_text() makes it fit for a terminal.
std::string text_in(boost::json::object const& o, std::string_view name);

struct session_settings {
  std::string profile_name = "default";
  std::string server = {}; // --server; empty: ALLOY_API_URL, the profile's, the default
  int connect_timeout_s = 10;
};

class session {
 public:
  explicit session(session_settings s);

  // The answer of a success; other answers are thrown as failure. Without a token only where `is_open`.
  client::http_answer send(client::http_request r, bool is_open = false,
                           client::http_client::piece_taker const& on_piece = {});
  // The same, but a refusal is an answer, too.
  client::http_answer try_send(client::http_request r, bool is_open = false,
                               client::http_client::piece_taker const& on_piece = {});
  [[noreturn]] void refuse(client::http_answer const& a) const;
  boost::json::value get(std::string const& target);
  // All items of a list, over all its pages.
  boost::json::array all(std::string const& target);

  profile& kept() noexcept { return profile_; }
  void keep(); // writes the profile
  std::string const& server() const noexcept { return server_; }
  bool is_of_profile() const noexcept { return token_is_kept_; } // the token; else of the environment
  // GET /auth/me, asked once.
  boost::json::object const& me();

 private:
  bool renew();

  session_settings set_;
  profile profile_;
  std::string server_, token_;
  bool token_is_kept_ = false; // in the profile, with what renews it
  std::unique_ptr<client::http_client> client_;
  boost::json::object me_;
};

} // namespace alloy::cli
