#include "domain/event_rules.hpp"

#include "core/currencies.hpp"
#include "domain/currency.hpp"
#include "domain/field_rules.hpp"
#include "domain/history.hpp"
#include "domain/labor_rates.hpp"
#include "domain/members.hpp"
#include "domain/orgs.hpp"
#include "domain/projects.hpp"
#include "domain/sprints.hpp"
#include "domain/tags.hpp"
#include "domain/tickets.hpp"
#include "domain/time_entries.hpp"
#include "domain/webhooks.hpp"
#include "events/ledger.hpp"

#include <map>

namespace alloy::domain {
namespace {

using namespace events;
using rules::verdict;

// ------------------------------------------------------------------------- what no command has a field for

struct hex_digest_rule {
  static constexpr std::string_view words = "it must be 64 hex digits";
  [[maybe_unused]] static constexpr std::size_t min = 64; // where formed<> asks for it
  static constexpr std::size_t max = 64;
  static bool ok(std::string_view t) noexcept {
    return t.size() == max &&
           std::all_of(t.begin(), t.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
  }
};
using sealed_text = text<1, 4096>;
using log_position = bounded<0, 9'007'199'254'740'991>;
using amount = bounded<-4'000'000'000'000'000'000, 4'000'000'000'000'000'000>;
using long_minutes = bounded<0, 1'000'000'000'000>;

struct digits {
  bounded<0, 4> minor_digits, from_digits, to_digits;
};
BOOST_DESCRIBE_STRUCT(digits, (), (minor_digits, from_digits, to_digits))
struct secrets {
  sealed_text email_sealed, secret_sealed;
  formed<hex_digest_rule> code_hash;
};
BOOST_DESCRIBE_STRUCT(secrets, (), (email_sealed, secret_sealed, code_hash))
struct numbered {
  bounded<1, 1'000'000'000> ticket_number;
  text<3, 32> reference;
  status_name status;
};
BOOST_DESCRIBE_STRUCT(numbered, (), (ticket_number, reference, status))
struct counted {
  bounded<0, 1'000'000'000> ticket_counter;
};
BOOST_DESCRIBE_STRUCT(counted, (), (ticket_counter))
struct carried_tags {
  set_tags changes;
};
BOOST_DESCRIBE_STRUCT(carried_tags, (), (changes))
struct disabled_because {
  text<1, 200> reason;
};
BOOST_DESCRIBE_STRUCT(disabled_because, (), (reason))
struct replayed {
  log_position from, to;
  list<event_type, 0, 100> event_types;
};
BOOST_DESCRIBE_STRUCT(replayed, (), (from, to, event_types))
struct signed_month {
  month_name month;
  log_position report_seq, report_position;
  formed<hex_digest_rule> digest;
  long_minutes total_minutes, draft, submitted, rejected, unpriced;
  amount total_amount_cents, capex_cents, opex_cents;
};
BOOST_DESCRIBE_STRUCT(signed_month, (),
                      (month, report_seq, report_position, digest, total_minutes, draft, submitted, rejected, unpriced,
                       total_amount_cents, capex_cents, opex_cents))

// ------------------------------------------------------------------------- every event

enum class subject_is : std::uint8_t { new_by_it, there, looked_at_below };

template <class Thing, entity Kind, subject_is How, class... Shapes> struct about {
  static constexpr bool of_an_org = true;
  static constexpr entity kind = Kind;
  static constexpr subject_is how = How;
  using thing = Thing;
  static void check_fields(verdict& v, auto const& e) { rules::fields<Shapes...>(v, "", e); }
};
struct of_identity {
  static constexpr bool of_an_org = false;
};

template <class E> struct rule_of; // none: an event was added, and nobody said what an import may take of it

constexpr auto made = subject_is::new_by_it, there = subject_is::there, below = subject_is::looked_at_below;

template <> struct rule_of<user_registered> : of_identity {};
template <> struct rule_of<user_password_changed> : of_identity {};
template <> struct rule_of<user_erased> : of_identity {};
template <> struct rule_of<session_opened> : of_identity {};
template <> struct rule_of<session_refreshed> : of_identity {};
template <> struct rule_of<session_confirmed> : of_identity {};
template <> struct rule_of<session_closed> : of_identity {};
template <> struct rule_of<session_revoked> : of_identity {};
template <> struct rule_of<api_key_created> : of_identity {};
template <> struct rule_of<api_key_deleted> : of_identity {};
template <> struct rule_of<operator_added> : of_identity {};
template <> struct rule_of<operator_removed> : of_identity {};

template <> struct rule_of<org_created> : about<org, entity::org, made, create_org, digits> {};
template <> struct rule_of<org_updated> : about<org, entity::org, there, update_org, digits> {};
template <> struct rule_of<org_currency_converted> : about<org, entity::org, there, digits> {};
template <> struct rule_of<org_deleted> : about<org, entity::org, there, create_org> {};
template <> struct rule_of<member_added> : about<member, entity::member, below> {};
template <> struct rule_of<member_role_changed> : about<member, entity::member, there, update_member> {};
template <> struct rule_of<member_removed> : about<member, entity::member, there> {};
template <> struct rule_of<invite_created> : about<invite, entity::invite, made, secrets> {};
template <> struct rule_of<invite_revoked> : about<invite, entity::invite, there> {};
template <> struct rule_of<invite_accepted> : about<invite, entity::invite, there> {};
template <> struct rule_of<team_created> : about<team, entity::team, made, create_team> {};
template <> struct rule_of<team_updated> : about<team, entity::team, there, update_team> {};
template <> struct rule_of<team_deleted> : about<team, entity::team, there, create_team> {};
template <> struct rule_of<team_member_added> : about<team, entity::team, there> {};
template <> struct rule_of<team_member_removed> : about<team, entity::team, there> {};
template <> struct rule_of<workflow_created> : about<workflow, entity::workflow, made, create_workflow> {};
template <> struct rule_of<workflow_updated> : about<workflow, entity::workflow, there, update_workflow> {};
template <> struct rule_of<workflow_deleted> : about<workflow, entity::workflow, there, create_workflow> {};
template <> struct rule_of<label_created> : about<label, entity::label, made, create_label> {};
template <> struct rule_of<label_updated> : about<label, entity::label, there, update_label> {};
template <> struct rule_of<label_deleted> : about<label, entity::label, there, create_label> {};
template <> struct rule_of<project_created> : about<project, entity::project, made, create_project, counted> {};
template <> struct rule_of<project_updated> : about<project, entity::project, there, update_project> {};
template <> struct rule_of<project_deleted> : about<project, entity::project, there, create_project> {};
template <> struct rule_of<project_member_added> : about<project, entity::project, there> {};
template <> struct rule_of<project_member_removed> : about<project, entity::project, there> {};
template <> struct rule_of<sprint_created> : about<sprint, entity::sprint, made, create_sprint> {};
template <> struct rule_of<sprint_updated> : about<sprint, entity::sprint, there, update_sprint> {};
template <> struct rule_of<sprint_started> : about<sprint, entity::sprint, there> {};
template <> struct rule_of<sprint_completed> : about<sprint, entity::sprint, there> {};
template <> struct rule_of<sprint_deleted> : about<sprint, entity::sprint, there, create_sprint> {};
template <> struct rule_of<ticket_created> : about<ticket, entity::ticket, made, create_ticket, numbered> {};
template <> struct rule_of<ticket_updated> : about<ticket, entity::ticket, there, update_ticket, numbered> {};
template <> struct rule_of<ticket_status_changed> : about<ticket, entity::ticket, there, update_ticket> {};
template <> struct rule_of<ticket_assigned> : about<ticket, entity::ticket, there> {};
template <> struct rule_of<ticket_sprint_changed> : about<ticket, entity::ticket, there> {};
template <> struct rule_of<ticket_labeled> : about<ticket, entity::ticket, there> {};
template <> struct rule_of<ticket_unlabeled> : about<ticket, entity::ticket, there> {};
template <> struct rule_of<ticket_deleted> : about<ticket, entity::ticket, there, numbered> {};
template <> struct rule_of<comment_created> : about<comment, entity::comment, made, create_comment> {};
template <> struct rule_of<comment_updated> : about<comment, entity::comment, there, update_comment> {};
template <> struct rule_of<comment_deleted> : about<comment, entity::comment, there> {};
template <> struct rule_of<tags_changed> : about<void, entity::ticket, below, carried_tags> {};
template <> struct rule_of<webhook_created> : about<webhook, entity::webhook, made, create_webhook, secrets> {};
template <> struct rule_of<webhook_updated> : about<webhook, entity::webhook, there, update_webhook> {};
template <> struct rule_of<webhook_secret_rotated> : about<webhook, entity::webhook, there, secrets> {};
template <> struct rule_of<webhook_disabled> : about<webhook, entity::webhook, there, disabled_because> {};
template <> struct rule_of<webhook_deleted> : about<webhook, entity::webhook, there> {};
template <> struct rule_of<webhook_pinged> : about<webhook, entity::webhook, there> {};
template <> struct rule_of<webhook_redelivered> : about<webhook, entity::webhook, there> {};
template <> struct rule_of<webhook_replayed> : about<webhook, entity::webhook, there, replayed> {};
template <> struct rule_of<time_entry_logged> : about<time_entry, entity::time_entry, made, log_time> {};
template <> struct rule_of<time_entry_updated> : about<time_entry, entity::time_entry, there, update_time_entry> {};
template <> struct rule_of<time_entry_submitted> : about<time_entry, entity::time_entry, there> {};
template <> struct rule_of<time_entry_approved> : about<time_entry, entity::time_entry, there> {};
template <> struct rule_of<time_entry_rejected> : about<time_entry, entity::time_entry, there, reasoned> {};
template <> struct rule_of<time_entry_reopened> : about<time_entry, entity::time_entry, there, reasoned> {};
template <> struct rule_of<time_entry_deleted> : about<time_entry, entity::time_entry, there, log_time> {};
template <> struct rule_of<labor_rate_set> : about<labor_rate, entity::labor_rate, made, create_labor_rate> {};
template <> struct rule_of<period_closed> : about<period, entity::period, below, signed_month> {};
template <> struct rule_of<period_reopened> : about<period, entity::period, below, reopen_period, signed_month> {};

// ------------------------------------------------------------------------- what stands beside it

template <class T> constexpr entity rule_kind = entity::project;
template <> constexpr entity rule_kind<team> = entity::team;

struct place {
  reader const& state;
  stored_event const& at;
  verdict& v;

