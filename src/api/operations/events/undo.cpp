#include "domain/undo.hpp"
#include "api/access/access.hpp"
#include "api/operations/resources.hpp"
#include "api/table/answers.hpp"
#include "api/table/server_info.hpp"
#include "domain/quotas.hpp"
#include "projections/history.hpp"
#include "storage/overlay.hpp"

#include <charconv>

namespace alloy::api {
namespace {

using namespace domain;

struct made_up { // an event that makes up for one of the command's
  static constexpr bool answer = true;
  std::string type;
  events::subject subject;
};
BOOST_DESCRIBE_STRUCT(made_up, (), (type, subject))

struct undo_answer {
  static constexpr bool answer = true;
  std::uint64_t undone = 0; // the position of the command's last event
  std::vector<made_up> compensation;
};
BOOST_DESCRIBE_STRUCT(undo_answer, (), (undone, compensation))

std::vector<events::record> records_from(events::log const& log, std::uint64_t position, std::size_t max) {
  std::vector<events::record> all;
  for (auto const& stored : log.read(position, max)) all.push_back(events::decode_record(stored.first, stored.bytes));
  return all;
}

// A command may span several records: each further one names the first as its cause, and they share the request.
bool goes_on(events::record const& first, events::record const& next) {
  return next.head.cause == first.events.front().position && next.head.at == first.head.at &&
         next.head.request_id == first.head.request_id;
}

// The events of the tenant's command that has one at the position; none where it is another tenant's.
std::vector<events::stored_event> command_at(events::log const& log, uuid const& tenant, std::uint64_t position) {
  std::vector<events::stored_event> command;
  if (position == 0 || position > log.head()) return command;
  auto record = records_from(log, position, 1).front();
  if (record.head.cause != 0) { // of an imported one it is a position of another log, which may be anywhere or nowhere
    auto first = records_from(log, record.head.cause, 1);
    if (!first.empty() && goes_on(first.front(), record)) record = std::move(first.front());
  }
  auto const first = record;
  for (;;) {
    if (record.head.tenant == tenant) command.insert(command.end(), record.events.begin(), record.events.end());
    auto next = records_from(log, record.events.back().position + 1, 1);
    if (next.empty() || !goes_on(first, next.front())) return command;
    record = std::move(next.front());
  }
}

role least_to_undo(std::vector<events::stored_event> const& command, uuid const& caller) {
  role least = command.front().actor.user_id == caller ? role::Member : role::Admin;
  for (auto const& e : command) least = std::max(least, domain::least_to_undo(e));
  return least;
}

error in_the_way(std::vector<std::string> const& reasons) {
  std::string members = "\"reasons\":";
  json::write(members, reasons);
  return error(errc::cannot_undo, reasons.front(), std::move(members));
}

// What comes back takes room like what is new.
result<> check_quotas(write_context const& c, facts const& coming_back) {
  auto const& config = c.with.config;
  std::uint64_t projects = 0, webhooks = 0;
  std::vector<uuid> owners;
  for (auto const& e : coming_back) {
    projects += std::holds_alternative<events::project_created>(e.what);
    webhooks += std::holds_alternative<events::webhook_created>(e.what);
    if (auto const* const added = std::get_if<events::member_added>(&e.what); added && added->role == role::Owner)
      owners.push_back(added->user_id);
    if (auto const* const changed = std::get_if<events::member_role_changed>(&e.what);
        changed && changed->changes.role && changed->changes.role.value->to == role::Owner)
      owners.push_back(changed->user_id);
  }
  auto const& org = c.subject.org;
  if (projects)
    if (auto room = room_for_projects(c.state(), org, config.projects_per_org_max, projects); !room) return room;
  if (webhooks)
    if (auto room = room_for_webhooks(c.state(), org, config.webhooks_per_org_max, webhooks); !room) return room;
  for (auto const& user : owners)
    if (auto room = room_for_owned_org(c.state(), user, config.orgs_per_user_max, c.who->user_id); !room) return room;
  return {};
}

result<commands::plan> undo(write_context& c) {
  std::uint64_t position = 0;
  auto const& text = c.params.at(1);
  auto const [end, failed] = std::from_chars(text.data(), text.data() + text.size(), position);
  bool const is_number = failed == std::errc() && end == text.data() + text.size();
  auto const& log = c.with.server.log;
  auto const command = is_number ? command_at(log, c.subject.org, position) : std::vector<events::stored_event>();
  if (command.empty()) return error(errc::not_found, "this organization has no event at this position");
  auto const least = least_to_undo(command, c.who->user_id);
  if (auto may = require_role(*c.who, c.subject, least); !may) return may.error();
  projections::past const then(c.state(), log, {command.front().position - 1, command.front().at});
  storage::overlay rehearsal(c.state());
  auto const before = [&](events::subject const& s) { return then.carrier(c.subject.org, s); };
  auto undoing = take_back(rehearsal, command, before, c.by());
  if (!undoing.reasons.empty()) return in_the_way(undoing.reasons);
  if (auto room = check_quotas(c, undoing.events); !room) return room.error();
  undo_answer answer;
  answer.undone = command.back().position;
  for (auto const& e : undoing.events) answer.compensation.push_back({std::string(events::type_of(e.what)), e.subject});
  commands::plan p;
  p.cause = answer.undone;
  p.least = least;
  p.events = std::move(undoing.events);
  p.render = [body = json::to_string(answer)](reader const&) {
    commands::answer a;
    a.body = body;
    return a;
  };
  return p;
}

} // namespace

std::vector<operation> undo_operations() {
  auto row = called("event undo",
                    post<nothing, undo_answer>("undo", "/api/v1/orgs/{org_id}/events/{position}/undo", role::Member,
                                               "Take a command back by the position of one of its events", undo));
  row.tag = "Events";
  row.bound = auth::bound_key::org;
  row.notes = "Members undo what they did themselves, an Admin everything; what takes an Admin takes the scope admin. "
              "Events are appended that make up for the "
              "command's; 409 `cannot_undo` names in `reasons` what stands in the way.";
  return {row};
}

} // namespace alloy::api
