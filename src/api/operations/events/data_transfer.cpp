// A whole organization out of a server and into another one.
#include "api/access/live_permission.hpp"
#include "api/access/operators.hpp"
#include "api/operations/resources.hpp"
#include "api/table/answers.hpp"
#include "api/table/server_info.hpp"
#include "core/base64.hpp"
#include "core/byte_order_mark.hpp"
#include "domain/event_rules.hpp"
#include "domain/identity.hpp"
#include "domain/orgs.hpp"
#include "events/export_file.hpp"
#include "events/feed.hpp"
#include "events/ledger.hpp"
#include "projections/fold.hpp"
#include "projections/replay.hpp"
#include "storage/overlay.hpp"
#include "webhooks/delivery.hpp"

#include <algorithm>
#include <set>

namespace alloy::api {
namespace {

constexpr std::size_t piece_bytes = 64u << 10, records_per_read = 16;
constexpr std::string_view lines_type = "application/x-ndjson";

class export_lines final : public body_source {
 public:
  export_lines(std::string head, events::tenant_feed from, std::uint64_t last_seq,
               events::checkpoint_signer const& signer, uuid const& org, live_permission right)
      : head_(std::move(head)), from_(std::move(from)), last_seq_(last_seq), signer_(signer), org_(org),
        right_(std::move(right)) {}
  void on_ready(std::function<void()>) override {}
  std::int64_t patience_ms() const override { return 0; }
  void hurry() override {}

  state pull(std::string& out) override {
    if (!right_()) return state::broken; // without the seal at its end it is no export
    std::string piece;
    piece.swap(head_);
    auto seq = from_.next_seq();
    while (piece.size() < piece_bytes && seq <= last_seq_) {
      auto const records = from_.next(std::min<std::uint64_t>(records_per_read, last_seq_ - seq + 1));
      if (records.empty()) return state::broken;
      for (auto const& r : records) events::append_line(piece, seq++, r);
    }
    seal_.add(piece);
    out += piece; // behind what others have put there
    if (seq <= last_seq_) return state::piece;
    seal_.append_end(out, signer_, org_);
    return state::end;
  }

