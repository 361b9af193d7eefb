#pragma once
// The rules of webhooks: what a target may look like and which events there are to subscribe to. Whether the address
// behind a target may be connected to is decided at every attempt, after resolution. Pure.
#include "domain/context.hpp"
#include "domain/diff.hpp"
#include "domain/entities.hpp"

namespace alloy::domain {

struct webhook_url_rule {
  static constexpr std::string_view
      format = "uri",
      words = "it must be an https URL (http where the server allows it) with a host, without user, fragment or spaces",
      example = "https://hooks.example.com/in";
  static constexpr std::size_t min = 8, max = 2048;
  static bool ok(std::string_view t) noexcept;
};
struct event_type_rule {
  static constexpr std::string_view words =
      "it must be *, an event type as ticket.created, or all of a kind as ticket.*";
  static constexpr std::size_t min = 1, max = 64;
  static std::vector<std::string> const& choices();
  static bool ok(std::string_view t) noexcept;
};
using webhook_url = formed<webhook_url_rule>;
using event_type = formed<event_type_rule>;

struct create_webhook {
  std::optional<uuid> id;
  webhook_url url;
  list<event_type, 1, 100> event_types;
  std::optional<bool> ordered;
  std::optional<bounded<0, 9'007'199'254'740'991>> from;
};
BOOST_DESCRIBE_STRUCT(create_webhook, (), (id, url, event_types, ordered, from))

struct update_webhook {
  json::changed<webhook_url> url;
  json::changed<list<event_type, 1, 100>> event_types;
  json::changed<bool> active, ordered;
};
BOOST_DESCRIBE_STRUCT(update_webhook, (), (url, event_types, active, ordered))

struct rotate_secret {
  std::optional<bounded<0, 604'800>> overlap_seconds; // a day where it is not said
};
BOOST_DESCRIBE_STRUCT(rotate_secret, (), (overlap_seconds))

// A place in the log as a client names it: a position, or an RFC 3339 timestamp.
struct log_place {
  static constexpr std::string_view json_schema =
      R"({"anyOf":[{"type":"integer","minimum":0},{"type":"string","minLength":1,"maxLength":64}],)"
      R"("description":"a position of the log, or an RFC 3339 timestamp"})";
  std::string text;
  void read_json(json::node const& n, json::reading& at);
  void write_json(std::string& out) const { json::write_string(out, text); }
};
struct replay_webhook {
  log_place from;
  std::optional<log_place> to;
  std::optional<list<event_type, 1, 100>> event_types;
};
BOOST_DESCRIBE_STRUCT(replay_webhook, (), (from, to, event_types))

// Where it is said that an id is taken, by whom: of all organizations, for the deliveries of one must never be
// another's to ask for. -> organization.
inline key webhook_by_id(uuid const& id) {
  return key(identity_tenant, table::webhook_by_id).add(id);
}

result<decision> rotate(webhook const& w, rotate_secret const& c, std::string secret_sealed, timestamp at);
result<decision> disable(webhook const& w, std::string_view reason); // by the dispatcher
result<decision> ping(webhook const& w, uuid const& delivery);
result<decision> redeliver(webhook const& w, uuid const& delivery);
// What lies between the two positions is sent again, both in.
result<decision> replay(webhook const& w, std::uint64_t from, std::uint64_t to, replay_webhook const& c);

result<decision> decide(reader const& state, org const& o, create_webhook const& c, uuid const& id,
                        std::string secret_sealed);
result<decision> decide(webhook const& w, update_webhook const& c);
result<decision> remove(webhook const& w);

} // namespace alloy::domain
