#include "api/access.hpp"
#include "api/answers.hpp"
#include "api/ticket_rows.hpp"
#include "domain/evolve.hpp"
#include "storage/overlay.hpp"

namespace alloy::api {
namespace {

using namespace domain;

using ticket_name = text<1, 64>; // an id or a reference
using ticket_names = list<ticket_name, 1, 1000>;

struct batch_update {
  ticket_names ticket_ids;
  update_ticket changes;
  std::optional<bool> atomic;
};
BOOST_DESCRIBE_STRUCT(batch_update, (), (ticket_ids, changes, atomic))

struct batch_transition {
  ticket_names ticket_ids;
  status_name status;
  std::optional<bool> atomic;
};
BOOST_DESCRIBE_STRUCT(batch_transition, (), (ticket_ids, status, atomic))

struct fault_view {
  static constexpr bool answer = true;
  std::string pointer, code, detail;
};
BOOST_DESCRIBE_STRUCT(fault_view, (), (pointer, code, detail))

struct refusal_view {
  static constexpr bool answer = true;
  std::string code, detail;
  std::vector<fault_view> errors;
};
BOOST_DESCRIBE_STRUCT(refusal_view, (), (code, detail, errors))

struct ticket_outcome {
  static constexpr bool answer = true;
  std::string ticket_id; // as it was named
  std::int64_t status = 200;
  json::changed<domain::ticket> ticket;
  json::changed<std::string> warning;
  json::changed<refusal_view> error;
};
BOOST_DESCRIBE_STRUCT(ticket_outcome, (), (ticket_id, status, ticket, warning, error))

struct batch_answer {
  static constexpr bool answer = true;
  std::int64_t succeeded = 0, failed = 0;
  std::vector<ticket_outcome> results; // in the order of ticket_ids
};
BOOST_DESCRIBE_STRUCT(batch_answer, (), (succeeded, failed, results))

struct changed_ticket {
  uuid org, id;
  std::string warning;
};

struct tried {
  std::vector<result<changed_ticket>> each;
  facts events;
};

// What is decided for one ticket holds for those behind it in the batch, as if each had been a command of its own.
class rehearsal {
 public:
  explicit rehearsal(reader const& head) : state_(head) {}
  reader const& state() const noexcept { return state_; }
  void fold(facts const& events, timestamp at) {
    std::vector<events::stored_event> folded;
    for (auto const& f : events) {
      events::stored_event e;
      e.tenant = f.tenant;
      e.subject = f.subject;
      e.at = at;
      e.continues = events::continues(folded, f.subject);
      e.what = f.what;
      evolve(state_, e);
      folded.push_back(std::move(e));
    }
  }

 private:
  storage::overlay state_;
};

template <class Decide> tried try_each(write_call& c, ticket_names const& names, Decide decide_one) {
  tried all;
  rehearsal so_far(c.state());
  std::vector<uuid> seen;
  for (auto const& name : names) {
    auto about = find_ticket_subject(c.op, name.value, *c.who, so_far.state());
    if (!about) {
      all.each.push_back(about.error());
      continue;
    }
    if (std::find(seen.begin(), seen.end(), about->id) != seen.end()) {
      all.each.push_back(error::of_field("/ticket_ids", "duplicate", "this ticket stands in the batch before"));
      continue;
    }
    seen.push_back(about->id);
    auto decided = decide_one(so_far.state(), *about);
    if (!decided) {
      all.each.push_back(decided.error());
      continue;
    }
    so_far.fold(decided->events, c.at);
    for (auto& e : decided->events) all.events.push_back(std::move(e));
    all.each.push_back(changed_ticket{about->org, about->id, std::move(decided->warning)});
  }
  return all;
}

// All or nothing: every fault at once, each at its ticket.
result<> all_of(tried const& all) {
  std::vector<fault> faults;
  for (std::size_t i = 0; i < all.each.size(); ++i) {
    if (all.each[i]) continue;
    auto const& e = all.each[i].error();
    std::string const at = "/ticket_ids/" + std::to_string(i);
    if (e.faults.empty()) faults.push_back({at, std::string(describe(e.code).name), e.detail});
    for (auto const& f : e.faults) faults.push_back({at, f.code, f.detail});
  }
  if (faults.empty()) return {};
  return error(std::move(faults));
}

ticket_outcome outcome_of(reader const& state, std::string const& name, result<changed_ticket> const& one) {
  ticket_outcome o;
  o.ticket_id = name;
  if (one) {
    o.ticket.value = find<ticket>(state, one->org, one->id);
    if (!one->warning.empty()) o.warning.value = one->warning;
    return o;
  }
  auto const& e = one.error();
  o.status = describe(e.code).status;
  auto& view = o.error.value.emplace();
  view.code = describe(e.code).name;
  view.detail = e.detail;
  for (auto const& f : e.faults) view.errors.push_back({f.pointer, f.code, f.detail});
  return o;
}

result<commands::plan> batch_plan(ticket_names const& names, tried all, bool atomic) {
  // Who may change none of them is refused as one who may not change one.
  bool const forbidden = std::all_of(all.each.begin(), all.each.end(),
                                     [](auto const& one) { return !one && describe(one.error().code).status == 403; });
  if (forbidden) return all.each.front().error();
  if (atomic)
    if (auto held = all_of(all); !held) return held.error();
  commands::plan p;
  p.events = std::move(all.events);
  p.render = [names, each = std::move(all.each)](reader const& state) {
    batch_answer answer;
    for (std::size_t i = 0; i < each.size(); ++i) {
      ++(each[i] ? answer.succeeded : answer.failed);
      answer.results.push_back(outcome_of(state, names[i].value, each[i]));
    }
    commands::answer a;
    a.body = alloy::json::to_string(answer);
    return a;
  };
  return p;
}

result<commands::plan> update_all(write_call& c, batch_update const& body) {
  auto const one = [&](reader const& state, subject const& about) {
    return change_ticket(c, state, about, body.changes);
  };
  return batch_plan(body.ticket_ids, try_each(c, body.ticket_ids, one), body.atomic.value_or(false));
}

result<commands::plan> move_all(write_call& c, batch_transition const& body) {
  update_ticket change;
  change.status.value = body.status;
  auto const one = [&](reader const& state, subject const& about) { return change_ticket(c, state, about, change); };
  return batch_plan(body.ticket_ids, try_each(c, body.ticket_ids, one), body.atomic.value_or(false));
}

} // namespace

std::vector<operation> ticket_batch_rows() {
  constexpr std::string_view notes =
      "A result per ticket, in the order asked for; with `atomic` all change or, for 422, none. One command, one sync.";
  std::vector<operation> rows{
      post<batch_update, batch_answer>("batch_update_tickets", "/api/v1/tickets/batch", role::Member,
                                       "Change many tickets at once", update_all),
      post<batch_transition, batch_answer>("batch_transition", "/api/v1/tickets/batch-transition", role::Member,
                                           "Move many tickets to a status", move_all),
  };
  for (auto& row : rows) row.notes = notes;
  return rows;
}

} // namespace alloy::api