 private:
  std::string head_;
  events::tenant_feed from_;
  std::uint64_t last_seq_;
  events::checkpoint_signer const& signer_;
  uuid org_;
  live_permission right_;
  events::export_seal seal_;
};

// Everybody whom the organization knows now, in clear: an export is for its Owners and Admins.
std::string people_lines(read_context const& c) {
  std::string lines;
  auto const prefix = key(c.subject.org, table::member).str();
  c.state.scan(prefix, after_prefix(prefix), direction::ascending, [&](std::string_view k, std::string_view) {
    auto const id = uuid::from_view(k.substr(prefix.size()));
    auto const u = domain::find<domain::user>(c.state, identity_tenant, id);
    if (!u) return true;
    auto const open = [&](std::string const& sealed) { return c.with.people.open(c.local, id, sealed).value_or(""); };
    events::append_line(lines, events::exported_person{id, open(u->email_sealed), open(u->display_name_sealed)});
    return true;
  });
  return lines;
}

result<reply> export_all(read_context& c) {
  auto const& org = c.subject.org;
  auto const [digest, records] = projections::digest_and_records(c.state, org);
  auto const root = events::merkle::tree(c.state, org).root(records);
  events::export_header h;
  h.org_id = org;
  h.log = c.with.server.log.identity();
  h.alloy_version = ALLOY_VERSION;
  h.exported_at = now();
  h.records = records;
  h.position = c.with.server.log.head();
  h.root = encode_base64(crypto::view_of(root));
  h.digest = encode_hex(crypto::view_of(digest));
  h.checkpoint = c.with.notary.sign(org, records, root);
  h.verifier_key = c.with.notary.verifier_key();
  h.state_version.value = projections::state_version;
  reply r;
  r.content_type = lines_type;
  r.source = std::make_shared<export_lines>(json::to_string(h) + "\n" + people_lines(c),
                                            events::tenant_feed::from_record(c.with.server.log, c.state, org, 1),
                                            records, c.with.notary, org, right_of(c));
  r.headers.emplace_back("Content-Disposition", "attachment; filename=\"alloy-" + to_string(org) + ".ndjson\"");
  return r;
}

// ------------------------------------------------------------------------------- import

struct import_view {
  static constexpr bool answer = true;
  uuid org_id;
  std::uint64_t records = 0, records_total = 0;
  bool complete = false;
  std::optional<std::string> root, digest; // once it is complete
  std::optional<bool> digest_matches;      // with the header's; null where another version folded it
};
BOOST_DESCRIBE_STRUCT(import_view, (), (org_id, records, records_total, complete, root, digest, digest_matches))

struct piece {
  events::export_header header;
  std::vector<events::exported_person> people;
  std::vector<std::string> people_places;
  std::vector<std::string> records;
  std::vector<std::string> places;                        // of the records in the file: "line 7"
  std::uint64_t first = 0;                                // seq of the first record
  timestamp begins, ends;                                 // when its first and its last record were written
  std::vector<std::pair<std::string, std::string>> slugs; // that the records take, and where
  std::vector<std::pair<uuid, std::string>> members;      // that the records add, and where
};

// A record may be so much earlier than the one before, for clocks are set back. Hardly later than now: what is written
// here afterwards is not older, so that a time names one place of the log.
constexpr std::int64_t clocks_differ_ms = 86'400'000, ahead_max_ms = 60'000;

error bad(std::string words) {
  return error(errc::validation_failed, std::move(words));
}

result<> check_header(events::export_header const& h) {
  auto const is_hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  if (h.org_id.is_nil()) return bad("this is no organization");
  if (h.digest.size() != 64 || !std::ranges::all_of(h.digest, is_hex)) return bad("the digest is not 64 hex digits");
  if (h.records == 0 || h.records > 9'007'199'254'740'991) return bad("the number of records is out of range");
  return {};
}

// Of somebody who was erased both are empty.
result<> check_person(events::exported_person const& p) {
  if (p.id.is_nil()) return bad("a person has an id");
  if (!p.email.empty() && email::check(p.email)) return bad("a person's email is none");
  if (!p.display_name.empty() && domain::display_name::check(p.display_name))
    return bad("a person's name is malformed");
  return {};
}

// What a record says about itself; its events are looked at where they are folded.
result<> check_record(piece& p, events::exported_record const& r, std::string const& where) {
  events::record decoded;
  try {
    decoded = events::decode_record(1, r.bytes);
  } catch (std::exception const&) {
    return bad("this record has a form, or an event of a type or schema, that this version does not know");
  }
  auto const& head = decoded.head;
  if (head.tenant != p.header.org_id || head.tenant_seq != r.seq) return bad("this record is of another place");
  if (head.command_id.is_nil() || text<0, 200>::check(head.request_id))
    return bad("this record's request is malformed");
  if (head.at.ms < p.ends.ms - clocks_differ_ms) return bad("this record is older than the one before");
  if (head.at.ms > now().ms + ahead_max_ms) return bad("this record is of the future");
  if (p.records.empty()) p.begins = head.at;
  p.ends = std::max(p.ends, head.at);
  std::set<uuid> ids;
  for (auto const& e : decoded.events) {
    if (e.id.is_nil() || !ids.insert(e.id).second) return bad("the id of an event is missing or stands there twice");
    if (auto const* joined = std::get_if<events::member_added>(&e.what)) p.members.emplace_back(joined->user_id, where);
    if (auto const* made = std::get_if<events::org_created>(&e.what)) p.slugs.emplace_back(made->slug, where);
    if (auto const* c = std::get_if<events::org_updated>(&e.what); c && c->changes.slug)
      p.slugs.emplace_back(c->changes.slug.value->to, where);
  }
  return {};
}

result<> add_line(piece& p, std::string_view line, std::string const& where) {
  switch (events::kind_of_line(line)) {
  case events::line_kind::header: return bad("there is a second header");
  case events::line_kind::end: return {};
  case events::line_kind::person: {
    auto person = events::read_person(line);
    if (!person) return bad("a person has an id, an email and a display_name");
    if (auto good = check_person(*person); !good) return good;
    p.people.push_back(std::move(*person));
    p.people_places.push_back(where);
    return {};
  }
  case events::line_kind::record: break;
  }
  auto r = events::read_record(line, p.header.org_id);
  if (!r) return r.error();
  if (!p.records.empty() && r->seq != p.first + p.records.size())
    return bad("record " + std::to_string(p.first + p.records.size()) + " is due");
  if (auto good = check_record(p, *r, where); !good) return good;
  if (p.records.empty()) p.first = r->seq;
  p.records.push_back(std::move(r->bytes));
  p.places.push_back(where);
  return {};
}

// Where it refuses it names the line, and says nothing of what stands there.
result<piece> read_piece(std::string_view body) {
  piece p;
  bool has_header = false;
  for (std::size_t number = 1; !body.empty(); ++number) {
    auto const end = body.find('\n');
    auto const line = body.substr(0, end);
    body.remove_prefix(end == std::string_view::npos ? body.size() : end + 1);
    if (line.empty()) continue;
    auto const where = "line " + std::to_string(number);
    result<> good;
    if (!has_header) {
      auto header = events::read_header(line);
      good = header ? check_header(*header) : result<>(header.error());
      if (good) p.header = std::move(*header);
      has_header = true;
    } else {
      good = add_line(p, line, where);
    }
    if (!good) return bad(where + ": " + good.error().detail);
  }
  if (!has_header) return bad("an import begins with the header of the export");
  return p;
}

// What makes names unique on the whole server must not be taken away from an organization that is there.
result<> check_slugs(reader const& state, piece const& p) {
  std::string owner;
  for (auto const& [slug, where] : p.slugs)
    if (state.get(key(identity_tenant, table::org_by_slug).add(slug).str(), owner) && owner != p.header.org_id.view())
      return error(errc::already_exists, where + ": another organization here has this slug");
  return {};
}

// Nobody becomes a member by what a file says: whoever has an account here joins by an invitation.
// The importer no more than others: until the last record is there, the organization is nobody's.
result<> check_members(reader const& state, piece const& p) {
  for (auto const& [id, where] : p.members) {
    auto const u = domain::find<domain::user>(state, identity_tenant, id);
    if (u && !u->password_hash.empty())
      return error(errc::already_exists, where + ": this member has an account here; take them out of the organization "
                                                 "before it is exported, and invite them here");
  }
  return {};
}

// In the end each member must be somebody: who is known by an id alone could not even be counted as gone.
result<> check_named(reader const& state, uuid const& org, std::vector<events::exported_person> const& people) {
  for (auto const& id : ids_under(state, key(org, table::member)))
    if (!domain::find<domain::user>(state, identity_tenant, id) &&
        std::ranges::find(people, id, &events::exported_person::id) == people.end())
      return bad("the file has no line for the member " + to_string(id));
  return {};
}

// A piece goes on where the one before ended, in time, too.
result<> check_follows(write_context const& c, piece const& p, events::tenant_head const& here) {
  if (here.seq == 0 || p.records.empty()) return {};
  auto const before = c.with.server.log.read(here.position, 1);
  if (before.empty()) return error(errc::wrong_state, "the piece before is still being written; send this one again");
  auto const last = events::decode_record(before.front().first, before.front().bytes).head.at;
  if (p.begins.ms < last.ms - clocks_differ_ms)
    return bad(p.places.front() + ": this record is older than the one before");
  return {};
}

// Folds the records for a look at what they say, each event held against the rules of commands. What was written so is
// dropped; the sequencer folds them again, for good.
result<> rehearse(reader const& state, piece const& p, std::uint64_t position) {
  storage::overlay scratch(state);
  for (std::size_t i = 0; i < p.records.size(); ++i) {
    auto const& bytes = p.records[i];
    auto const at = p.places[i] + ": ";
    try {
      auto const r = events::decode_record(position + 1, bytes);
      position += r.events.size();
      if (r.previous_crc != events::head_of(scratch, p.header.org_id).crc)
        return bad(at + "this record does not follow the record before it");
      if (auto good = projections::fold_foreign(scratch, r, bytes); !good) return bad(at + good.error().detail);
    } catch (storage::read_failed const&) {
      throw;
    } catch (std::exception const&) {
      return bad(at + "this record cannot be folded into what is before it");
    }
  }
  return {};
}

// A user and an organization share an id only where it is their personal one. (An id of a webhook that is taken here is
// no reason to refuse: it would let whoever knows it keep an organization out for ever. Nothing knows a webhook by its
// id alone, and the one that was here first keeps the row of the id.)
result<> check_people(reader const& state, piece const& p) {
  for (auto const& one : p.people)
    if (one.id != p.header.org_id && state.has(key(one.id, table::tenant_head)) &&
        !state.has(domain::key_of<domain::user>(identity_tenant, one.id)))
      return error(errc::already_exists, "a person of this export has the id of an organization here");
  return {};
}

// Who is named in the events gets a name here, too, but no way in: an account is made by registering.
// Whoever is known from another import keeps the name that they have: the line must know their address, or else the
// file would learn it by an id, or be given the name of somebody else's making. Of whom nothing is known, nothing is
// shown.
result<> name_people(write_context& c, piece const& p, commands::plan& into) {
  for (std::size_t i = 0; i < p.people.size(); ++i) {
    auto const& one = p.people[i];
    if (auto const u = domain::find<domain::user>(c.state(), identity_tenant, one.id)) {
      auto const open = [&](std::string const& sealed) {
        return c.with.people.open(c.head.local, one.id, sealed).value_or("");
      };
      if (!u->password_hash.empty()) continue; // an account's name is shown to nobody by an import
      auto const address = open(u->email_sealed);
      if (address != one.email && !(address.empty() && open(u->display_name_sealed).empty()))
        return error(errc::already_exists,
                     p.people_places[i] + ": this person's id is known here with another address");
      continue;
    }
    domain::record(into.events, identity_tenant, entity::user, one.id,
                   events::user_registered{c.with.people.seal(c.head.local, one.id, one.email),
                                           c.with.people.seal(c.head.local, one.id, one.display_name), ""});
  }
  return {};
}

// After its last record: the importer owns it, and its webhooks wait for somebody to switch them on.
void take_over(reader const& state, uuid const& org, uuid const& importer, domain::facts& out) {
  domain::record(out, org, entity::member, importer, events::member_added{importer, role::Owner, true, {}});
  auto const prefix = key(org, table::webhook).str();
  state.scan(prefix, after_prefix(prefix), direction::ascending, [&](std::string_view, std::string_view row) {
    // Those that are off, too: it ends what was asked for on the former server.
    auto const w = json::stored<domain::webhook>(domain::row::json_of(row));
    domain::record(out, org, entity::webhook, w.id,
                   events::webhook_disabled{std::string(webhooks::disabled_by_import)});
    return true;
  });
}

// What the records come to must be what the other server had signed. Where it is not, the piece is refused as a whole:
// the organization stays nobody's, and its last piece may be sent again.
result<> finish(import_view& v, uuid const& importer, events::export_header const& header, reader const& state,
                domain::facts& out) {
  if (!state.has(domain::key_of<domain::org>(v.org_id, v.org_id))) return bad("the records make no organization");
  if (auto good = domain::check_foreign_whole(state, v.org_id); !good) return good;
  v.root = encode_base64(crypto::view_of(events::merkle::tree(state, v.org_id).root(v.records)));
  if (v.root != header.root)
    return error(errc::digest_mismatch, "the Merkle root over all records is not that of the header");
  v.digest = encode_hex(crypto::view_of(projections::digest_of_tenant(state, v.org_id)));
  // Another version of the read models folds the same records into other rows, so its digest says nothing here.
  if (header.state_version.value == projections::state_version) {
    v.digest_matches = v.digest == header.digest;
    if (!*v.digest_matches)
      return error(errc::digest_mismatch, "what the records come to is not what the header names",
                   "\"digest\":\"" + *v.digest + "\",\"expected\":\"" + header.digest + "\"");
  }
  take_over(state, v.org_id, importer, out);
  return {};
}

error operators_only() {
  return error(errc::role_too_low, "only an operator of this server may import; see `alloy operator add`");
}

result<commands::plan> import_piece(write_context& c, piece const& p) {
  auto const id = parse_uuid(c.params.at(0));
  if (!id || *id != p.header.org_id)
    return error(errc::validation_failed,
                 "the path must name the organization of the export, " + to_string(p.header.org_id));
  if (!may_operate(c)) return operators_only();
  auto const here = events::head_of(c.state(), *id);
  auto const import = import_state_of(c.head.local, *id);
  if (import == import_state::cancelled)
    return error(errc::already_exists, "the import of this organization was cancelled here; its id is taken");
  if (here.seq > 0 && import == import_state::none)
    return error(errc::already_exists, "this organization is here already");
  if (!p.records.empty() && p.first != here.seq + 1)
    return error(errc::wrong_state, "record " + std::to_string(here.seq + 1) + " is due",
                 "\"records\":" + std::to_string(here.seq));
  if (here.seq + p.records.size() > p.header.records)
    return error(errc::validation_failed, "there are more records than the header names");
  if (auto free = check_slugs(c.state(), p); !free) return free.error();
  if (auto free = check_people(c.state(), p); !free) return free.error();
  if (auto known = check_members(c.state(), p); !known) return known.error();
  if (auto follows = check_follows(c, p, here); !follows) return follows.error();
  if (auto good = rehearse(c.state(), p, c.with.server.log.head()); !good) return good.error();
  commands::plan plan;
  plan.keeps_rows = true;
  plan.records = p.records;
  if (auto named = name_people(c, p, plan); !named) return named.error();
  auto const v = std::make_shared<import_view>();
  v->org_id = *id;
  v->records = here.seq + p.records.size();
  v->records_total = p.header.records;
  v->complete = v->records == v->records_total;
  // A piece of people alone takes no id yet.
  if (v->records > 0) set_import_state(c.head.local, *id, v->complete ? import_state::none : import_state::under_way);
  if (v->complete)
    plan.then = [v, importer = c.who->user_id, header = p.header, people = p.people](reader const& state,
                                                                                     domain::facts& out) -> result<> {
      if (auto named = check_named(state, v->org_id, people); !named) return named;
      return finish(*v, importer, header, state, out);
    };
  plan.render = [v](reader const&) {
    commands::answer a;
    a.body = json::to_string(*v);
    return a;
  };
  return plan;
}

// Its slug is free afterwards. Its id is not: the records stay in the log, and would belong to whoever were given it.
result<commands::plan> cancel_import(write_context& c) {
  auto const id = parse_uuid(c.params.at(0));
  if (!may_operate(c))
    return error(errc::role_too_low, "only an operator of this server may; see `alloy operator add`");
  if (!id || import_state_of(c.head.local, *id) != import_state::under_way)
    return error(errc::not_found, "no import of such an organization is under way");
  auto const o = domain::find<domain::org>(c.state(), *id, *id);
  set_import_state(c.head.local, *id, o ? import_state::cancelled : import_state::none);
  auto plan = *done(o ? domain::dissolve(c.state(), *o) : domain::decision{});
  plan.keeps_rows = true;
  return plan;
}

operation import_row() {
  operation op;
  op.id = "import_data";
  op.command = "org import";
  op.method = verb::post;
  op.path = "/api/v1/orgs/{org_id}/import";
  op.summary = "Take an organization in from an export of another server";
  op.needs = scope::admin;
  op.body_type = lines_type;
  op.body = [](schema_book&) { return std::string(R"({"type":"string","description":"Lines of an export"})"); };
  op.answer = schema_or_none<import_view>();
  op.finds_itself = true;
  op.where = runs::importing;
  // Looked at again at the head; here, so that nobody else's body is read.
  op.admit = [](request const& asked, services const&, reader const& state, reader const&,
                auth::principal const* who) -> result<preparation> {
    if (!is_operator(state, who->user_id)) return operators_only();
    return preparation([&asked](reader const&, reader const&) -> result<bound_command> {
      auto p = read_piece(without_byte_order_mark(asked.body));
      if (!p) return p.error();
      return bound_command([held = std::move(*p)](write_context& c) { return import_piece(c, held); });
    });
  };
  return op;
}

operation cancel_row() {
  auto op = called("org cancel-import", del("cancel_import", "/api/v1/orgs/{org_id}/import", role::Viewer,
                                            "Give up an import of which records are still to come", cancel_import));
  op.needs = scope::admin;
  op.finds_itself = true;
  op.notes =
      "For operators of the server. The slug is free afterwards; the id is not, for the records that came stay in "
      "the log. An import that is complete is no import any more: 404.";
  return op;
}

} // namespace

std::vector<operation> transfer_operations() {
  auto out = called("org export",
                    get<nothing>("export_data", "/api/v1/orgs/{org_id}/export", role::Admin,
                                 "Export an organization: its whole log, as lines that can be verified", export_all));
  out.answer = [](schema_book&) { return std::string(R"({"type":"string"})"); };
  out.answer_type = lines_type;
  out.apart = true;
  out.notes = "The first line is a header with the signed root, then people, then every record with its stored JSON, "
              "then a seal over "
              "all lines. "
              "`alloy audit verify` checks such a file with no server.";
  std::vector<operation> rows{std::move(out), import_row(), cancel_row()};
  rows[1].notes =
      "For operators of the server. An export that is larger than a body may be comes in pieces: each begins with the "
      "header line and goes on where the one before ended; 409 names in `records` how many are here. The organization "
      "is nobody's until its last record is there; then it is the importer's. Its webhooks are switched off. What the "
      "records say obeys the rules of commands: 422 names the line. 422 `digest_mismatch`: they do not come to what "
      "the "
      "header names. The last piece is not taken then, and may be sent again; `cancel_import` gives up.";
  bound_keys_may(rows, auth::bound_key::org, {"export_data"});
  for (auto& row : rows) row.tag = "Events";
  return rows;
}

} // namespace alloy::api
