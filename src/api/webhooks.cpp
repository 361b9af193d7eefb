#include "domain/webhooks.hpp"
#include "api/answers.hpp"
#include "api/resources.hpp"
#include "auth/secret_format.hpp"
#include "core/base64.hpp"
#include "core/crypto.hpp"

namespace alloy::api {
namespace {

using namespace domain;

struct webhook_view {
  static constexpr bool answer = true;
  uuid id, org_id;
  std::string url;
  json::changed<std::string> secret; // shown once, when it is made
  std::vector<std::string> event_types;
  bool active = true, ordered = false;
  uuid created_by;
  timestamp created_at, updated_at;
  std::uint64_t version = 0;
};
BOOST_DESCRIBE_STRUCT(webhook_view, (),
                      (id, org_id, url, secret, event_types, active, ordered, created_by, created_at, updated_at,
                       version))

struct delivery_view { // filled by the dispatcher
  static constexpr bool answer = true;
  uuid id, webhook_id;
  std::string event_type, status;
  std::uint64_t event_position = 0;
  std::int64_t attempts = 0;
  std::optional<timestamp> next_attempt_at;
  timestamp created_at, updated_at;
};
BOOST_DESCRIBE_STRUCT(delivery_view, (),
                      (id, webhook_id, event_type, status, event_position, attempts, next_attempt_at, created_at,
                       updated_at))

struct delivery_query {
  std::optional<std::int64_t> limit;
  std::optional<std::string> cursor, status;
};
BOOST_DESCRIBE_STRUCT(delivery_query, (), (limit, cursor, status))

webhook_view view_of(webhook const& w) {
  webhook_view v;
  domain::take(v, w);
  return v;
}

commands::plan view_plan(decision d, uuid const& tenant, uuid const& id, std::string secret) {
  commands::plan p;
  p.events = std::move(d.events);
  p.render = [tenant, id, secret = std::move(secret)](reader const& state) {
    auto v = view_of(*find<webhook>(state, tenant, id));
    commands::answer a;
    a.version = v.version;
    if (!secret.empty()) {
      v.secret.value = secret;
      a.status = 201;
      a.location = "/api/v1/webhooks/" + to_string(id);
    }
    a.body = alloy::json::to_string(v);
    return a;
  };
  return p;
}

result<commands::plan> create_one(write_call& c, create_webhook const& body) {
  std::string const secret = auth::make_webhook_secret();
  uuid const id = body.id ? *body.id : new_uuid();
  auto d =
      decide(c.state(), c.entity<org>(), body, id, encode_base64(crypto::seal(c.with.sealing_key, secret, id.view())));
  if (!d) return d.error();
  return view_plan(std::move(*d), c.subject.org, id, secret);
}

result<reply> list(read_call& c, list_query const& q) {
  auto ask = page_asked(c, q.limit, q.cursor);
  if (!ask) return ask.error();
  auto p = projections::read_page(c.state, {key(c.subject.org, table::webhook).str()}, *ask,
                                  [](std::string_view, std::string_view v, std::string& json) {
                                    json = row::json_of(v);
                                    return true;
                                  });
  for (auto& one : p.rows) one = alloy::json::to_string(view_of(alloy::json::stored<webhook>(one)));
  return page_reply(c, p);
}

// Rows of deliveries are written by the dispatcher, under webhook and delivery id.
result<reply> deliveries(read_call& c, delivery_query const& q) {
  auto ask = page_asked(c, q.limit, q.cursor);
  if (!ask) return ask.error();
  auto const prefix = key(c.subject.org, table::delivery).add(c.subject.id).str();
  return page_reply(
      c, projections::read_page(c.state, {prefix}, *ask, [](std::string_view, std::string_view v, std::string& json) {
        json = row::json_of(v);
        return true;
      }));
}

} // namespace

std::vector<operation> webhook_operations() {
  std::vector<operation> rows{
      create<create_webhook, webhook_view>("create_webhook", "/api/v1/orgs/{org_id}/webhooks", role::Admin,
                                           "Subscribe a URL to an organization's events; the secret is shown once",
                                           create_one),
      get_list<webhook_view>("list_webhooks", "/api/v1/orgs/{org_id}/webhooks", role::Admin,
                             "List an organization's webhooks", list),
      get<webhook_view>("get_webhook", "/api/v1/webhooks/{webhook_id}", role::Admin, "Get a webhook",
                        [](read_call& c) -> result<reply> {
                          auto const v = view_of(c.entity<webhook>());
                          return reply_of(v, v.version);
                        }),
      patch<update_webhook, webhook_view>("update_webhook", "/api/v1/webhooks/{webhook_id}", role::Admin,
                                          "Change a webhook, or switch it on and off",
                                          [](write_call& c, update_webhook const& body) -> result<commands::plan> {
                                            auto const w = c.entity<webhook>();
                                            auto d = decide(w, body);
                                            if (!d) return d.error();
                                            return view_plan(std::move(*d), w.org_id, w.id, {});
                                          }),
      del("delete_webhook", "/api/v1/webhooks/{webhook_id}", role::Admin, "Delete a webhook",
          [](write_call& c) { return done(remove(c.entity<webhook>())); }),
      get_list<delivery_view, delivery_query>("list_deliveries", "/api/v1/webhooks/{webhook_id}/deliveries",
                                              role::Admin, "List a webhook's deliveries", deliveries),
  };
  rows.front().secret_answer = true;
  for (auto& row : rows) {
    row.tag = "Webhooks";
    if (!row.writes()) row.needs = scope::read;
  }
  return rows;
}

} // namespace alloy::api
