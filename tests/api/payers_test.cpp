#include "api/pipeline/payers.hpp"

#include "api/access/access.hpp"

#include "tests/support/decider.hpp"
#include "tests/support/map_view.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>

namespace alloy::api {
namespace {

using tests::id_of;

operation const& row(std::string_view id) {
  return *std::ranges::find(operations(), id, &operation::id);
}

auth::principal somebody() {
  auth::principal who;
  who.user_id = id_of(7);
  who.orgs = {{id_of(1)}, {id_of(2)}};
  return who;
}

} // namespace

BOOST_AUTO_TEST_SUITE(payers)

BOOST_AUTO_TEST_CASE(a_body_names_as_many_things_as_its_arrays_have_elements) {
  auto const many = [](std::size_t count) {
    std::string all = "{\"ticket_ids\": [";
    for (std::size_t i = 0; i < count; ++i)
      all += (i ? ", \"" : "\"") + to_string(id_of(static_cast<unsigned>(i))) + "\"";
    return all + "], \"changes\": {\"title\": \"a,b\", \"description\": \"[1,2,3]\"}}";
  };
  BOOST_TEST(things_named(many(1)) == 1u);
  BOOST_TEST(things_named(many(1000)) == 1000u);
  for (char const* const one : {"", "{}", "[]", "{\"a\":1,\"b\":2}", "{\"a\":\"1,2,3\"}", "{\"a\":\"\\\",[1,2,3]\"}",
                                "[{\"a\":1,\"b\":2}]", "\"", "[", "]],,", "{\"a\":\"\\"})
    BOOST_TEST(things_named(one) == 1u, one);
  BOOST_TEST(things_named("[[1,2],[3]]") == 3u);
  BOOST_TEST(things_named("{\"a\":[1,2],\"b\":{\"c\":[3,4]}}") == 3u);
  std::string const deep(200, '[');
  BOOST_TEST(things_named(deep + "1" + std::string(200, ']') + ",[1,2]") == 2u);
}

BOOST_AUTO_TEST_CASE(the_organization_that_the_path_is_about_pays_where_the_user_is_a_member) {
  tests::map_view state;
  state.put(key(id_of(2), table::project).add(id_of(50)), "row");
  state.put(key(id_of(9), table::project).add(id_of(51)), "row");
  auto const who = somebody();
  auto const meant = [&](std::string_view op, std::vector<std::string> const& params, std::optional<uuid> org = {}) {
    return org_meant(row(op), params, org, who, state, state).value_or(uuid{});
  };
  BOOST_TEST((meant("create_ticket", {to_string(id_of(50))}) == id_of(2)));
  BOOST_TEST((meant("create_ticket", {to_string(id_of(51))}).is_nil())); // it is a stranger's
  BOOST_TEST((meant("create_ticket", {"no such thing"}).is_nil()));
  BOOST_TEST((meant("create_label", {to_string(id_of(1))}) == id_of(1)));
  BOOST_TEST((meant("create_label", {to_string(id_of(9))}).is_nil()));
  BOOST_TEST((meant("create_project", {}).is_nil()));
  BOOST_TEST((meant("batch_update_tickets", {}).is_nil()));
  BOOST_TEST((meant("batch_update_tickets", {}, id_of(2)) == id_of(2)));
  BOOST_TEST((meant("batch_update_tickets", {}, id_of(9)).is_nil()));
}

BOOST_AUTO_TEST_CASE(who_has_no_credential_pays_as_an_address) {
  request asked;
  auto const payer_at = [&](std::string const& peer) {
    asked.peer = peer;
    return payer_of(row("login"), asked, {}, nullptr).user;
  };
  BOOST_TEST((payer_at("192.0.2.1") == payer_at("::ffff:192.0.2.1")));
  BOOST_TEST((payer_at("192.0.2.1") != payer_at("192.0.2.2")));
  BOOST_TEST((payer_at("2001:db8::1") == payer_at("2001:db8::2"))); // a subscriber's
  BOOST_TEST((payer_at("2001:db8::1") != payer_at("2001:db8:0:1::1")));
  auto const who = somebody();
  BOOST_TEST((payer_of(row("login"), asked, {}, &who).user == who.user_id));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace alloy::api
