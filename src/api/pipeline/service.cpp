#include "api/pipeline/service.hpp"

#include "api/access/access.hpp"
#include "api/access/fresh_proof.hpp"
#include "api/access/security_log.hpp"
#include "api/pipeline/payers.hpp"
#include "api/pipeline/preconditions.hpp"
#include "api/pipeline/router.hpp"
#include "api/table/answers.hpp"
#include "api/table/media.hpp"
#include "api/table/operation_shape.hpp"
#include "auth/ip_prefix.hpp"
#include "core/base64.hpp"
#include "core/crypto.hpp"
#include "core/derived_key.hpp"
#include "core/exceptions.hpp"
#include "core/fault_point.hpp"
#include "core/log.hpp"
#include "projections/history.hpp"
#include "search/search_store.hpp"

#include <algorithm>
#include <charconv>

namespace alloy::api {

using storage::family;

std::string_view request::header(std::string_view name) const noexcept {
  return find_header(name).value_or(std::string_view{});
}

std::optional<std::string_view> request::find_header(std::string_view name) const noexcept {
  for (auto const& [n, value] : headers)
    if (n == name) return std::string_view(value);
  return std::nullopt;
}

std::string_view call::query_value(std::string_view name) const noexcept {
  for (auto const& [n, value] : query)
    if (n == name) return value;
  return {};
}

// A request on its way. Shared by the steps that it takes on several threads, one after the other.
struct service::pending {
  request asked;
  responder done;
  operation const* op = nullptr;
  std::string_view route = "unmatched";
  std::vector<std::string> params;
  decoded_query query;
  identity_service::known_ptr who;
  std::string as_of;
  std::optional<uuid> org;
  std::optional<commands::idempotency_key> key;
  bool dry_run = false;
  bool org_is_counted = false;
  uuid about_org;                       // nil: none, or none that counts
  bool has_waited = false;              // since its caller was found: the credential may have ended
  std::shared_ptr<places::place> place; // while it waits, also for its turn on a pool: then it needs no other one
  rate_limits const* limits = nullptr;  // of all paths but probes
  rate_limits::taken counted;
  security_facts security; // what the log is told once the write is durable

  // Whose turn it is, and whose place: the user, with all their sessions and keys; of who has none, the address.
  uuid caller() const { return who ? who->user_id : address(); }
  uuid address() const { return {auth::network_of(asked.peer)}; }
  bool has_room() const {
    return !asked.room ||
           asked.room->has_room_for(address().bytes, who ? who->user_id.bytes : uuid{}.bytes, about_org.bytes);
  }

  call base(services const& with) const { return {*op, asked, with, who.get(), params, query, as_of, org}; }

