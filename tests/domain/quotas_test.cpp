#include "domain/quotas.hpp"
#include "tests/support/decider.hpp"

#include <boost/test/unit_test.hpp>

namespace alloy::domain {
namespace {

using namespace events;
using tests::id_of;

constexpr std::int64_t day_ms = 86'400'000;

struct crowd : tests::decider {
  uuid const user = id_of(2);
  facts out;

  void add_project(unsigned n) {
    project p;
    p.id = id_of(n);
    put(state, tenant, p);
  }
  void add_membership(unsigned org, role in) {
    member m;
    m.id = user;
    m.org_id = id_of(org);
    m.role = in;
    state.put(key(identity_tenant, table::membership_by_user).add(user).add(m.org_id), json::to_string(m));
  }
  void add_key(unsigned n, std::optional<timestamp> expires_at) {
    api_key k;
    k.id = id_of(n);
    k.user_id = user;
    k.expires_at = expires_at;
    put(state, identity_tenant, k);
    state.put(key(identity_tenant, table::api_key_by_user).add(user).add(k.id), {});
  }
  void add_session(unsigned n, timestamp refreshed, timestamp expires_at, timestamp created) {
    session s;
    s.id = id_of(n);
    s.user_id = user;
    s.updated_at = refreshed;
    s.expires_at = expires_at;
    s.created_at = created;
    put(state, identity_tenant, s);
    state.put(key(identity_tenant, table::session_by_user).add(user).add(s.id), {});
  }
  void add_session(unsigned n, std::int64_t refreshed_ago_ms) {
    add_session(n, before(refreshed_ago_ms), before(-day_ms), before(day_ms));
  }
  timestamp before(std::int64_t ms) const { return {by.at.ms - ms}; }

  std::string ended(std::int64_t most) {
    out.clear();
    make_room_for_session(state, user, most, 90 * day_ms, by.at, out);
    return subjects();
  }
  std::string subjects() const {
    std::string all;
    for (auto const& e : out)
      all += (all.empty() ? "" : " ") + std::string(type_of(e.what)) + ' ' + std::to_string(e.subject.id.bytes[15]);
    return all;
  }
};

// Counts the rows that are looked at.
struct counted_rows final : reader {
  explicit counted_rows(reader const& r) : rows(r) {}
  bool get(std::string_view k, std::string& v) const override { return rows.get(k, v); }
  void scan(std::string_view from, std::string_view to, direction way, row_visitor visit) const override {
    rows.scan(from, to, way, [&](std::string_view k, std::string_view v) { return ++seen, visit(k, v); });
  }
  reader const& rows;
  mutable std::uint64_t seen = 0;
};

std::string words(result<> const& r) {
  if (r) return "room";
  return std::string(describe(r.error().code).name) + ": " + r.error().detail + " {" + r.error().members + "}";
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(quota_rules, crowd)

BOOST_AUTO_TEST_CASE(there_is_room_up_to_the_quota_and_the_refusal_says_both_numbers) {
  add_project(10);
  add_project(11);
  BOOST_TEST(words(room_for_projects(state, tenant, 3)) == "room");
  BOOST_TEST(words(room_for_projects(state, tenant, 3, 2)) ==
             "quota_exceeded: an organization may have 3 projects; it has 2 {\"limit\":3,\"count\":2}");
  add_project(12);
  BOOST_TEST(words(room_for_projects(state, tenant, 3)) ==
             "quota_exceeded: an organization may have 3 projects; it has 3 {\"limit\":3,\"count\":3}");
  BOOST_TEST(words(room_for_projects(state, id_of(7), 3)) == "room"); // another organization
}

BOOST_AUTO_TEST_CASE(what_a_store_has_above_the_quota_is_told_as_it_is) {
  for (unsigned n = 0; n < 9; ++n) add_project(20 + n);
  BOOST_TEST(words(room_for_projects(state, tenant, 3)) ==
             "quota_exceeded: an organization may have 3 projects; it has 9 {\"limit\":3,\"count\":9}");
}

BOOST_AUTO_TEST_CASE(counting_ends_soon_behind_the_quota) {
  for (unsigned n = 0; n < 5000; ++n) add_project(100 + n);
  counted_rows const rows(state);
  BOOST_TEST(
      words(room_for_projects(rows, tenant, 10)) ==
      "quota_exceeded: an organization may have 10 projects; it has more than 1010 {\"limit\":10,\"count\":1010}");
  BOOST_TEST(rows.seen <= 1011U);
}

BOOST_AUTO_TEST_CASE(owned_organizations_count_and_others_and_the_personal_one_do_not) {
  add_membership(2, role::Owner); // has the user's own id: the personal one
  add_membership(30, role::Owner);
  for (unsigned n = 40; n < 60; ++n) add_membership(n, role::Admin);
  BOOST_TEST(words(room_for_owned_org(state, user, 2, user)) == "room");
  add_membership(31, role::Owner);
  BOOST_TEST(
      words(room_for_owned_org(state, user, 2, user)) ==
      "quota_exceeded: a user may own 2 organizations beside the personal one; you own 2 {\"limit\":2,\"count\":2}");
}

BOOST_AUTO_TEST_CASE(others_are_not_told_how_many_organizations_somebody_owns) {
  for (unsigned n = 30; n < 35; ++n) add_membership(n, role::Owner);
  BOOST_TEST(
      words(room_for_owned_org(state, user, 2, id_of(3))) ==
      "quota_exceeded: a user may own 2 organizations beside the personal one; this one can own no more {\"limit\":2}");
}

BOOST_AUTO_TEST_CASE(keys_that_have_expired_do_not_count_and_make_room) {
  add_key(10, std::nullopt);
  add_key(11, before(-1000));
  add_key(12, before(500));
  add_key(13, before(0)); // ends at this very moment
  BOOST_TEST(words(room_for_api_key(state, user, 5, by.at, out)) == "room");
  BOOST_TEST(subjects() == "");
  BOOST_TEST(words(room_for_api_key(state, user, 4, by.at, out)) == "room");
  BOOST_TEST(subjects() == "api_key.deleted 12"); // the one that expired first
  out.clear();
  BOOST_TEST(words(room_for_api_key(state, user, 3, by.at, out)) == "room");
  BOOST_TEST(subjects() == "api_key.deleted 12 api_key.deleted 13");
  out.clear();
  BOOST_TEST(words(room_for_api_key(state, user, 2, by.at, out)) ==
             "quota_exceeded: a user may have 2 API keys that have not expired; you have 2 {\"limit\":2,\"count\":2}");
  BOOST_TEST(subjects() == "");
}

BOOST_AUTO_TEST_CASE(one_session_more_ends_the_one_that_was_not_refreshed_for_the_longest_time) {
  add_session(10, 3000);
  add_session(11, 9000);
  add_session(12, 1000);
  BOOST_TEST(ended(4) == "");
  BOOST_TEST(ended(3) == "session.revoked 11");
  BOOST_TEST(ended(2) == "session.revoked 11"); // what was above the quota before stays
}

BOOST_AUTO_TEST_CASE(sessions_that_have_ended_by_themselves_go_first) {
  add_session(10, 3000);
  add_session(11, before(2000), before(1000), before(day_ms));           // was not refreshed
  add_session(12, before(10), before(-day_ms), before(90 * day_ms + 1)); // is too old
  add_session(13, 1000);
  BOOST_TEST(ended(5) == "");
  BOOST_TEST(ended(4) == "session.revoked 11 session.revoked 12");
  BOOST_TEST(ended(2) == "session.revoked 11 session.revoked 12 session.revoked 10");
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace alloy::domain
