#pragma once
// Cross-origin access (the Fetch standard's CORS protocol) for browsers on other origins. Off unless an origin is
// allowed. No credentials mode: Alloy knows bearer tokens, never cookies. Immutable, any thread.
#include "http/message.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace alloy::http {

class cors_policy {
 public:
  explicit cors_policy(std::vector<std::string> allowed_origins);

  bool is_on() const noexcept { return any_ || !origins_.empty(); }
  // What Access-Control-Allow-Origin says to this origin: empty if it is not allowed.
  std::string_view answer_to(std::string_view origin) const noexcept;
  // Appends what an ordinary answer carries, each line ended by CRLF.
  void append_headers(std::string& head, std::string_view origin) const;

  static bool is_preflight(request const& asked) noexcept;
  static response preflight_answer();

 private:
  std::vector<std::string> origins_;
  bool any_ = false;
};

} // namespace alloy::http
