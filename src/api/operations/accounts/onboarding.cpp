#include "api/operations/accounts/new_session.hpp"
#include "api/operations/resources.hpp"
#include "api/table/answers.hpp"
#include "auth/password.hpp"
#include "domain/orgs.hpp"

namespace alloy::api {
namespace {

using namespace domain;

struct onboarding_view {
  static constexpr bool answer = true;
  bool required = false;
};
BOOST_DESCRIBE_STRUCT(onboarding_view, (), (required))

struct onboarded_view : session_view {
  uuid org_id;
};
BOOST_DESCRIBE_STRUCT(onboarded_view, (session_view), (org_id))

bool is_required(reader const& state) {
  bool required = true;
  auto const users = key(identity_tenant, table::user);
  state.scan(users, after_prefix(users), direction::ascending,
             [&](std::string_view, std::string_view) { return required = false; });
  return required;
}

error not_required() {
  return error(errc::wrong_state, "this server has users already");
}

struct admitted {};

result<admitted> admit(onboard const& body, request const&, services const&, reader const& state, reader const&,
                       auth::principal const*) {
  if (!is_required(state)) return not_required(); // before the hash is computed, and again at the head of the log
  if (auto accepted = auth::check_new_password(body.password.value, body.email.value); !accepted)
    return accepted.error();
  return admitted{};
}

result<std::string> prepare(onboard const& body, admitted const&, reader const& state, reader const&) {
  if (!is_required(state)) return not_required(); // it may have waited while another one was first
  return auth::hash_password(body.password.value);
}

result<commands::plan> do_onboard(write_context& c, onboard const& body, std::string const& hash) {
  if (!is_required(c.state())) return not_required();
  auto made = sign_up(c, body.email, body.display_name, hash);
  auto founded = decide(c.state(), create_org{{}, body.org_name, body.org_slug, {}, {}, {}}, made.by);
  if (!founded) return founded.error();
  uuid const org = founded->events.front().tenant;
  for (auto& e : founded->events) made.events.push_back(std::move(e));
  return session_plan(201, std::move(made.events), made.session,
                      onboarded_view{view_of(c, made.session, made.who), org});
}

} // namespace

std::vector<operation> onboarding_operations() {
  std::vector<operation> rows{
      called("server onboarding",
             get<onboarding_view>(
                 "get_onboarding", "/api/v1/onboard", role::Viewer, "Whether the server waits for its first user",
                 [](read_context& c) -> result<reply> { return reply_of(onboarding_view{is_required(c.state)}); })),
      called("server onboard",
             hashed<onboard, onboarded_view>("onboard", "/api/v1/onboard",
                                             "Register the first user of a server with an organization to own", 201,
                                             admit, prepare, do_onboard)),
  };
  for (auto& row : rows) {
    row.tag = "Session";
    row.open = true;
  }
  return rows;
}

} // namespace alloy::api