  void refuse(error const& e, pairs headers = {}) {
    auto r = refusal_of(asked, e);
    for (auto& one : headers) r.headers.push_back(std::move(one));
    answer(std::move(r));
  }
  void answer(reply&& r) {
    r.route = route;
    if (who) r.user = who->user_id;
    r.org = about_org;
    if (log::enabled(log::level::debug)) // the route, not the path: some paths hold a secret
      log::debug("request", {{"request_id", asked.request_id},
                             {"method", asked.method},
                             {"route", route},
                             {"status", r.status},
                             {"user_id", who ? to_string(who->user_id) : std::string()},
                             {"peer", asked.peer}});
    if (limits) limits->append_headers(r.headers, counted);
    if (r.version) r.headers.emplace_back("ETag", "\"" + std::to_string(r.version) + "\"");
    done(std::move(r));
  }
  void written(commands::answer&& a);
  void log_security_facts(commands::answer const& a) const;
};

namespace {

error unread_already() {
  error e(errc::overloaded, "too many bytes of answers to this address, user or organization wait to be read");
  e.retry_after_s = 1;
  return e;
}

result<std::optional<std::uint64_t>> min_position(request const& asked) {
  std::optional<std::uint64_t> none;
  auto const given = asked.find_header("alloy-min-position");
  if (!given) return none;
  std::uint64_t position = 0;
  auto const [end, failed] = std::from_chars(given->data(), given->data() + given->size(), position);
  if (failed != std::errc() || end != given->data() + given->size())
    return error(errc::malformed_header, "Alloy-Min-Position must be a position of the log");
  return std::optional(position);
}

result<std::optional<commands::idempotency_key>> retry_key_of(operation const& op, request const& asked,
                                                              auth::principal const* who, std::string const& secret) {
  std::optional<commands::idempotency_key> none;
  auto const key = asked.find_header("idempotency-key");
  if (!key || op.method != verb::post) return none;
  if (key->empty() || key->size() > 255) return error(errc::malformed_header, "an Idempotency-Key has 1 to 255 bytes");
  auto const hidden = crypto::derived_key(secret, crypto::key_use::retry_keys);
  auto const keyed = [&](std::string const& text) { return crypto::hmac_sha256(hidden, text); };
  // The caller is the credential: a session, which stays the same when it is refreshed, or a key; so that a key that
  // may little is not given what a session of the same user was. Who has none is known by the address, so that
  // strangers do not meet each other's keys; what they are answered takes knowing the whole request.
  std::string const caller =
      who ? std::string(json::name_of(who->kind)) + " " + to_string(who->credential_id) : "anybody at " + asked.peer;
  commands::idempotency_key made;
  made.command_id = uuid_of_digest(crypto::view_of(keyed("retry\n" + caller + "\n" + std::string(*key))));
  made.fingerprint = encode_hex(
      crypto::view_of(keyed("request\n" + asked.method + "\n" + asked.path + "\n" + asked.query + "\n" + asked.body)));
  return std::optional(std::move(made));
}

error ended() {
  return error(errc::unauthenticated, "the session or the key has ended; log in again");
}

bool is_probe(std::string_view path) {
  return path == "/livez" || path == "/readyz" || path == "/health";
}

result<bool> flag(decoded_query const& query, std::string_view name) {
  for (auto const& [n, value] : query) {
    if (n != name) continue;
    if (value == "true" || value == "false") return value == "true";
    return error::of_field("/" + std::string(name), "wrong_type", "it must be true or false");
  }
  return false;
}

pairs write_headers(commands::answer const& a) {
  pairs headers{{"Alloy-Position", std::to_string(a.position)}};
  if (!a.location.empty()) headers.emplace_back("Location", a.location);
  if (a.replayed) headers.emplace_back("Idempotency-Replayed", "true");
  if (!a.warning.empty()) {
    std::string quoted = "199 alloy \"";
    for (char const c : a.warning) { // a quoted-string of RFC 9110: other text than ASCII stays in the log
      if (c == '"' || c == '\\') quoted += '\\';
      quoted += static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) > 0x7e ? '?' : c;
    }
    headers.emplace_back("Warning", quoted + "\"");
  }
  return headers;
}

// A rehearsed write answers what it would answer and, in the same object, the events that it would append. Where the
// members of that object are the user's own words, it stands beside them as `answer`.
void show_events(operation const& op, reply& r, std::string const& events) {
  if (r.status == 204) r.status = 200;
  if (r.body.empty()) r.body = "{}";
  if (op.map_answer) r.body = "{\"answer\":" + r.body + "}";
  r.body.pop_back();
  r.body += r.body.size() > 1 ? ",\"events\":" : "\"events\":";
  r.body += events + "}";
}

} // namespace

void service::pending::log_security_facts(commands::answer const& a) const {
  if (dry_run || a.replayed || security.empty()) return;
  auto const user = security.front().by ? security.front().by : who ? std::optional(who->user_id) : std::nullopt;
  log_security(security, source_of(asked, user));
}

void service::pending::written(commands::answer&& a) {
  log_security_facts(a);
  if (a.refused) return refuse(*a.refused);
  reply r;
  r.status = a.status;
  r.version = a.version;
  r.headers = write_headers(a);
  if (dry_run) {
    r.headers.front().second = "0";
    r.headers.emplace_back("Alloy-Dry-Run", "true");
  }
  r.body = std::move(a.body);
  if (dry_run) show_events(*op, r, a.events);
  answer(std::move(r));
}

namespace {

places places_of(services const& with, std::string const& name, std::string holders) {
  places::bounds most;
  most.all = static_cast<std::size_t>(with.config.waits_max);
  most.per_user = static_cast<std::size_t>(with.config.waits_per_user_max);
  auto counted = places::meters_of(with.identity.metrics, name, holders);
  return {most, std::move(holders), counted};
}

} // namespace

service::service(service_parts parts)
    : parts_(std::move(parts)), limits_(parts_.with.config, parts_.with.identity.metrics),
      positions_(places_of(parts_.with, "position_waits", "reads that wait for a position")),
      searches_(places_of(parts_.with, "search_waits", "searches that wait for the index")),
      waiting_(static_cast<std::size_t>(parts_.with.config.waits_max)),
      searching_(static_cast<std::size_t>(parts_.with.config.waits_max)) {
  may_lack_body(operations().front()); // both are made at the first call
}

