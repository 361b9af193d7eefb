// Named positions in an organization's feed, kept for consumers that have no disk of their own, in rows beside
// the log (core/local_rows.hpp). They are no events: a reader's bookmark is nobody's history.
#include "api/operations/resources.hpp"
#include "api/table/answers.hpp"
#include "api/table/server_info.hpp"
#include "core/local_rows.hpp"
#include "core/text.hpp"

namespace alloy::api {
namespace {

struct consumer_name_rule {
  [[maybe_unused]] static constexpr std::string_view // where a schema asks for it
      pattern = "^[a-z0-9][a-z0-9._-]{0,63}$",
      words = "it must be 1 to 64 of a-z, 0-9, '.', '_' and '-', the first a letter or a digit";
  static bool ok(std::string_view t) noexcept {
    auto const plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
    return !t.empty() && t.size() <= 64 && plain(t.front()) &&
           std::ranges::all_of(t, [&](char c) { return plain(c) || c == '.' || c == '_' || c == '-'; });
  }
};

struct put_consumer {
  bounded<0, 9'007'199'254'740'991> position;
};
BOOST_DESCRIBE_STRUCT(put_consumer, (), (position))

struct consumer_view {
  static constexpr bool answer = true;
  std::string name;
  std::uint64_t position = 0, behind = 0; // positions of the whole log up to its head
  timestamp updated_at;
};
BOOST_DESCRIBE_STRUCT(consumer_view, (), (name, position, behind, updated_at))

std::string rows_of(uuid const& org) {
  return local_key(local_row::consumer).add(org).str();
}

consumer_view view_of(call const& c, std::string_view stored) {
  auto const one = alloy::json::stored<consumer_row>(stored);
  auto const head = c.with.server.log.head();
  return {one.name, one.position, head - std::min<std::uint64_t>(head, one.position), one.updated_at};
}

error absent() {
  return error(errc::not_found, "there is no consumer of this name");
}

std::size_t count_of(reader const& local, std::string const& prefix, std::size_t most) {
  std::size_t count = 0;
  local.scan(prefix, after_prefix(prefix), direction::ascending,
             [&](std::string_view, std::string_view) { return ++count < most; });
  return count;
}

result<commands::plan> put(write_context& c, put_consumer const& body) {
  auto const& name = c.params.at(1);
  if (!consumer_name_rule::ok(name))
    return error::of_field("/name", "malformed", std::string(consumer_name_rule::words));
  auto const head = c.with.server.log.head();
  auto const position = static_cast<std::uint64_t>(body.position.value);
  if (position > head) return error::of_field("/position", "ahead_of_log", "the log goes to " + std::to_string(head));
  auto const prefix = rows_of(c.subject.org), row = prefix + name;
  auto const most = static_cast<std::size_t>(c.with.config.consumers_max);
  if (!c.head.local.has(row) && count_of(c.head.local, prefix, most) >= most)
    return error(errc::in_use, std::to_string(most) + " consumers are as many as an organization may have");
  auto const stored = alloy::json::to_string(consumer_row{name, position, c.at});
  c.head.local.put(row, stored);
  commands::plan p;
  p.keeps_rows = true;
  p.render = [body = alloy::json::to_string(view_of(c, stored))](reader const&) {
    commands::answer a;
    a.body = body;
    return a;
  };
  return p;
}

result<commands::plan> remove(write_context& c) {
  auto const row = rows_of(c.subject.org) + c.params.at(1);
  if (!c.head.local.has(row)) return absent();
  c.head.local.erase(row);
  auto p = done(domain::decision{});
  if (p) p->keeps_rows = true;
  return p;
}

result<reply> show(read_context& c) {
  std::string stored;
  if (!c.local.get(rows_of(c.subject.org) + c.params.at(1), stored)) return absent();
  return reply_of(view_of(c, stored));
}

result<reply> list(read_context& c, list_query const& q) {
  auto ask = page_asked(c, q.limit, q.cursor);
  if (!ask) return ask.error();
  return page_reply(c, projections::read_page(c.local, {rows_of(c.subject.org)}, *ask,
                                              [&](std::string_view, std::string_view v, std::string& json) {
                                                json = alloy::json::to_string(view_of(c, v));
                                                return true;
                                              }));
}

} // namespace

std::vector<operation> consumer_operations() {
  constexpr auto one = "/api/v1/orgs/{org_id}/consumers/{name}";
  std::vector<operation> rows{
      change<put_consumer, consumer_view>(verb::put, "put_consumer", one, role::Admin,
                                          "Keep how far a consumer of the events has come", 200, put),
      get<consumer_view>("get_consumer", one, role::Admin, "Get how far a consumer has come", show),
      get_list<consumer_view>("list_consumers", "/api/v1/orgs/{org_id}/consumers", role::Admin,
                              "List the consumers of an organization's events", list),
      del("delete_consumer", one, role::Admin, "Forget a consumer", remove),
  };
  rows.front().notes = "Its name is made with the first call. Positions may go back, too, to read something again.";
  bound_keys_may(rows, auth::bound_key::org, {"put_consumer", "get_consumer", "list_consumers", "delete_consumer"});
  for (auto& row : rows) row.tag = "Events";
  return rows;
}

} // namespace alloy::api
