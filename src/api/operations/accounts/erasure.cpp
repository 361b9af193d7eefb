// Erasure (GDPR, article 17): what names a person is sealed with the person's own key, so destroying the key erases it
// in every copy of the log. Events, and the chain over them, stay as they are.
#include "api/access/operators.hpp"
#include "api/operations/resources.hpp"
#include "api/table/answers.hpp"
#include "auth/known_networks.hpp"
#include "core/identifier.hpp"
#include "domain/members.hpp"

namespace alloy::api {
namespace {

using namespace domain;

// Invites carry the address under keys of their own. Their codes know them all, those of organizations, too, that are
// deleted since.
void forget_invites(write_context& c, std::string const& email) {
  auto const codes = key(identity_tenant, table::invite_by_code).str();
  auto const address = fold_address(email);
  std::vector<uuid> found;
  c.state().scan(codes, after_prefix(codes), direction::ascending, [&](std::string_view, std::string_view place) {
    auto const i = find<invite>(c.state(), uuid::from_view(place), uuid::from_view(place.substr(sizeof(uuid))));
    if (!i) return true;
    auto const invited = c.with.people.open(c.head.local, i->id, i->email_sealed);
    if (invited && fold_address(*invited) == address) found.push_back(i->id);
    return true;
  });
  for (auto const& id : found) c.with.people.forget(c.head.local, id);
}

// The slugs of the organizations that would have nobody left to own them. A personal one that nobody else is in goes
// with the person.
std::vector<std::string> left_without_owner(reader const& state, uuid const& user) {
  std::vector<std::string> slugs;
  for (auto const& org_id : ids_under(state, key(identity_tenant, table::membership_by_user).add(user))) {
    auto const m = find<member>(state, org_id, user);
    if (!m || m->role != role::Owner || has_other_owner(state, *m)) continue;
    if (org_id == user && ids_under(state, key(org_id, table::member)).size() == 1) continue;
    if (auto const o = find<org>(state, org_id, org_id)) slugs.push_back(o->slug);
  }
  return slugs;
}

// Every session and key of theirs.
void end_credentials(reader const& state, uuid const& user, facts& out) {
  auto const each = [&](table index, auto const& end) {
    auto const prefix = key(identity_tenant, index).add(user).str();
    state.scan(prefix, after_prefix(prefix), direction::ascending, [&](std::string_view k, std::string_view) {
      end(uuid::from_view(k.substr(prefix.size())));
      return true;
    });
  };
  each(table::session_by_user,
       [&](uuid const& id) { record(out, identity_tenant, entity::session, id, events::session_revoked{"erased"}); });
  each(table::api_key_by_user,
       [&](uuid const& id) { record(out, identity_tenant, entity::api_key, id, events::api_key_deleted{}); });
}

result<commands::plan> erase(write_context& c) {
  auto const id = parse_uuid(c.params.at(0));
  bool const own = id && *id == c.who->user_id;
  auto const u = own || (id && may_operate(c)) ? find<user>(c.state(), identity_tenant, *id) : std::nullopt;
  if (!u) return error(errc::not_found, "there is no such user, or their data are not yours to erase");
  decision d;
  if (!u->erased_at) {
    if (auto const slugs = left_without_owner(c.state(), *id); !slugs.empty()) {
      std::string names;
      for (auto const& slug : slugs) names += (names.empty() ? "" : ", ") + slug;
      return error(errc::last_owner, "the last Owner of " + names + "; make another member one first, or delete it");
    }
    if (auto const email = c.with.people.open(c.head.local, *id, u->email_sealed)) {
      forget_invites(c, *email);
      c.with.people.forget_email(c.head.local, *email, *id);
    }
    c.with.people.forget(c.head.local, *id);
    auth::known_networks::forget(c.head.local, *id);
    if (is_operator(c.state(), *id))
      record(d.events, identity_tenant, entity::user, *id, events::operator_removed{*id});
    end_credentials(c.state(), *id, d.events);
    record(d.events, identity_tenant, entity::user, *id, events::user_erased{});
  }
  return done(std::move(d));
}

} // namespace

std::vector<operation> personal_data_operations() {
  auto row = called("user erase", del("erase_personal_data", "/api/v1/users/{user_id}/personal-data", role::Viewer,
                                      "Erase a user's e-mail address and name for good", erase));
  row.tag = "Session";
  row.needs = scope::admin;
  row.finds_itself = row.personal = true;
  row.notes = "One's own, or, for operators of the server, anybody's. Takes a session in which the password was given "
              "lately, else 403 `fresh_proof_required`: see `confirm`. The last Owner of an organization is not erased "
              "(409 `last_owner`). The key that they are sealed with is destroyed: "
              "everything reads \"former user\", in every copy of the log, and the log still verifies. All sessions "
              "and keys end. A backup that was made before still has the key.";
  return {row};
}

} // namespace alloy::api