void service::committed(std::span<events::record const> records) {
  parts_.with.identity.forget(records);
  parts_.with.bell.ring(records);
  waiting_.raised(records.back().events.back().position);
}

void service::searchable(std::uint64_t position) {
  searching_.raised(position);
}

void service::drain() {
  searching_.close();
  waiting_.close();
}

void service::handle(request&& asked, responder done) {
  auto p = std::make_shared<pending>();
  p->asked = std::move(asked);
  p->done = std::move(done);
  if (!is_probe(p->asked.path)) {
    p->limits = &limits_;
    if (auto counted = limits_.count_address(p->counted, p->asked.peer); !counted) return p->refuse(counted.error());
  }
  auto found = find_route(p->asked.method, p->asked.path);
  if (!found) return p->refuse(found.error());
  p->route = found->path_template;
  if (!found->op)
    return p->refuse(error(errc::method_not_allowed, "this path takes " + found->allow), {{"Allow", found->allow}});
  p->op = found->op;
  p->params = std::move(found->params);
  if (!p->asked.query.empty()) {
    auto query = decode_query(p->asked.query, p->op->query);
    if (!query) return p->refuse(query.error());
    p->query = std::move(*query);
  }
  if (!p->op->open) {
    auto who =
        parts_.with.identity.authenticate(p->asked.header("authorization"), parts_.db.latest(family::state), now());
    if (!who) return p->refuse(who.error());
    p->who = std::move(*who);
    if (auto counted = limits_.count_caller(p->counted, *p->who); !counted) return p->refuse(counted.error());
    if (auto admitted = admit(*p->op, *p->who); !admitted) return p->refuse(admitted.error());
  }
  if (!accepts(*p->op, p->asked))
    return p->refuse(
        error(errc::not_acceptable, "this is answered as " + std::string(p->op->answer_type) + alternatives(*p->op)));
  if (auto media = check_media(*p->op, p->asked); !media) return p->refuse(media.error());
  if (p->asked.body.empty() && may_lack_body(*p->op)) p->asked.body = "{}";
  if (auto taken = take_org(*p); !taken) return p->refuse(taken.error());
  start(std::move(p));
}

// Which organization is meant, where the operation itself does not ask for it.
result<> service::take_org(pending& p) const {
  if (!p.who) return {};
  auto const given = std::find_if(p.query.begin(), p.query.end(), [](auto const& q) { return q.first == "org_id"; });
  if (given == p.query.end() || !p.op->takes_org()) return {};
  auto const found = find_org_asked(*p.who, parts_.db.latest(family::state), given->second);
  if (!found) return found.error();
  p.org = *found;
  p.query.erase(given);
  return {};
}

// Once for each request: before it waits for anything, so that whoever floods one organization does not stand in a
// queue in front of another one; where it does not wait, when it is known what it is about, without a look-up for this
// alone.
result<> service::count_org(pending& p, std::optional<uuid> const& known) {
  if (p.org_is_counted || !p.who) return {};
  p.org_is_counted = true;
  p.about_org = known && !known->is_nil() ? *known : look_up_org(p);
  if (p.about_org.is_nil() || !limits_.counts_orgs()) return {};
  return limits_.count_org(p.counted, p.about_org);
}

uuid service::look_up_org(pending const& p) const {
  auto named = p.org;
  for (auto const& [name, value] : p.query)
    if (!named && name == "org_id") named = parse_uuid(value);
  return org_meant(*p.op, p.params, named, *p.who, parts_.db.latest(family::state), parts_.with.deliveries)
      .value_or(uuid{});
}

// A read that others' answers would wait for, were it answered at once.
bool service::takes_long(pending const& p) const {
  if (p.op->apart || p.place) return true;
  auto const given = [&](std::string_view name) {
    auto const at = std::find_if(p.query.begin(), p.query.end(), [&](auto const& q) { return q.first == name; });
    return at == p.query.end() ? nullptr : &at->second;
  };
  if (auto const& most = p.op->at_once_with; !most.empty()) {
    std::size_t filters = 0, known = 0;
    for (auto const& [name, value] : p.query) {
      filters += name != "limit" && name != "cursor" && name != "org_id";
      known += std::ranges::count(most, name) > 0;
    }
    if (filters > 1 || filters > known) return true;
    auto const* const limit = given("limit"); // a large page is a megabyte, also where nobody takes it
    if (!p.has_room() || (limit && std::atoll(limit->c_str()) > parts_.with.config.page_limit_default)) return true;
  }
  // What has moved since a walk in a moving order began is folded from the log, page for page.
  if (!p.op->timed || !given("cursor")) return false;
  auto const* const sort = given("sort");
  return sort ? !sort->ends_with("created_at") : given("q") != nullptr;
}

