#include "api/access/security_log.hpp"

#include "core/log.hpp"

#include <algorithm>

namespace alloy::api {
namespace {

// Events that say nothing to whoever guards the server add nothing.
struct teller {
  security_facts& out;
  events::draft const& of;
  bool opens_session; // the command is a login

  void say(std::string_view event, std::string detail = {}) const {
    out.push_back({event, of.subject.id, {}, std::move(detail)});
  }
  void say_of_member(std::string_view event, uuid const& user, std::string detail = {}) const {
    out.push_back({event, user, of.tenant, std::move(detail)});
  }

  void operator()(auto const&) const {}
  void operator()(events::session_revoked const& e) const {
    if (e.reason == "refresh_reused") say("refresh_token_reused");
  }
  void operator()(events::user_password_changed const&) const {
    if (!opens_session) say("password_changed"); // else it is the same one, hashed at today's cost
  }
  void operator()(events::user_erased const&) const { say("personal_data_erased"); }
  void operator()(events::api_key_created const&) const { say("api_key_created"); }
  void operator()(events::api_key_deleted const&) const { say("api_key_deleted"); }
  void operator()(events::operator_added const&) const { say("operator_added"); }
  void operator()(events::operator_removed const&) const { say("operator_removed"); }
  void operator()(events::member_role_changed const& e) const {
    if (e.changes.can_view_finance)
      say_of_member("finance_view_changed", e.user_id, e.changes.can_view_finance.value->to ? "given" : "taken");
    if (e.changes.role)
      say_of_member("role_changed", e.user_id,
                    std::string(json::name_of(e.changes.role.value->from)) + " to " +
                        std::string(json::name_of(e.changes.role.value->to)));
  }
  void operator()(events::member_removed const& e) const { say_of_member("member_removed", e.user_id); }
};

std::string text_of(std::optional<uuid> const& id) {
  return id ? to_string(*id) : std::string();
}

void write(log::level l, security_fact const& fact, security_source const& by) {
  if (!log::enabled(l)) return;
  log::write(l, "security",
             {{"event", fact.event},
              {"user_id", text_of(by.user_id)},
              {"subject_id", text_of(fact.subject_id)},
              {"org_id", text_of(fact.org_id)},
              {"detail", fact.detail},
              {"address", by.address},
              {"request_id", by.request_id}});
}

} // namespace

security_source source_of(request const& asked, std::optional<uuid> user) {
  return {user, asked.peer, asked.request_id};
}

security_facts security_facts_of(commands::plan const& p) {
  security_facts facts;
  bool const opens_session = std::any_of(p.events.begin(), p.events.end(), [](auto const& e) {
    return std::holds_alternative<events::session_opened>(e.what);
  });
  for (auto const& e : p.events) std::visit(teller{facts, e, opens_session}, e.what);
  if (p.actor)
    for (auto& fact : facts) fact.by = p.actor->user_id;
  return facts;
}

void log_security(security_facts const& facts, security_source const& by) {
  for (auto const& fact : facts) write(log::level::info, fact, by);
}

void log_refused(std::string_view event, security_source const& by) {
  write(log::level::warn, {event}, by);
}

} // namespace alloy::api
