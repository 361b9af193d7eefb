#include "api/operations/tickets/ticket_rows.hpp"
#include "api/pipeline/batch.hpp"

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

std::vector<std::string> plain(ticket_names const& names) {
  std::vector<std::string> all;
  for (auto const& name : names) all.push_back(name.value);
  return all;
}

ticket_outcome outcome_of(reader const& state, std::string const& name, result<batch_item> const& one) {
  ticket_outcome o;
  o.ticket_id = name;
  if (one) {
    o.ticket.value = find<ticket>(state, one->org, one->id);
    if (!one->warning.empty()) o.warning.value = one->warning;
  } else {
    o.status = describe(one.error().code).status;
    o.error.value = view_of(one.error());
  }
  return o;
}

result<commands::plan> change_all(write_context& c, ticket_names const& ticket_ids, update_ticket const& change,
                                  bool atomic) {
  constexpr std::string_view field = "ticket_ids";
  auto names = plain(ticket_ids);
  auto all = decide_each(c, table::ticket, names, field, [&](reader const& state, subject const& about) {
    return change_ticket(c, state, about, change);
  });
  return batch_plan<batch_answer>(std::move(names), std::move(all), field, atomic, outcome_of);
}

result<commands::plan> update_all(write_context& c, batch_update const& body) {
  return change_all(c, body.ticket_ids, body.changes, body.atomic.value_or(false));
}

result<commands::plan> move_all(write_context& c, batch_transition const& body) {
  update_ticket change;
  change.status.value = body.status;
  return change_all(c, body.ticket_ids, change, body.atomic.value_or(false));
}

} // namespace

std::vector<operation> ticket_batch_rows() {
  constexpr std::string_view notes =
      "A result per ticket, in the order asked for; with `atomic` all change or, for 422, none. One command, one sync.";
  std::vector<operation> rows{
      called("ticket batch-update",
             post<batch_update, batch_answer>("batch_update_tickets", "/api/v1/tickets/batch", role::Member,
                                              "Change many tickets at once", update_all)),
      called("ticket batch-transition",
             post<batch_transition, batch_answer>("batch_transition", "/api/v1/tickets/batch-transition", role::Member,
                                                  "Move many tickets to a status", move_all)),
  };
  for (auto& row : rows) {
    row.notes = notes;
    row.names_things = true;
  }
  return rows;
}

} // namespace alloy::api