result<> service::check_address(rate_limits::taken& counted, std::string_view peer, std::size_t messages) {
  return limits_.count_address(counted, peer, messages);
}

result<uuid> service::check_caller(rate_limits::taken& counted, std::string_view authorization, std::size_t messages) {
  auto const who = parts_.with.identity.authenticate(authorization, parts_.db.latest(family::state), now());
  if (!who) return who.error();
  if (auto within = limits_.count_caller(counted, **who, messages); !within) return within.error();
  return (*who)->user_id;
}

void service::start(std::shared_ptr<pending> p) {
  if (auto checked = check_preconditions(p->asked); !checked) return p->refuse(checked.error());
  auto const min = min_position(p->asked);
  if (!min) return p->refuse(min.error());
  // Who shows no credential is not told how far the log is.
  bool const waits = *min && **min > parts_.log.head() && !p->op->writes() && p->who;
  if (waits || p->op->writes())
    if (auto counted = count_org(*p); !counted) return p->refuse(counted.error());
  if (p->op->writes()) {
    if (!p->has_room()) return p->refuse(unread_already());
    return run_write(std::move(p));
  }
  if (waits) return wait_for_position(std::move(p), **min);
  run_read(std::move(p));
}

void service::wait_for_position(std::shared_ptr<pending> p, std::uint64_t position) {
  auto place = positions_.take(p->caller());
  if (!place) return p->refuse(place.error());
  p->place = std::move(*place);
  p->has_waited = true;
  auto const then = [this, p](bool visible) {
    if (visible) return run_read(p);
    p->place.reset();
    error e(errc::not_yet_visible, "this position did not become visible in time");
    e.retry_after_s = 1;
    p->refuse(e);
  };
  if (!waiting_.wait(position, parts_.with.config.min_position_wait_ms, then)) then(false);
  // Looked at again, for the head may have been raised between the look and the wait.
  waiting_.raised(parts_.log.head());
}

// On a pool, where nobody else's answer waits for it.
void service::run_apart(std::shared_ptr<pending> p, worker_pool& on, std::function<void()> work) {
  if (auto counted = count_org(*p); !counted) return p->refuse(counted.error());
  p->has_waited = true;
  auto const guarded = [this, p, work = std::move(work)] {
    p->place.reset();
    if (is_stopping_) return p->refuse(error(errc::shutting_down, "the server is stopping"));
    try {
      fault_points::pass("pool.request");
      work();
    } catch (...) {
      note_exception(thrown_at::pool, std::current_exception(), p->asked.request_id);
      p->refuse(error(errc::internal, "the request was not carried out"));
    }
  };
  auto const turn = &on == &parts_.pools.hashing ? p->address() : p->caller();
  auto const how = p->place ? worker_pool::entry::had_place : worker_pool::entry::queued;
  if (auto queued = on.submit(turn.bytes, guarded, how); !queued) p->refuse(queued.error());
}

// A read of how things stand now.
void service::run_apart(std::shared_ptr<pending> const& p) {
  run_apart(p, parts_.pools.reading, [this, p] { answer_read(p, nullptr); });
}

// How things stood is folded from the log, which may take long.
void service::run_timed(std::shared_ptr<pending> p) {
  run_apart(p, parts_.pools.reading, [this, p] {
    auto const at = projections::resolve_as_of(parts_.db.latest(family::state), parts_.log, p->as_of);
    if (!at) return p->refuse(at.error());
    projections::past const then(parts_.db.latest(family::state), parts_.log, *at);
    answer_read(p, &then);
  });
}

