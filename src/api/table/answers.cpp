#include "api/table/answers.hpp"

#include "core/base64.hpp"
#include "core/crypto.hpp"
#include "core/derived_key.hpp"
#include "core/problem.hpp"

#include <algorithm>

namespace alloy::api {
namespace {

constexpr std::size_t signature_bytes = 16;

std::string sign(call const& c, std::string_view plain) {
  std::string bound = "cursor\n";
  bound += c.op.id;
  bound += '\n';
  if (c.who) append(bound, c.who->user_id);
  for (auto const& p : c.params) bound += '\n' + p;
  bound += '\n' + c.as_of;
  if (c.org) bound += "\norg_id=" + to_string(*c.org);
  std::vector<std::pair<std::string, std::string>> filter(c.query);
  std::erase_if(filter, [](auto const& q) { return q.first == "cursor" || q.first == "limit"; });
  std::sort(filter.begin(), filter.end());
  for (auto const& [name, value] : filter) bound += '\n' + name + '=' + value;
  bound += '\n';
  bound += plain;
  auto const key = crypto::derived_key(c.with.sealing_key, crypto::key_use::cursors);
  return std::string(crypto::view_of(crypto::hmac_sha256(key, bound)).substr(0, signature_bytes));
}

} // namespace

reply refusal_of(request const& asked, error const& e) {
  reply r;
  r.status = describe(e.code).status;
  r.content_type = problem_content_type;
  r.body = problem_document(e, asked.request_id, asked.path);
  if (r.status == 401)
    r.headers.emplace_back("WWW-Authenticate",
                           e.code == errc::token_expired ? "Bearer error=\"invalid_token\"" : "Bearer");
  if (e.retry_after_s) r.headers.emplace_back("Retry-After", std::to_string(e.retry_after_s));
  return r;
}

reply json_reply(std::string body, std::uint64_t version) {
  reply r;
  r.body = std::move(body);
  r.version = version;
  return r;
}

reply stored_reply(read_context const& c) {
  return json_reply(std::string(c.subject.json()), c.subject.version());
}

commands::plan row_plan(domain::decision d, std::string where, std::string location) {
  commands::plan p;
  p.events = std::move(d.events);
  p.render = [where = std::move(where), location = std::move(location),
              warning = std::move(d.warning)](reader const& state) {
    std::string stored;
    if (!state.get(where, stored)) throw std::logic_error("a command's object is not there");
    commands::answer a;
    a.status = location.empty() ? 200 : 201;
    a.version = domain::row::version_of(stored);
    a.body = domain::row::json_of(stored);
    a.location = location;
    a.warning = warning;
    return a;
  };
  return p;
}

result<commands::plan> done(result<domain::decision> d) {
  if (!d) return d.error();
  commands::plan p;
  p.events = std::move(d->events);
  p.render = [](reader const&) {
    commands::answer a;
    a.status = 204;
    return a;
  };
  return p;
}

result<projections::page_request> page_asked(call const& c, std::optional<std::int64_t> limit,
                                             std::optional<std::string> const& cursor) {
  projections::page_request ask;
  auto const max = c.with.config.page_limit_max;
  std::int64_t const wanted = limit.value_or(c.with.config.page_limit_default);
  if (wanted < 1 || wanted > max)
    return error::of_field("/limit", "out_of_range", "it must be 1 to " + std::to_string(max));
  ask.limit = static_cast<std::size_t>(wanted);
  ask.bytes_max = static_cast<std::size_t>(c.with.config.page_max_bytes);
  if (cursor) {
    auto const bytes = decode_base64url(*cursor);
    if (!bytes || bytes->size() <= signature_bytes ||
        !crypto::constant_time_equal(bytes->substr(0, signature_bytes),
                                     sign(c, std::string_view(*bytes).substr(signature_bytes))))
      return error(errc::bad_cursor, "this cursor was not given for this list with this filter");
    ask.after = bytes->substr(signature_bytes);
  }
  return ask;
}

error not_searchable() {
  error e(errc::not_yet_visible, "the search index is being made from the log");
  e.retry_after_s = 1;
  return e;
}

std::string sealed_cursor(call const& c, std::string_view plain) {
  return encode_base64url(sign(c, plain) + std::string(plain));
}

reply page_reply(call const& c, projections::page const& p) {
  std::size_t size = 64;
  for (auto const& row : p.rows) size += row.size() + 1;
  std::string body;
  body.reserve(size);
  body += "{\"items\":[";
  for (auto const& row : p.rows) {
    if (body.back() != '[') body += ',';
    body += row;
  }
  body += "],\"next_cursor\":";
  if (p.next.empty())
    body += "null,\"has_more\":false}";
  else {
    json::write_string(body, sealed_cursor(c, p.next));
    body += ",\"has_more\":true}";
  }
  return json_reply(std::move(body));
}

result<projections::page> stored_page(read_context const& c, list_query const& q, std::string prefix,
                                      std::function<std::string(std::string_view json)> const& shown) {
  auto ask = page_asked(c, q.limit, q.cursor);
  if (!ask) return ask.error();
  return projections::read_page(c.state, {std::move(prefix)}, *ask,
                                [&](std::string_view, std::string_view v, std::string& json) {
                                  json = shown ? shown(domain::row::json_of(v)) : domain::row::json_of(v);
                                  return true;
                                });
}

// A plain cursor is the name of the part to go on with, and behind it the place there; no place: from its beginning.
projections::page read_parts(std::vector<std::string> names, projections::page_request const& ask,
                             part_reader const& read) {
  std::sort(names.begin(), names.end());
  projections::page all;
  std::size_t const width = names.empty() ? 0 : names.front().size();
  std::string const begin = ask.after.substr(0, width), place = ask.after.substr(begin.size());
  for (auto const& name : names) {
    if (name < begin) continue;
    std::size_t const left = ask.limit - all.rows.size();
    std::size_t const bytes_left = ask.bytes_max - std::min(ask.bytes_max, all.bytes);
    if (left == 0) { // full, and what was read so far ended with its part: is there more behind it?
      if (read(name, {1, {}, 0}).rows.empty()) continue;
      all.next = name;
      return all;
    }
    auto p = read(name, {left, name == begin ? place : std::string(), bytes_left});
    if (!p.rows.empty() && all.is_full(ask, p.rows.front().size())) { // its first item is too large for what is left
      all.next = name;
      return all;
    }
    for (auto& row : p.rows) all.add(std::move(row));
    if (!p.next.empty()) {
      all.next = name + p.next;
      return all;
    }
  }
  return all;
}

projections::page read_parts(std::vector<uuid> const& orgs, projections::page_request const& ask,
                             org_reader const& read) {
  std::vector<std::string> names;
  for (auto const& org : orgs) names.emplace_back(org.view());
  return read_parts(std::move(names), ask, part_reader([&](std::string_view name, auto const& part) {
                      return read(uuid::from_view(name), part);
                    }));
}

} // namespace alloy::api
