#include "cli/session.hpp"

#include "cli/terminal.hpp"
#include "core/id.hpp"

#include <cstdlib>

namespace alloy::cli {
namespace {

namespace json = boost::json;

std::string from_environment(char const* name) {
  auto const* const value = std::getenv(name);
  return value ? value : "";
}

exit_code code_for(unsigned status) {
  switch (status) {
  case 401:
  case 403: return no_access;
  case 404: return not_found;
  case 409:
  case 412: return conflict;
  case 429: return limited;
  default: return status >= 500 ? server_failed : usage;
  }
}

// What whoever typed it can do about it.
std::string hint_for(unsigned status, std::string const& code, std::string const& retry_after) {
  if (code == "token_expired") return "log in again: alloy auth login --email YOU";
  if (status == 401) return "log in: alloy auth login --email YOU, or set ALLOY_API_TOKEN to an API key";
  if (code == "scope_missing")
    return "this key may not do that; make one with the scope: alloy auth api-key create --scopes ...";
  if (code == "fresh_proof_required") return "log in, or give the password again: alloy auth confirm";
  if (code == "ambiguous") return "say which: --org SLUG, or once and for all: alloy org use SLUG";
  if (code == "role_too_low") return "ask an Admin or Owner of the organization";
  if (status == 403) return "`alloy auth me` shows who you are and where you are what";
  if (status == 404) return "look at its spelling, and at `alloy auth me` for where you belong";
  if (code == "version_mismatch") return "somebody changed it meanwhile; read it again and repeat with its version";
  if (status == 429 || status == 503)
    return retry_after.empty() ? "try again in a moment" : "try again in " + retry_after + " s";
  if (status >= 500) return "the server's log says more under the request's id";
  return {};
}

} // namespace

std::string text_in(json::object const& o, std::string_view name) {
  auto const* const found = o.if_contains(name);
  return found && found->is_string() ? std::string(std::string_view(found->as_string())) : std::string();
}

session::session(session_settings s) : set_(std::move(s)) {
  token_ = from_environment("ALLOY_API_TOKEN");
  server_ = !set_.server.empty() ? set_.server : from_environment("ALLOY_API_URL");
  if (token_.empty() || server_.empty()) profile_ = load_profile(set_.profile_name);
  bool const is_of_profile = server_.empty() || server_ == profile_.server;
  if (server_.empty()) server_ = profile_.server.empty() ? server_default : profile_.server;
  // A token goes nowhere but to the server that gave it.
  if (token_.empty() && is_of_profile && !profile_.access_token.empty()) {
    token_ = profile_.access_token;
    token_is_kept_ = true;
  }
  auto const base = parse_web_url(server_);
  if (!base) throw cli_error(usage, server_ + " is no URL of a server", "it has the form https://alloy.example.com");
  client_ = std::make_unique<client::http_client>(
      *base, client::http_client_settings{from_environment("ALLOY_API_CA_FILE"), set_.connect_timeout_s});
}

void session::keep() {
  save_profile(set_.profile_name, profile_);
  token_ = profile_.access_token;
  token_is_kept_ = true;
}

client::http_answer session::send(client::http_request r, bool is_open,
                                  client::http_client::piece_taker const& on_piece) {
  auto a = try_send(std::move(r), is_open, on_piece);
  if (!a.is_success()) refuse(a);
  return a;
}

client::http_answer session::try_send(client::http_request r, bool is_open,
                                      client::http_client::piece_taker const& on_piece) {
  if (!is_open && token_.empty())
    throw cli_error(no_access, "nobody is logged in at " + server_,
                    "alloy auth login --email YOU, or set ALLOY_API_TOKEN to an API key");
  bool const has_accept =
      std::any_of(r.headers.begin(), r.headers.end(), [](auto const& h) { return h.first == "Accept"; });
  if (!has_accept) r.headers.emplace_back("Accept", "application/json, */*;q=0.1");
  auto const plain = r.headers;
  for (bool renewed = false;; renewed = true) {
    r.headers = plain;
    if (!is_open) r.headers.emplace_back("Authorization", "Bearer " + token_);
    client::http_answer a;
    try {
      a = client_->send(r, on_piece);
    } catch (client::unreachable const& why) {
      throw cli_error(no_network, "no answer from " + std::string(why.what()),
                      "is it running? start one with `alloy serve`, or name another: --server URL or ALLOY_API_URL");
    }
    if (a.status != 401 || is_open || renewed || !renew()) return a;
  }
}

// A session that has run out is renewed once, if it is the profile's.
bool session::renew() {
  if (!token_is_kept_ || profile_.refresh_token.empty()) return false;
  client::http_request r{
      "POST", "/api/v1/auth/refresh", {{"Content-Type", "application/json"}, {"Accept", "application/json"}}};
  r.body = json::serialize(json::object{{"refresh_token", profile_.refresh_token}});
  client::http_answer a;
  try {
    a = client_->send(r);
  } catch (client::unreachable const&) {
    return false;
  }
  if (!a.is_success()) return false;
  auto const fresh = json::parse(a.body).as_object();
  profile_.access_token = text_in(fresh, "access_token");
  profile_.refresh_token = text_in(fresh, "refresh_token");
  keep();
  return true;
}

void session::refuse(client::http_answer const& a) const {
  auto const shown = [](json::object const& o, std::string_view name) { return plain_text(text_in(o, name)); };
  boost::system::error_code ec;
  auto const document = json::parse(a.body, ec);
  auto const* const problem = ec ? nullptr : document.if_object();
  if (!problem)
    throw cli_error(code_for(a.status), server_ + " answered " + std::to_string(a.status) + " and no reason",
                    "is it a server of Alloy? its URL is " + server_);
  auto const code = shown(*problem, "code"), detail = shown(*problem, "detail");
  std::string words = shown(*problem, "title");
  if (!detail.empty()) words += ": " + detail;
  if (!code.empty()) words += " (" + code + ")";
  if (auto const* const faults = problem->if_contains("errors"); faults && faults->is_array())
    for (auto const& one : faults->as_array())
      if (auto const* const f = one.if_object())
        words += "\n  " + shown(*f, "pointer") + ": " + shown(*f, "detail") + " (" + shown(*f, "code") + ")";
  if (auto const* const found = problem->if_contains("candidates"); found && found->is_array())
    for (auto const& one : found->as_array())
      if (auto const* const c = one.if_object())
        words +=
            "\n  " + padded(shown(*c, "slug"), 20) + "  " + padded(shown(*c, "reference"), 12) + "  " + shown(*c, "id");
  if (a.status >= 500) words += "\n  request " + shown(*problem, "request_id");
  throw cli_error(code_for(a.status), words, hint_for(a.status, code, plain_text(a.header("retry-after"))));
}

json::value session::get(std::string const& target) {
  return json::parse(send({"GET", target}).body);
}

json::array session::all(std::string const& target) {
  json::array found;
  std::string cursor;
  for (;;) {
    auto const page = get(target + (target.find('?') == std::string::npos ? "?" : "&") + "limit=200" +
                          (cursor.empty() ? "" : "&cursor=" + percent_encoded(cursor)));
    if (page.is_array()) return page.as_array();
    for (auto const& one : page.at("items").as_array()) found.push_back(one);
    auto const& next = page.at("next_cursor");
    if (!next.is_string()) return found;
    cursor = std::string(std::string_view(next.as_string()));
  }
}

json::object const& session::me() {
  if (me_.empty()) me_ = get("/api/v1/auth/me").as_object();
  return me_;
}

} // namespace alloy::cli