// The index of texts follows the log a moment behind: who searches sees everything that was acknowledged before they
// asked, or, where the index cannot keep up, what it has.
void service::run_search(std::shared_ptr<pending> p) {
  auto const& index = parts_.with.search;
  std::uint64_t const due = parts_.log.head();
  if (index.position() >= due) return run_apart(p);
  if (auto counted = count_org(*p); !counted) return p->refuse(counted.error());
  auto place = searches_.take(p->caller());
  if (!place && place.error().code == errc::rate_limited) return p->refuse(place.error());
  auto const then = [this, p](bool) {
    if (!parts_.with.search.ready()) return p->refuse(not_searchable());
    run_apart(p);
  };
  if (!place) return then(false); // nobody's fault that none is left: it finds what the index has
  p->place = std::move(*place);
  if (!searching_.wait(due, parts_.with.config.search_wait_ms, then)) then(false);
  searching_.raised(index.position()); // it may have got there between the look and the wait
}

// What waited for a position comes here on the thread of who raised it, which is everybody's: it goes on on the pool.
void service::run_read(std::shared_ptr<pending> p) {
  if (p->op->timed) {
    auto const given = std::find_if(p->query.begin(), p->query.end(), [](auto const& q) { return q.first == "as_of"; });
    if (given != p->query.end()) {
      p->as_of = std::move(given->second);
      p->query.erase(given);
      return run_timed(std::move(p));
    }
    if (std::any_of(p->query.begin(), p->query.end(), [](auto const& q) { return q.first == "q"; }))
      return run_search(std::move(p));
  }
  if (takes_long(*p)) return run_apart(p);
  answer_read(p, nullptr);
}

// Who may read is looked at when it is read: the role in resolve_resource, here whether the credential is still there.
result<> service::look_again(pending& p) {
  auto const at = now();
  reader const& state = parts_.db.latest(family::state);
  auto who = parts_.with.identity.authenticate(p.asked.header("authorization"), state, at);
  if (!who) return who.error();
  if (!auth::is_in_force(state, **who, at)) return ended();
  p.who = std::move(*who);
  return {};
}

void service::answer_read(std::shared_ptr<pending> const& p, projections::past const* then) {
  reader const& state = parts_.db.latest(family::state);
  if (p->who && p->has_waited)
    if (auto there = look_again(*p); !there) return p->refuse(there.error());
  read_context c{p->base(parts_.with), state, parts_.db.latest(family::local), then};
  if (p->who) {
    auto about = resolve_resource(*p->op, p->params, p->org, *p->who, state, parts_.with.deliveries, then);
    if (!about) return p->refuse(about.error());
    c.subject = std::move(*about);
    if (auto counted = count_org(*p, c.subject.org); !counted) return p->refuse(counted.error());
  }
  auto r = p->op->read(c);
  if (!r) return p->refuse(r.error());
  if (r->version && r->status == 200) {
    auto const none_match = p->asked.find_header("if-none-match");
    if (none_match && names_etag(*none_match, r->version)) {
      r->status = 304;
      r->body.clear();
    }
  }
  if (p->op->id == "export_data" && r->status == 200)
    log_security({{"data_exported", {}, c.subject.org}}, source_of(p->asked, p->who->user_id));
  p->answer(std::move(*r));
}

void service::run_write(std::shared_ptr<pending> p) {
  std::vector<std::string_view> taken{"dry_run"};
  for (auto const& parameter : p->op->query) taken.push_back(parameter.name);
  if (auto known = refuse_unknown(p->query, taken); !known) return p->refuse(known.error());
  auto key = retry_key_of(*p->op, p->asked, p->who.get(), parts_.with.sealing_key);
  if (!key) return p->refuse(key.error());
  auto dry = flag(p->query, "dry_run");
  if (!dry) return p->refuse(dry.error());
  p->key = std::move(*key);
  p->dry_run = *dry;
  if (p->op->admit) return run_prepared(std::move(p));
  auto bound = p->op->write(p->asked, parts_.with, parts_.db.latest(family::state), parts_.db.latest(family::local),
                            p->who.get());
  if (!bound) return p->refuse(bound.error());
  submit(p, std::move(*bound));
}

// Limits come before queues: who is over one, or may not, takes no place in the pool.
void service::run_prepared(std::shared_ptr<pending> p) {
  if (answer_kept(*p)) return;
  auto admitted = p->op->admit(p->asked, parts_.with, parts_.db.latest(family::state), parts_.db.latest(family::local),
                               p->who.get());
  if (!admitted) return p->refuse(admitted.error());
  auto& on = p->op->where == runs::hashing ? parts_.pools.hashing : parts_.pools.importing;
  run_apart(p, on, [this, p, prepare = std::move(*admitted)] {
    if (answer_kept(*p)) return;
    auto bound = prepare(parts_.db.latest(family::state), parts_.db.latest(family::local));
    if (!bound) return p->refuse(bound.error());
    submit(p, std::move(*bound));
  });
}