  template <class T> bool has(uuid const& id) const { return state.has(key_of<T>(at.tenant, id)); }
  template <class T> void demand(std::optional<uuid> const& id, std::string_view where) const {
    if (id) v.demand(has<T>(*id), where, "there is no such thing in this organization");
  }
  // It is there, or was.
  template <class T> void demand_once(std::optional<uuid> const& id, std::string_view where) const {
    v.demand(!id || has<T>(*id) || has_history(state, at.tenant, rule_kind<T>, *id), where,
             "there was no such thing in this organization");
  }
  bool is_restored(json::changed<restored> const& r) const {
    if (r) v.demand(r.value->created_at <= at.at, "/restores/created_at", "it is later than the event");
    return r.value.has_value();
  }
};

// Its uuids name people, who may be gone, or things that may be gone; its fields say all the rest.
template <class E> void check_place(place const&, E const&) {}

void check_place(place const& p, org_created const& e) {
  p.v.demand(p.at.subject.id == p.at.tenant, "the subject", "it must be the organization itself");
  p.v.demand(e.minor_digits.value.value_or(2) >= 0, "/minor_digits", "it must not be negative");
}
void check_place(place const& p, org_updated const& e) {
  p.v.demand(p.at.subject.id == p.at.tenant, "the subject", "it must be the organization itself");
  // 0.1.0 changed the currency of what was priced; none ever changed its unit.
  p.v.demand(!e.changes.minor_digits || !is_priced(p.state, p.at.tenant), "/changes/minor_digits",
             "the organization has prices by then");
}
void check_place(place const& p, org_currency_converted const& e) {
  p.v.demand(p.at.subject.id == p.at.tenant, "the subject", "it must be the organization itself");
  auto const o = find<org>(p.state, p.at.tenant, p.at.tenant);
  p.v.demand(o && o->minor_digits == e.from_digits, "/from_digits", "the organization counts by others");
  p.v.demand(o && e.from_digits != e.to_digits && minor_digits_of(o->currency) == e.to_digits, "/to_digits",
             "it must be what the currency has");
}
void check_place(place const& p, org_deleted const&) {
  p.v.refuse("the subject", "an organization that was deleted is not taken in");
}
void check_place(place const& p, member_added const& e) {
  p.v.demand(p.at.subject.kind == entity::member && p.at.subject.id == e.user_id, "the subject",
             "it must be the member");
  p.v.demand(!p.has<member>(e.user_id), "/user_id", "they are a member already");
}
void check_place(place const& p, member_role_changed const& e) {
  p.v.demand(p.at.subject.id == e.user_id, "/user_id", "it must be the subject");
}
void check_place(place const& p, member_removed const& e) {
  p.v.demand(p.at.subject.id == e.user_id, "/user_id", "it must be the subject");
}
void check_place(place const& p, invite_created const& e) {
  p.v.demand(!p.state.has(key(identity_tenant, table::invite_by_code).add(e.code_hash)), "/code_hash",
             "another invite here has it");
}
void check_statuses(place const& p, std::vector<workflow_status> const& statuses,
                    std::vector<workflow_transition> const& transitions) {
  list<status_input, 1, 50> as_sent;
  list<transition_input, 0, 500> moves;
  for (auto const& s : statuses) as_sent.push_back({{s.name}, s.category, s.cancels});
  for (auto const& t : transitions) moves.push_back({{t.from}, {t.to}});
  std::vector<fault> faults;
  detail::transitions_of(moves, detail::statuses_of(as_sent, faults, {}, {}, detail::twins::allowed), faults);
  if (!faults.empty()) p.v.refuse("/statuses", faults.front().code);
}
void check_place(place const& p, workflow_created const& e) {
  p.is_restored(e.restores);
  check_statuses(p, e.statuses, e.transitions);
}
void check_place(place const& p, workflow_updated const& e) {
  auto const w = find<workflow>(p.state, p.at.tenant, p.at.subject.id);
  if (!w) return;
  auto const& c = e.changes;
  check_statuses(p, c.statuses ? c.statuses.value->to : w->statuses,
                 c.transitions ? c.transitions.value->to : w->transitions);
}
void check_place(place const& p, workflow_deleted const&) {
  auto const o = find<org>(p.state, p.at.tenant, p.at.tenant);
  bool in_use = o && o->default_workflow_id == p.at.subject.id;
  auto const projects = key(p.at.tenant, table::project);
  p.state.scan(projects, after_prefix(projects), direction::ascending, [&](std::string_view, std::string_view row) {
    in_use = in_use || decoded<project>::of(row).workflow_id == p.at.subject.id;
    return !in_use;
  });
  p.v.demand(!in_use, "the subject", "a project has this workflow");
}
void check_place(place const& p, project_created const& e) {
  p.is_restored(e.restores);
  p.demand<workflow>(e.workflow_id, "/workflow_id");
  p.v.demand(!is_taken(p.state, project_by_key(p.at.tenant, e.key)), "/key", "another project has it");
}
void check_place(place const& p, project_updated const& e) {
  if (e.changes.workflow_id) p.demand<workflow>(e.changes.workflow_id.value->to, "/changes/workflow_id");
}
void check_days(place const& p, date first, date last) {
  p.v.demand(first <= last, "/end_date", "it is before the start");
}
void check_place(place const& p, sprint_created const& e) {
  p.is_restored(e.restores);
  p.demand<project>(e.project_id, "/project_id");
  check_days(p, e.start_date, e.end_date);
}
void check_place(place const& p, sprint_updated const& e) {
  auto const s = find<sprint>(p.state, p.at.tenant, p.at.subject.id);
  if (!s) return;
  auto const& c = e.changes;
  check_days(p, c.start_date ? c.start_date.value->to : s->start_date, c.end_date ? c.end_date.value->to : s->end_date);
}
void check_place(place const& p, sprint_deleted const& e) {
  auto const s = find<sprint>(p.state, p.at.tenant, p.at.subject.id);
  p.v.demand(s && s->project_id == e.project_id, "/project_id", "the sprint is of another project");
}

// A number is the project's next one, or one that the ticket had there before.
void check_number(place const& p, uuid const& project_id, std::int64_t number, std::string const& reference,
                  bool had_it) {
  auto const in = find<project>(p.state, p.at.tenant, project_id);
  if (!in) return p.v.refuse("/project_id", "there is no such thing in this organization");
  std::string holder;
  bool const given = p.state.get(
      key(p.at.tenant, table::ticket_by_number).add(project_id).add(static_cast<std::uint64_t>(number)), holder);
  bool const own = given && holder == p.at.subject.id.view();
  p.v.demand(had_it && given ? own : !given && number == in->ticket_counter + 1, "/ticket_number",
             "it is not the next number of the project");
  p.v.demand(reference == in->key + "-" + std::to_string(number), "/reference", "it is not that of the number");
}
void check_place(place const& p, ticket_created const& e) {
  bool const restored = p.is_restored(e.restores);
  check_number(p, e.project_id, e.ticket_number, e.reference, restored);
  if (restored) return; // what it refers to may have gone with it
  p.demand<sprint>(e.sprint_id, "/sprint_id");
  for (auto const& id : e.labels) p.demand<label>(id, "/labels");
  auto const in = find<project>(p.state, p.at.tenant, e.project_id);
  auto const w = in ? find<workflow>(p.state, p.at.tenant, in->workflow_id) : std::nullopt;
  p.v.demand(w && w->find(e.status) && w->find(e.status)->category == e.category, "/status",
             "the project's workflow has no such status");
}
void check_place(place const& p, ticket_updated const& e) {
  auto const& c = e.changes;
  bool const moves = c.project_id || c.ticket_number || c.reference;
  if (!moves) return;
  bool const whole = c.project_id && c.ticket_number && c.reference;
  p.v.demand(whole, "/changes", "a move has project, number and reference");
  if (!whole) return;
  auto const t = find<ticket>(p.state, p.at.tenant, p.at.subject.id);
  p.v.demand(t && t->project_id == c.project_id.value->from && t->ticket_number == c.ticket_number.value->from,
             "/changes/project_id/from", "the ticket is elsewhere");
  check_number(p, c.project_id.value->to, c.ticket_number.value->to, c.reference.value->to, true);
}
void check_place(place const& p, ticket_sprint_changed const& e) {
  p.demand<sprint>(e.sprint_id.to, "/sprint_id/to");
}
void check_place(place const& p, ticket_labeled const& e) {
  p.demand<label>(e.label_id, "/label_id");
  auto const t = find<ticket>(p.state, p.at.tenant, p.at.subject.id);
  p.v.demand(!t || std::find(t->labels.begin(), t->labels.end(), e.label_id) == t->labels.end(), "/label_id",
             "the ticket has it already");
}
void check_place(place const& p, ticket_deleted const& e) {
  auto const t = find<ticket>(p.state, p.at.tenant, p.at.subject.id);
  p.v.demand(t && t->project_id == e.project_id, "/project_id", "the ticket is elsewhere");
}
void check_place(place const& p, comment_created const& e) {
  p.is_restored(e.restores);
  p.demand<ticket>(e.ticket_id, "/ticket_id");
}
void check_comment(place const& p, uuid const& ticket_id) {
  auto const c = find<comment>(p.state, p.at.tenant, p.at.subject.id);
  p.v.demand(c && c->ticket_id == ticket_id, "/ticket_id", "the comment is on another ticket");
}
void check_place(place const& p, comment_updated const& e) {
  check_comment(p, e.ticket_id);
}
void check_place(place const& p, comment_deleted const& e) {
  check_comment(p, e.ticket_id);
}
void check_place(place const& p, tags_changed const& e) {
  p.v.demand(carrier_exists(p.state, p.at.tenant, p.at.subject), "the subject", "it carries no tags");
  auto const now = tags_of(p.state, p.at.tenant, p.at.subject);
  for (auto const& [name, change] : e.changes) {
    auto const was = now.find(name);
    p.v.demand(change.from == (was == now.end() ? std::nullopt : std::optional(was->second)), "/changes",
               "it carries something else");
  }
}
void check_place(place const& p, time_entry_logged const& e) {
  // Somebody's team of the day may be gone when the time is logged. 0.1.0 made an entry again whose project was gone.
  if (p.is_restored(e.restores))
    p.demand_once<project>(e.project_id, "/project_id");
  else
    p.demand<project>(e.project_id, "/project_id");
  p.demand_once<team>(e.team_id, "/team_id");
  if (!e.restores) p.demand<ticket>(e.ticket_id, "/ticket_id");
}
void check_place(place const& p, time_entry_deleted const& e) {
  auto const t = find<time_entry>(p.state, p.at.tenant, p.at.subject.id);
  p.v.demand(t && t->ticket_id == e.ticket_id && t->user_id == e.user_id, "/ticket_id", "the entry is another one's");
}
void check_place(place const& p, period_closed const& e) {
  auto const before = find_at<period>(p.state, period_key(p.at.tenant, e.month));
  p.v.demand(p.at.subject.kind == entity::period &&
                 (before ? before->id == p.at.subject.id : !p.at.subject.id.is_nil()),
             "the subject", "the month is another thing");
  p.v.demand(!before || before->status != period_status::Closed, "/month", "it is closed already");
  p.v.demand(e.report_seq.value.has_value() != e.report_position.value.has_value(), "/report_seq",
             "a report is up to a record or, in schema 1, up to a position");
  if (e.report_seq)
    p.v.demand(*e.report_seq.value + 1 == events::head_of(p.state, p.at.tenant).seq, "/report_seq",
               "it is not the record before");
}
void check_place(place const& p, period_reopened const& e) {
  auto const before = find_at<period>(p.state, period_key(p.at.tenant, e.month));
  p.v.demand(before && p.at.subject.kind == entity::period && before->id == p.at.subject.id &&
                 before->status == period_status::Closed,
             "/month", "it is not closed");
}

template <class E> void check_subject(place const& p) {
  using rule = rule_of<E>;
  if constexpr (rule::how == below) return;
  if constexpr (rule::how != below) {
    auto const& s = p.at.subject;
    if (s.kind != rule::kind || s.id.is_nil()) return p.v.refuse("the subject", "it is of another kind");
    bool const is_there = p.has<typename rule::thing>(s.id);
    if (rule::how == there) return p.v.demand(is_there, "the subject", "there is no such thing in this organization");
    p.v.demand(!is_there, "the subject", "its id is taken");
  }
}

struct standing { // of a ticket: the rest of it is not read
  uuid project_id;
  std::string status;
  alloy::category category{};
};
BOOST_DESCRIBE_STRUCT(standing, (), (project_id, status, category))

} // namespace

result<> check_foreign(reader const& state, events::stored_event const& e) {
  verdict v;
  place const p{state, e, v};
  std::visit(
      [&](auto const& what) {
        using E = std::remove_cvref_t<decltype(what)>;
        if constexpr (!rule_of<E>::of_an_org) {
          v.refuse("the event", "it is none of an organization's");
        } else {
          bool const begins = std::is_same_v<E, org_created>;
          v.demand(begins || p.has<org>(e.tenant), "the event", "an organization begins with its creation");
          check_subject<E>(p);
          rule_of<E>::check_fields(v, what);
          if (v.holds()) check_place(p, what);
        }
      },
      e.what);
  if (v.holds()) return {};
  return error(errc::validation_failed, v.why());
}

// A status on its way cannot be held against a workflow: an undo puts the tickets back before it puts back the status.
result<> check_foreign_whole(reader const& state, uuid const& org) {
  std::map<uuid, std::optional<workflow>> of_project;
  for (auto const& id : ids_under(state, key(org, table::project)))
    of_project[id] = find<workflow>(state, org, find<project>(state, org, id)->workflow_id);
  result<> good;
  auto const tickets = key(org, table::ticket);
  state.scan(tickets, after_prefix(tickets), direction::ascending, [&](std::string_view, std::string_view row) {
    auto const t = json::stored<standing>(row::json_of(row));
    auto const has = of_project.find(t.project_id);
    auto const* const s = has == of_project.end() || !has->second ? nullptr : has->second->find(t.status);
    if (!s || s->category != t.category)
      good = error(errc::validation_failed, "a ticket of the project " + to_string(t.project_id) +
                                                " has a status or a category that its workflow has not");
    return good.has_value();
  });
  return good;
}

} // namespace alloy::domain
