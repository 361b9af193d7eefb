#include "domain/webhooks.hpp"
#include "api/operations/resources.hpp"
#include "api/operations/webhooks/webhook_view.hpp"
#include "api/table/answers.hpp"
#include "api/table/server_info.hpp"
#include "auth/token_format.hpp"
#include "core/base64.hpp"
#include "core/derived_key.hpp"
#include "domain/quotas.hpp"
#include "projections/history.hpp"
#include "webhooks/address_policy.hpp"
#include "webhooks/delivery_store.hpp"

namespace alloy::api {
namespace {

using namespace domain;
using webhooks::delivery;
using webhooks::delivery_status;

struct delivery_query {
  std::optional<std::int64_t> limit;
  std::optional<std::string> cursor;
  std::optional<delivery_status> status;
};
BOOST_DESCRIBE_STRUCT(delivery_query, (), (limit, cursor, status))

struct ping_view {
  static constexpr bool answer = true;
  uuid delivery_id;
};
BOOST_DESCRIBE_STRUCT(ping_view, (), (delivery_id))

struct replay_view {
  static constexpr bool answer = true;
  uuid webhook_id;
  std::uint64_t from = 0, to = 0;
};
BOOST_DESCRIBE_STRUCT(replay_view, (), (webhook_id, from, to))

commands::plan view_plan(decision d, uuid const& tenant, uuid const& id, std::string secret, bool is_new = false) {
  commands::plan p;
  p.events = std::move(d.events);
  p.render = [tenant, id, is_new, secret = std::move(secret)](reader const& state) {
    auto v = view_of(*find<webhook>(state, tenant, id));
    commands::answer a;
    a.version = v.version;
    if (!secret.empty()) v.secret.value = secret;
    if (is_new) {
      a.status = 201;
      a.location = "/api/v1/webhooks/" + to_string(id);
    }
    a.body = alloy::json::to_string(v);
    return a;
  };
  return p;
}

// A command that is carried out later, by the dispatcher.
template <class View> commands::plan accepted(decision d, View v) {
  commands::plan p;
  p.events = std::move(d.events);
  p.render = [v](reader const&) {
    commands::answer a;
    a.status = 202;
    a.body = alloy::json::to_string(v);
    return a;
  };
  return p;
}

// What every try would refuse, whatever the name resolves to.
result<> check_target(services const& with, std::string const& url) {
  auto const& s = with.config;
  webhooks::address_policy const guard(s.webhook_allowed_targets, s.webhook_schemes, s.webhook_ports);
  auto const parsed = parse_web_url(url);
  if (auto const why = parsed ? guard.complaint(*parsed) : std::string("it is no URL"); !why.empty())
    return error::of_field("/url", "not_allowed", why);
  return {};
}

std::string sealed(write_context const& c, std::string const& secret, uuid const& id) {
  return encode_base64(crypto::sealer(c.with.sealing_key, crypto::key_use::webhook_secrets).seal(secret, id.view()));
}

result<commands::plan> create_one(write_context& c, create_webhook const& body) {
  if (auto fine = check_target(c.with, body.url.value); !fine) return fine.error();
  std::string const secret = auth::make_webhook_secret();
  uuid const id = body.id ? *body.id : new_uuid();
  auto d = decide(c.state(), c.entity<org>(), body, id, sealed(c, secret, id));
  if (!d) return d.error();
  if (auto room = room_for_webhooks(c.state(), c.subject.org, c.with.config.webhooks_per_org_max); !room)
    return room.error();
  return view_plan(std::move(*d), c.subject.org, id, secret, true);
}

result<commands::plan> change_one(write_context& c, update_webhook const& body) {
  auto const w = c.entity<webhook>();
  bool const switches_on = body.active.value == true && !w.active; // an imported one was never held against our rules
  if (body.url || switches_on)
    if (auto fine = check_target(c.with, body.url ? body.url.value->value : w.url); !fine) return fine.error();
  auto d = decide(w, body);
  if (!d) return d.error();
  return view_plan(std::move(*d), w.org_id, w.id, {});
}

result<commands::plan> rotate_one(write_context& c, rotate_secret const& body) {
  auto const w = c.entity<webhook>();
  std::string const secret = auth::make_webhook_secret();
  auto d = rotate(w, body, sealed(c, secret, w.id), c.at);
  if (!d) return d.error();
  return view_plan(std::move(*d), w.org_id, w.id, secret);
}

result<commands::plan> ping_one(write_context& c) {
  auto const id = new_uuid();
  auto d = ping(c.entity<webhook>(), id);
  if (!d) return d.error();
  return accepted(std::move(*d), ping_view{id});
}

// The first position that is meant by `from`, or the last one that is by `to`.
result<std::uint64_t> place_in(reader const& state, events::log const& log, log_place const& place, bool is_from) {
  auto const name = is_from ? "/from" : "/to";
  if (!place.text.empty() && place.text.find_first_not_of("0123456789") == std::string::npos &&
      place.text.size() < 19) {
    auto const position = static_cast<std::uint64_t>(std::stoull(place.text));
    if (position > log.head())
      return error::of_field(name, "ahead_of_log", "the log goes to " + std::to_string(log.head()));
    return position;
  }
  auto at = parse_timestamp(place.text);
  if (!at) return error::of_field(name, "malformed", "it must be a position of the log or an RFC 3339 timestamp");
  if (is_from) --at->ms;
  auto const found = projections::resolve_as_of(state, log, to_string(*at));
  if (!found) return error::of_field(name, "in_the_future", "nothing has happened then yet");
  return found->position + (is_from ? 1 : 0);
}

result<commands::plan> replay_one(write_context& c, replay_webhook const& body) {
  auto const& log = c.with.server.log;
  auto const from = place_in(c.state(), log, body.from, true);
  if (!from) return from.error();
  auto const to = body.to ? place_in(c.state(), log, *body.to, false) : result<std::uint64_t>(log.head());
  if (!to) return to.error();
  auto const w = c.entity<webhook>();
  auto d = replay(w, *from, *to, body);
  if (!d) return d.error();
  return accepted(std::move(*d), replay_view{w.id, *from, *to});
}

result<commands::plan> redeliver_one(write_context& c) {
  auto const row = alloy::json::stored<delivery>(c.subject.json());
  auto const w = find<webhook>(c.state(), c.subject.org, row.webhook_id);
  if (!w) return error(errc::not_found, "its webhook is not there any more");
  auto d = redeliver(*w, row.id);
  if (!d) return d.error();
  return accepted(std::move(*d), ping_view{row.id});
}

result<reply> list(read_context& c, list_query const& q) {
  auto ask = page_asked(c, q.limit, q.cursor);
  if (!ask) return ask.error();
  auto p = projections::read_page(c.state, {key(c.subject.org, table::webhook).str()}, *ask,
                                  [](std::string_view, std::string_view v, std::string& json) {
                                    json =
                                        alloy::json::to_string(view_of(alloy::json::stored<webhook>(row::json_of(v))));
                                    return true;
                                  });
  return page_reply(c, p);
}

result<reply> deliveries(read_context& c, delivery_query const& q) {
  auto ask = page_asked(c, q.limit, q.cursor);
  if (!ask) return ask.error();
  reader const& rows = c.with.deliveries;
  auto const by_webhook = webhooks::delivery_index(c.subject.org, c.subject.id).str();
  auto const item = [&](std::string_view k, std::string_view status, std::string& json) {
    if (q.status && status != alloy::json::name_of(*q.status)) return false;
    auto const id = uuid::from_view(k.substr(k.size() - sizeof(uuid)));
    if (!rows.get(key(c.subject.org, table::delivery).add(id), json)) return false;
    json.erase(0, json.size() - row::json_of(json).size());
    return true;
  };
  return page_reply(c, projections::read_page(rows, {by_webhook, direction::descending}, *ask, item));
}

std::vector<operation> subscriptions() {
  constexpr auto one = "/api/v1/webhooks/{webhook_id}", all = "/api/v1/orgs/{org_id}/webhooks";
  std::vector<operation> rows{
      create<create_webhook, webhook_view>("create_webhook", all, role::Admin,
                                           "Subscribe a URL to an organization's events; the secret is shown once",
                                           create_one),
      get_list<webhook_view>("list_webhooks", all, role::Admin, "List an organization's webhooks", list),
      get<webhook_view>("get_webhook", one, role::Admin, "Get a webhook",
                        [](read_context& c) -> result<reply> {
                          auto const v = view_of(c.entity<webhook>());
                          return reply_of(v, v.version);
                        }),
      patch<update_webhook, webhook_view>("update_webhook", one, role::Admin,
                                          "Change a webhook, or switch it on and off", change_one),
      del("delete_webhook", one, role::Admin, "Delete a webhook",
          [](write_context& c) { return done(remove(c.entity<webhook>())); }),
      called("webhook rotate-secret",
             post<rotate_secret, webhook_view>("rotate_webhook_secret", "/api/v1/webhooks/{webhook_id}/rotate-secret",
                                               role::Admin, "Make a new secret for a webhook; it is shown once",
                                               rotate_one)),
  };
  rows.front().secret_answer = rows.back().secret_answer = true;
  rows.front().notes = "With `from` it also gets what the log holds behind that position. `ordered`: one delivery at a "
                       "time, in the order of positions; what fails holds up the rest.";
  rows[3].notes = "One that was switched off gets what it has missed when it is switched on again.";
  rows.back().notes = "Until `overlap_seconds` (a day) are over, deliveries carry a signature of either secret.";
  return rows;
}

std::vector<operation> delivery_rows() {
  std::vector<operation> rows{
      post<nothing, ping_view>("ping_webhook", "/api/v1/webhooks/{webhook_id}/ping", role::Admin,
                               "Send a `ping` to a webhook now, also to one that is switched off", ping_one, 202),
      post<replay_webhook, replay_view>("replay_webhook", "/api/v1/webhooks/{webhook_id}/replay", role::Admin,
                                        "Deliver a range of the log again", replay_one, 202),
      get_list<delivery, delivery_query>("list_deliveries", "/api/v1/webhooks/{webhook_id}/deliveries", role::Admin,
                                         "List a webhook's deliveries, those of the newest events first", deliveries),
      get<delivery>("get_delivery", "/api/v1/deliveries/{delivery_id}", role::Admin, "Get a delivery with its attempts",
                    [](read_context& c) -> result<reply> { return stored_reply(c); }),
      called("delivery redeliver",
             post<nothing, ping_view>("redeliver", "/api/v1/deliveries/{delivery_id}/redeliver", role::Admin,
                                      "Deliver an event again now, under the same webhook-id", redeliver_one, 202)),
  };
  rows[1].notes = "From a position or a time on, to a position or a time (now, where it is not said), both in. "
                  "`event_types` other than those of the subscription may be asked for.";
  return rows;
}

} // namespace

std::vector<operation> webhook_operations() {
  auto rows = subscriptions();
  for (auto& row : delivery_rows()) rows.push_back(std::move(row));
  bound_keys_may(rows, auth::bound_key::org,
                 {"create_webhook", "list_webhooks", "get_webhook", "update_webhook", "delete_webhook",
                  "rotate_webhook_secret", "ping_webhook", "list_deliveries", "get_delivery", "redeliver",
                  "replay_webhook"});
  for (auto& row : rows) {
    row.tag = "Webhooks";
    if (!row.writes()) row.needs = scope::read;
  }
  return rows;
}

} // namespace alloy::api
