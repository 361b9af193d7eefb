// A whole organization out of a server and into another one.
#include "api/answers.hpp"
#include "api/operators.hpp"
#include "api/resources.hpp"
#include "api/server_facts.hpp"
#include "api/standing_right.hpp"
#include "core/base64.hpp"
#include "domain/orgs.hpp"
#include "domain/webhooks.hpp"
#include "events/export_file.hpp"
#include "events/feed.hpp"
#include "events/ledger.hpp"
#include "projections/replay.hpp"

namespace alloy::api {
namespace {

constexpr std::size_t piece_bytes = 64u << 10, records_per_read = 64;
constexpr std::string_view lines_type = "application/x-ndjson";

class export_lines final : public body_source {
 public:
  export_lines(std::string head, events::tenant_feed from, std::uint64_t last_seq,
               events::checkpoint_signer const& signer, uuid const& org, standing_right right)
      : head_(std::move(head)), from_(std::move(from)), last_seq_(last_seq), signer_(signer), org_(org),
        right_(std::move(right)) {}
  void on_ready(std::function<void()>) override {}
  std::int64_t patience_ms() const override { return 0; }
  void hurry() override {}

  state pull(std::string& out) override {
    if (!right_()) return state::broken; // without the seal at its end it is no export
    out.swap(head_);
    auto seq = from_.next_seq();
    while (out.size() < piece_bytes && seq <= last_seq_) {
      auto const records = from_.next(std::min<std::uint64_t>(records_per_read, last_seq_ - seq + 1));
      if (records.empty()) return state::broken;
      for (auto const& r : records) events::append_line(out, seq++, r);
    }
    seal_.add(out);
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
  standing_right right_;
  events::export_seal seal_;
};

// Everybody whom the organization knows now, in clear: an export is for its Owners and Admins.
std::string people_lines(read_call const& c) {
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

result<reply> export_all(read_call& c) {
  if (!c.who->only_projects.empty())
    return error(errc::project_not_allowed, "this key is bound to projects; this is of the whole organization");
  auto const& org = c.subject.org;
  auto const head = events::head_of(c.state, org);
  auto const root = events::merkle::tree(c.state, org).root(head.seq);
  events::export_header h;
  h.org_id = org;
  h.log = c.with.server.log.identity();
  h.alloy_version = ALLOY_VERSION;
  h.exported_at = now();
  h.records = head.seq;
  h.position = c.with.server.log.head();
  h.root = encode_base64(crypto::view_of(root));
  h.digest = encode_hex(crypto::view_of(projections::digest_of_tenant(c.state, org)));
  h.checkpoint = c.with.notary.sign(org, head.seq, root);
  h.verifier_key = c.with.notary.verifier_key();
  reply r;
  r.content_type = lines_type;
  r.source = std::make_shared<export_lines>(json::to_string(h) + "\n" + people_lines(c),
                                            events::tenant_feed::from_record(c.with.server.log, c.state, org, 1),
                                            head.seq, c.with.notary, org, right_of(c));
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
  std::optional<bool> digest_matches;      // with the header's: a newer version may fold the same events otherwise
};
BOOST_DESCRIBE_STRUCT(import_view, (), (org_id, records, records_total, complete, root, digest, digest_matches))

struct piece {
  events::export_header header;
  std::vector<events::exported_person> people;
  std::vector<std::string> records;
  std::uint64_t first = 0; // seq of the first record
};

result<piece> read_piece(std::string_view body) {
  piece p;
  bool has_header = false;
  for (std::size_t number = 1; !body.empty(); ++number) {
    auto const end = body.find('\n');
    auto const line = body.substr(0, end);
    body.remove_prefix(end == std::string_view::npos ? body.size() : end + 1);
    if (line.empty()) continue;
    auto const fault = [&](error const& e) {
      return error(errc::validation_failed, "line " + std::to_string(number) + ": " + e.detail);
    };
    if (!has_header) {
      auto header = events::read_header(line);
      if (!header) return fault(header.error());
      p.header = std::move(*header);
      has_header = true;
    } else if (events::kind_of_line(line) == events::line_kind::person) {
      auto person = events::read_person(line);
      if (!person) return fault(person.error());
      p.people.push_back(std::move(*person));
    } else if (events::kind_of_line(line) != events::line_kind::end) {
      auto r = events::read_record(line, p.header.org_id);
      if (!r) return fault(r.error());
      if (p.records.empty()) p.first = r->seq;
      if (r->seq != p.first + p.records.size())
        return fault(
            error(errc::validation_failed, "record " + std::to_string(p.first + p.records.size()) + " is due"));
      p.records.push_back(std::move(r->bytes));
    }
  }
  if (!has_header) return error(errc::validation_failed, "an import begins with the header of the export");
  return p;
}

// What makes names unique on the whole server must not be taken away from an organization that is there.
result<> check_names(reader const& state, piece const& p) {
  for (auto const& bytes : p.records)
    for (auto const& e : events::decode_record(1, bytes).events) {
      std::string slug;
      if (auto const* made = std::get_if<events::org_created>(&e.what)) slug = made->slug;
      if (auto const* c = std::get_if<events::org_updated>(&e.what); c && c->changes.slug)
        slug = c->changes.slug.value->to;
      std::string owner;
      if (!slug.empty() && state.get(key(identity_tenant, table::org_by_slug).add(slug).str(), owner) &&
          owner != p.header.org_id.view())
        return error(errc::already_exists, "another organization here has the slug " + slug);
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
void name_people(write_call& c, piece const& p, commands::plan& into) {
  for (auto const& one : p.people) {
    if (domain::find<domain::user>(c.state(), identity_tenant, one.id)) continue;
    domain::record(into.events, identity_tenant, entity::user, one.id,
                   events::user_registered{c.with.people.seal(c.head.local, one.id, one.email),
                                           c.with.people.seal(c.head.local, one.id, one.display_name), ""});
  }
}

// After its last record: the importer owns it, and its webhooks wait for somebody to switch them on.
void take_over(reader const& state, uuid const& org, uuid const& importer, domain::facts& out) {
  if (!domain::find<domain::member>(state, org, importer))
    domain::record(out, org, entity::member, importer, events::member_added{importer, role::Owner, true, {}});
  auto const prefix = key(org, table::webhook).str();
  state.scan(prefix, after_prefix(prefix), direction::ascending, [&](std::string_view, std::string_view row) {
    auto d = domain::disable(json::stored<domain::webhook>(domain::row::json_of(row)), "imported");
    if (d) out.insert(out.end(), d->events.begin(), d->events.end());
    return true;
  });
}

result<> finish(import_view& v, uuid const& importer, events::export_header const& header, reader const& state,
                domain::facts& out) {
  v.root = encode_base64(crypto::view_of(events::merkle::tree(state, v.org_id).root(v.records)));
  if (v.root != header.root)
    return error(errc::validation_failed, "the Merkle root over all records is not that of the header");
  v.digest = encode_hex(crypto::view_of(projections::digest_of_tenant(state, v.org_id)));
  v.digest_matches = v.digest == header.digest;
  take_over(state, v.org_id, importer, out);
  return {};
}

result<commands::plan> import_piece(write_call& c, piece const& p) {
  auto const id = parse_uuid(c.params.at(0));
  if (!id || *id != p.header.org_id)
    return error(errc::validation_failed,
                 "the path must name the organization of the export, " + to_string(p.header.org_id));
  if (!may_operate(c))
    return error(errc::role_too_low, "only an operator of this server may import; see `alloy operator add`");
  auto const here = events::head_of(c.state(), *id);
  bool const is_held = is_being_imported(c.head.local, *id);
  if (here.seq > 0 && !is_held) return error(errc::already_exists, "this organization is here already");
  if (!p.records.empty() && p.first != here.seq + 1)
    return error(errc::wrong_state, "record " + std::to_string(here.seq + 1) + " is due",
                 "\"records\":" + std::to_string(here.seq));
  if (here.seq + p.records.size() > p.header.records)
    return error(errc::validation_failed, "there are more records than the header names");
  try {
    if (auto free = check_names(c.state(), p); !free) return free.error();
    if (auto free = check_people(c.state(), p); !free) return free.error();
  } catch (events::damaged const& unknown) {
    return error(errc::validation_failed, unknown.what());
  }
  commands::plan plan;
  plan.keeps_rows = true;
  plan.records = p.records;
  name_people(c, p, plan);
  auto const v = std::make_shared<import_view>();
  v->org_id = *id;
  v->records = here.seq + p.records.size();
  v->records_total = p.header.records;
  v->complete = v->records == v->records_total;
  if (v->complete) {
    c.head.local.erase(import_row_of(*id));
    plan.then = [v, importer = c.who->user_id, header = p.header](reader const& state, domain::facts& out) {
      return finish(*v, importer, header, state, out);
    };
  } else {
    c.head.local.put(import_row_of(*id), "");
  }
  plan.render = [v](reader const&) {
    commands::answer a;
    a.body = json::to_string(*v);
    return a;
  };
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
  op.where = runs::hashing; // large bodies are parsed where nobody waits
  op.write = [](request const& asked, services const&, reader const&, reader const&,
                auth::principal const*) -> result<bound_command> {
    auto p = read_piece(asked.body);
    if (!p) return p.error();
    return bound_command([held = std::move(*p)](write_call& c) { return import_piece(c, held); });
  };
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
  std::vector<operation> rows{std::move(out), import_row()};
  rows.back().notes =
      "For operators of the server. An export that is larger than a body may be comes in pieces: each begins with the "
      "header line and goes on where the one before ended; 409 names in `records` how many are here. The organization "
      "is nobody's until its last record is there; then it is the importer's. Its webhooks are switched off.";
  bound_keys_may(rows, auth::bound_key::org, {"export_data"});
  for (auto& row : rows) row.tag = "Events";
  return rows;
}

} // namespace alloy::api