// A retry must not be judged by what its first try has changed: its answer is looked for before anything but the rights
// to it.
bool service::answer_kept(pending& p) const {
  if (!p.key) return false;
  auto const at = now();
  auto kept = parts_.answers.find(parts_.db.latest(family::local), *p.key, at);
  if (!kept) return false;
  auto const may =
      admit_again(p, {parts_.db.latest(family::state), parts_.db.latest(family::local)}, at, *kept ? &**kept : nullptr);
  if (!may)
    p.refuse(may.error());
  else
    *kept ? p.written(std::move(**kept)) : p.refuse(kept->error());
  return true;
}

// Rights come before a kept answer: whoever could not ask for the first time now is not told what it was. What was
// asked for may be gone since, perhaps by this very command; then the right to its organization decides.
result<> service::admit_again(pending const& p, rows_now const& rows, timestamp at,
                              commands::answer const* kept) const {
  auto const& state = rows.state;
  if (kept)
    for (auto const& person : kept->people)
      if (!parts_.with.people.knows(rows.local, person))
        return error(errc::wrong_state, "what was answered then named somebody who has been erased");
  if (!p.who) return {};
  auto const who = auth::renewed(state, *p.who, at, parts_.with.identity.session_max_age_ms);
  if (!who) return ended();
  if (auto admitted = admit(*p.op, *who); !admitted) return admitted;
  if (p.op->personal)
    if (auto proved = require_fresh_proof(state, *who, parts_.with.config.confirm_seconds, at); !proved) return proved;
  auto const about = resolve_resource(*p.op, p.params, p.org, *who, state, parts_.with.deliveries);
  bool const gone = !about && (about.error().code == errc::not_found || about.error().code == errc::ambiguous);
  if (!about && !(gone && kept && !kept->tenants.empty())) return about.error();
  if (kept)
    for (auto const& tenant : kept->tenants) {
      auto const entered = authorize_org(*who, state, tenant, p.op->least);
      if (!entered) return entered.error();
      if (kept->least > p.op->least)
        if (auto may = require_role(*who, *entered, kept->least); !may) return may;
    }
  return {};
}

result<commands::plan> service::decide(pending const& p, bound_command const& bound, commands::head const& head,
                                       timestamp at) const {
  write_context c{p.base(parts_.with), head, at};
  if (!p.has_room()) return unread_already(); // those that waited together with it may have been answered since
  if (p.who) {
    // What was admitted while the session was open may have its turn when it is not any more.
    if (!auth::is_in_force(head.state, *p.who, at)) return ended();
    if (p.op->personal)
      if (auto proved = require_fresh_proof(head.state, *p.who, parts_.with.config.confirm_seconds, at); !proved)
        return proved.error();
    auto about = resolve_resource(*p.op, p.params, p.org, *p.who, head.state, parts_.with.deliveries);
    if (!about) return about.error();
    c.subject = std::move(*about);
    auto const match = p.asked.find_header("if-match");
    if (match && !c.subject.row.empty() && !names_etag(*match, c.subject.version()))
      return error(errc::version_mismatch, "its version is " + std::to_string(c.subject.version()),
                   "\"version\":" + std::to_string(c.subject.version()));
  }
  return bound(c);
}

void service::submit(std::shared_ptr<pending> p, bound_command bound) {
  commands::command c;
  if (p->who) c.actor = p->who->actor();
  c.request_id = p->asked.request_id;
  c.key = p->key;
  c.dry_run = p->dry_run;
  if (p->key)
    c.admit = [this, p](commands::head const& head, timestamp at, commands::answer const* kept) {
      return admit_again(*p, {head.state, head.local}, at, kept);
    };
  c.decide = [this, p, held = std::move(bound)](commands::head const& head, timestamp at) {
    auto planned = decide(*p, held, head, at);
    if (planned) p->security = security_facts_of(*planned);
    if (planned && !planned->records.empty()) p->security = {{"data_imported", {}, parse_uuid(p->params.front())}};
    return planned;
  };
  c.done = [p](result<commands::answer> a) { a ? p->written(std::move(*a)) : p->refuse(a.error()); };
  parts_.sequencer.submit(std::move(c), payer_of(*p->op, p->asked, p->about_org, p->who.get()));
}

} // namespace alloy::api
