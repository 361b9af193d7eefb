#include "mcp/http_endpoint.hpp"

#include "api/table/query.hpp"
#include "auth/ip_prefix.hpp"
#include "core/base64.hpp"
#include "core/crypto.hpp"
#include "core/exceptions.hpp"
#include "core/fault_point.hpp"
#include "core/web_url.hpp"
#include "mcp/message_stream.hpp"

#include <algorithm>
#include <thread>

namespace alloy::mcp {
namespace {

constexpr std::string_view json_type = "application/json", stream_type = "text/event-stream", path = "/mcp";

api::reply plain(unsigned status, std::string body, std::string_view type = json_type) {
  api::reply r;
  r.status = status;
  r.content_type = type;
  r.body = std::move(body);
  r.route = path;
  return r;
}

api::reply refusal(unsigned status, std::string_view why) {
  return plain(status, error_text(nullptr, code::invalid_request, why));
}

bool is_loopback(std::string_view host) {
  return host == "localhost" || host == "127.0.0.1" || host == "::1" || host == "[::1]";
}

// A name that a page could have made its own; an address cannot be made to mean another machine.
bool is_name(std::string_view host) {
  return host.find_first_not_of("0123456789.") != std::string_view::npos && !host.starts_with('[');
}

std::string_view host_in(std::string_view authority) {
  if (authority.starts_with('[')) return authority.substr(0, authority.find(']') + 1);
  return authority.substr(0, authority.find(':'));
}

// =?base64?...?= carries what a header cannot.
std::string decoded(std::string_view value) {
  constexpr std::string_view begin = "=?base64?", end = "?=";
  if (!value.starts_with(begin) || !value.ends_with(end) || value.size() < begin.size() + end.size())
    return std::string(value);
  auto const bytes = decode_base64(value.substr(begin.size(), value.size() - begin.size() - end.size()));
  return bytes.value_or(std::string(value));
}

// What a modern request's headers must repeat of its body; empty where they do.
std::string mismatch(api::request const& asked, json::object const& request) {
  auto const method = find_text(request, "method");
  auto const* const params = find_object(request, "params");
  auto const version = asked.find_header("mcp-protocol-version"), named = asked.find_header("mcp-method"),
             name = asked.find_header("mcp-name");
  if (!version) return "MCP-Protocol-Version must be there";
  if (!named) return "Mcp-Method must be there";
  if (*named != method) return "Mcp-Method does not say what the body says";
  auto const* const member = method == "tools/call" || method == "prompts/get" ? "name"
                             : method == "resources/read"                      ? "uri"
                                                                               : nullptr;
  if (!member) return {};
  if (!name) return "Mcp-Name must be there";
  return params && decoded(*name) == find_text(*params, member) ? std::string()
                                                                : "Mcp-Name does not say what the body says";
}

bool accepts(std::string_view accept, std::string_view type) {
  return accept.empty() || accept.find(type) != std::string_view::npos || accept.find("*/*") != std::string_view::npos;
}

std::map<std::string, std::string, std::less<>> options_of(std::string_view query) {
  auto const decoded_pairs = api::decode_query(query);
  if (!decoded_pairs) return {};
  return {decoded_pairs->begin(), decoded_pairs->end()};
}

} // namespace

struct http_endpoint::job {
  api::request asked;
  responder done;
  std::shared_ptr<caller_gate::taken> counted;
};

http_endpoint::http_endpoint(server& s, endpoint_settings with)
    : server_(s), set_(std::move(with)), session_key_(crypto::random_bytes(32)),
      pool_({.workers = static_cast<unsigned>(set_.workers),
             .queue_max = set_.queue_max,
             .queue_per_caller_max = set_.queue_per_user_max,
             // A call may wait for what its client is asked, or for a turn elsewhere.
             .at_once_per_caller_max = static_cast<unsigned>(std::max<std::size_t>(2, set_.workers) - 1),
             .at_work_max = std::max(1U, std::thread::hardware_concurrency()),
             .jobs = "messages",
             .whose = set_.needs_credential ? "user" : "address",
             .counted = set_.counted}) {}

http_endpoint::~http_endpoint() {
  is_stopping_ = true;
  pool_.stop();
}

// Who asks comes before anything that looks at the message; each user waits for their own turn.
void http_endpoint::handle(api::request&& asked, responder told) {
  auto const counted = std::make_shared<caller_gate::taken>();
  responder done = [gate = set_.gate, counted, told = std::move(told)](api::reply&& r) {
    if (gate) gate->append_headers(r.headers, *counted);
    told(std::move(r));
  };
  if (auto refused = refuse(asked, *counted)) return done(std::move(*refused));
  auto const who = caller_of(asked, *counted);
  if (!who) return done(refusal_of(who.error(), !asked.header("authorization").empty()));
  if (auto refused = refuse_form(asked)) return done(std::move(*refused));
  if (asked.room && set_.needs_credential && !asked.room->has_room_for(auth::network_of(asked.peer), *who, {})) {
    error unread(errc::overloaded, "too many bytes of answers to this address or user wait to be read");
    unread.retry_after_s = 1;
    return done(refusal_of(unread, false));
  }
  if (set_.needs_credential)
    done = [to = std::move(done), user = *who](api::reply&& r) {
      r.user.bytes = user;
      to(std::move(r));
    };
  auto const j = std::make_shared<job>(job{std::move(asked), std::move(done), counted});
  if (auto queued = pool_.submit(*who, [this, j] { work(*j); }); !queued) j->done(refusal_of(queued.error(), false));
}

void http_endpoint::work(job& j) {
  if (is_stopping_) return j.done(refusal(503, "the server is going down"));
  try {
    fault_points::pass("mcp.request");
    run(j);
  } catch (...) { // this message alone
    note_exception(thrown_at::mcp);
    contained(thrown_at::mcp,
              [&] { j.done(plain(500, error_text(nullptr, code::internal, "the request was not carried out"))); });
  }
}

bool http_endpoint::is_host_known(std::string_view host) const {
  auto const name = host_in(host);
  return is_loopback(name) || !is_name(name) ||
         std::find(set_.hosts.begin(), set_.hosts.end(), name) != set_.hosts.end();
}

bool http_endpoint::is_origin_known(std::string_view origin) const {
  if (std::find(set_.origins.begin(), set_.origins.end(), origin) != set_.origins.end()) return true;
  auto const url = parse_web_url(origin);
  if (!url || url->target != "/") return false;
  return is_loopback(url->host) || std::find(set_.hosts.begin(), set_.hosts.end(), url->host) != set_.hosts.end();
}

// What needs no look at the sender, nor at the message.
std::optional<api::reply> http_endpoint::refuse(api::request const& asked, caller_gate::taken& counted) const {
  if (set_.gate)
    if (auto within = set_.gate->count_address(counted, asked.peer, 1); !within)
      return refusal_of(within.error(), false);
  auto const origin = asked.find_header("origin");
  if (!is_host_known(asked.header("host"))) return refusal(403, "this is not a name of this server; see mcp_hosts");
  if (origin && !is_origin_known(*origin))
    return refusal(403, "pages of this origin may not call it; see cors_allowed_origins");
  if (asked.method != "POST") {
    auto r = refusal(405, "messages come by POST; this server has no stream of its own and no session to end");
    r.headers.emplace_back("Allow", "POST");
    return r;
  }
  return std::nullopt;
}

result<worker_pool::caller> http_endpoint::caller_of(api::request const& asked, caller_gate::taken& counted) const {
  if (!set_.needs_credential || !set_.gate) return auth::network_of(asked.peer);
  auto const user = set_.gate->count_caller(counted, asked.header("authorization"), 1);
  if (!user) return user.error();
  return user->bytes;
}

// The first message of a batch was counted with the request.
std::optional<api::reply> http_endpoint::refuse_more(job& j, std::size_t messages) const {
  if (!set_.gate || messages < 2) return std::nullopt;
  if (auto within = set_.gate->count_address(*j.counted, j.asked.peer, messages - 1); !within)
    return refusal_of(within.error(), false);
  if (!set_.needs_credential) return std::nullopt;
  auto const known = set_.gate->count_caller(*j.counted, j.asked.header("authorization"), messages - 1);
  if (known) return std::nullopt;
  return refusal_of(known.error(), true);
}

api::reply http_endpoint::refusal_of(error const& e, bool is_wrong) const {
  auto const status = describe(e.code).status;
  if (status == 401) return challenge(e.detail, is_wrong);
  auto r = refusal(status, e.detail.empty() ? describe(e.code).title : std::string_view(e.detail));
  if (e.retry_after_s) r.headers.emplace_back("Retry-After", std::to_string(e.retry_after_s));
  return r;
}

std::optional<api::reply> http_endpoint::refuse_form(api::request const& asked) const {
  auto const type = asked.header("content-type");
  if (type.substr(0, type.find(';')) != json_type) return refusal(415, "a message is application/json");
  auto const accept = asked.header("accept");
  if (!accepts(accept, json_type) && !accepts(accept, stream_type))
    return refusal(406, "Accept must have application/json and text/event-stream");
  auto const version = asked.find_header("mcp-protocol-version");
  if (version && asked.body.find(meta::version) == std::string::npos && *version != modern_revision &&
      !is_legacy_revision(*version))
    return refusal(400, "this revision of the protocol is not spoken here");
  return std::nullopt;
}

// RFC 6750, section 3: a credential that is wrong is told from none.
api::reply http_endpoint::challenge(std::string_view why, bool is_wrong) const {
  auto r = refusal(401, why);
  std::string says = is_wrong ? "Bearer error=\"invalid_token\"" : "Bearer";
  if (!set_.resource_metadata.empty())
    says += (is_wrong ? ", " : " ") + ("resource_metadata=\"" + set_.resource_metadata + "\"");
  r.headers.emplace_back("WWW-Authenticate", std::move(says));
  return r;
}

void http_endpoint::run(job& j) {
  boost::system::error_code ec;
  auto const message = parse(j.asked.body, ec);
  if (ec) return j.done(plain(400, error_text(nullptr, code::parse_error, "this is no JSON: " + ec.message())));
  if (auto const* const batch = message.if_array(); batch && batch->size() <= server_.batch_max())
    if (auto refused = refuse_more(j, batch->size())) return j.done(std::move(*refused));
  peer of;
  of.authorization = j.asked.header("authorization");
  of.address = j.asked.peer;
  of.options = options_of(j.asked.query);
  of.revision = j.asked.header("mcp-protocol-version");
  auto const* const o = message.if_object();
  of.is_modern = of.revision == modern_revision || (o && o->contains("method") && server::is_modern(*o));
  if (of.is_modern && o && o->contains("id"))
    if (auto const why = mismatch(j.asked, *o); !why.empty())
      return j.done(plain(400, error_text(o->at("id"), code::header_mismatch, why)));
  if (auto const session = j.asked.find_header("mcp-session-id");
      session && !of.is_modern && !open_session(*session, of))
    return j.done(
        plain(404, error_text(nullptr, code::invalid_request, "this session is not known; begin with initialize")));

  auto const stream = std::make_shared<message_stream>();
  bool is_streaming = false;
  bool const may_stream = accepts(j.asked.header("accept"), stream_type);
  auto const begin = [&] {
    auto r = plain(200, {}, stream_type);
    r.headers.emplace_back("Cache-Control", "no-store");
    r.headers.emplace_back("X-Accel-Buffering", "no");
    r.source = stream;
    is_streaming = true;
    j.done(std::move(r));
  };
  sender const out = [&](std::string text) {
    if (!may_stream) return;
    if (!is_streaming) begin();
    stream->put(text);
  };
  if (of.is_modern && o && find_text(*o, "method") == "subscriptions/listen" && o->contains("id") && may_stream) {
    std::uint64_t ticket = 0;
    sender const later = [weak = std::weak_ptr(stream)](std::string text) {
      if (auto const open = weak.lock()) open->put(text);
    };
    if (auto const refused = server_.listen(*o, of, later, ticket))
      return j.done(plain(refused->status, refused->text));
    stream->on_end([&s = server_, ticket] { s.forget(ticket); });
    return begin();
  }
  answer a;
  try {
    a = server_.handle(message, of, out);
  } catch (unauthenticated const& why) { // it has ended since it was looked at
    if (is_streaming) return stream->finish();
    return j.done(challenge(why.what(), true));
  } catch (...) {
    if (is_streaming) stream->finish(); // else it would stay open with nothing to come
    throw;
  }
  if (is_streaming) {
    if (!a.text.empty()) stream->put(a.text);
    return stream->finish();
  }
  auto r = plain(a.status, std::move(a.text));
  if (a.is_initialize && set_.keeps_capabilities && r.status == 200)
    r.headers.emplace_back("Mcp-Session-Id", session_of(*o));
  j.done(std::move(r));
}

// What a legacy client said of itself, signed: nothing is kept here, and nothing can be made up.
std::string http_endpoint::session_of(json::object const& initialize) const {
  auto const* const params = find_object(initialize, "params");
  auto const* const can = params ? find_object(*params, "capabilities") : nullptr;
  auto const said = encode_base64url(json::serialize(can ? *can : json::object()));
  return said + "." + encode_base64url(crypto::view_of(crypto::hmac_sha256(session_key_, said)));
}

bool http_endpoint::open_session(std::string_view id, peer& of) const {
  auto const dot = id.find('.');
  if (dot == std::string_view::npos) return false;
  auto const said = id.substr(0, dot);
  auto const due = encode_base64url(crypto::view_of(crypto::hmac_sha256(session_key_, said)));
  if (!crypto::constant_time_equal(due, id.substr(dot + 1))) return false;
  auto const text = decode_base64url(said);
  boost::system::error_code ec;
  auto const can = text ? parse(*text, ec) : json::value();
  if (ec || !can.is_object()) return false;
  of.capabilities = can.as_object();
  return true;
}

} // namespace alloy::mcp
