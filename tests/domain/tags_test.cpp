#include "core/prefix.hpp"
#include "domain/tags.hpp"
#include "tests/domain/tracker.hpp"

#include <boost/test/unit_test.hpp>

namespace alloy::domain {
namespace {

using namespace events;
using changes = std::map<std::string, change<std::optional<std::string>>>;

events::subject const on_ticket{entity::ticket, ticket_id}, on_ada{entity::user, ada};

struct tags : tracker {
  tags& set(std::string const& json, events::subject const& carrier = on_ticket) {
    when(decide(state, org_id, carrier, body<set_tags>(json)));
    return *this;
  }
  void then_changed(changes const& c, events::subject const& carrier = on_ticket) {
    then(carrier.kind, carrier.id, tags_changed{c});
  }
  std::string stored(events::subject const& carrier = on_ticket) const {
    std::string row;
    if (!state.get(tags_key(org_id, carrier.kind, carrier.id), row)) return "(none)";
    return std::to_string(row::version_of(row)) + " " + std::string(row::json_of(row));
  }
  std::vector<uuid> with(std::string_view tag, std::string_view value, entity kind = entity::ticket) const {
    return ids_under(state, tag_values(org_id, kind, tag, value));
  }
};

std::string refusal_of(std::string const& json) {
  auto const read = json::read<set_tags>(json);
  if (read) return "read";
  std::string all;
  for (auto const& f : read.error().faults) all += f.pointer + " " + f.code + ";";
  return all;
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(tag_rules, tags)

BOOST_AUTO_TEST_CASE(a_set_replaces_the_whole) {
  set(R"({"color":"red","area":""})").then_changed({{"area", {std::nullopt, ""}}, {"color", {std::nullopt, "red"}}});
  BOOST_TEST(stored() == R"(1 {"area":"","color":"red"})");
  set(R"({"color":"blue","size":"L"})")
      .then_changed({{"area", {"", std::nullopt}}, {"color", {"red", "blue"}}, {"size", {std::nullopt, "L"}}});
  BOOST_TEST(stored() == R"(2 {"color":"blue","size":"L"})");
  set(R"({"size":"L","color":"blue"})").then_nothing();
  set("{}").then_changed({{"color", {"blue", std::nullopt}}, {"size", {"L", std::nullopt}}});
  BOOST_TEST(stored() == "3 {}"); // so that no version comes twice
}

BOOST_AUTO_TEST_CASE(a_tag_is_no_change_of_its_carrier) {
  set(R"({"a":"b"})").then_changed({{"a", {std::nullopt, "b"}}});
  BOOST_TEST(the_ticket().version == 1U);
}

BOOST_AUTO_TEST_CASE(carriers_are_found_by_what_they_carry_in_the_order_they_were_made) {
  given(entity::member, stranger, member_added{stranger, role::Viewer, false, {}});
  by.at.ms += 10;
  given(entity::ticket, id_of(39), first_ticket()); // younger, with the smaller id
  for (auto const& id : {id_of(39), ticket_id}) {
    set(R"({"k":"v"})", {entity::ticket, id});
    given(decided->value().events);
  }
  set(R"({"k":"v"})", on_ada).then_changed({{"k", {std::nullopt, "v"}}}, on_ada);
  BOOST_TEST((with("k", "v") == std::vector{ticket_id, id_of(39)}));
  BOOST_TEST((with("k", "v", entity::user) == std::vector{ada}));
  BOOST_TEST(with("k", "").empty());
  set(R"({"k":"w"})").then_changed({{"k", {"v", "w"}}});
  BOOST_TEST((with("k", "v") == std::vector{id_of(39)}));
  BOOST_TEST((with("k", "w") == std::vector{ticket_id}));
}

BOOST_AUTO_TEST_CASE(one_tag_is_taken_off) {
  set(R"({"a":"1","b":"2"})");
  given(decided->value().events);
  when(remove_tag(state, org_id, on_ticket, "a"))
      .then(entity::ticket, ticket_id, tags_changed{{{"a", {"1", std::nullopt}}}});
  BOOST_TEST(stored() == R"(2 {"b":"2"})");
  when(remove_tag(state, org_id, on_ticket, "a")).then_refused(errc::not_found);
  when(remove_tag(state, org_id, on_ada, "b")).then_refused(errc::not_found);
}

BOOST_AUTO_TEST_CASE(tags_go_with_their_carrier) {
  given(entity::team, id_of(80), team_created{"core"});
  std::vector<events::subject> const carriers{
      on_ada, {entity::team, id_of(80)}, {entity::project, project_id}, on_ticket};
  for (auto const& carrier : carriers) {
    set(R"({"k":"v","l":"w"})", carrier);
    given(decided->value().events);
  }
  by.at.ms += 1000;
  given(entity::member, ada, member_removed{ada, role::Member});
  given(entity::team, id_of(80), team_deleted{"core"});
  given(entity::project, project_id, project_deleted{"ALLOY", "Alloy"});
  drop_tags(state, org_id, entity::ticket, ticket_id, the_ticket().created_at);
  for (auto const& carrier : carriers) BOOST_TEST(stored(carrier) == "(none)");
  BOOST_TEST(count_rows(state, key(org_id, table::tag_by_value)) == 0U);
}

BOOST_AUTO_TEST_CASE(tags_of_what_is_not_there_are_a_bug) {
  BOOST_CHECK_THROW(given(entity::team, nobody_has, tags_changed{{{"a", {std::nullopt, "b"}}}}), std::logic_error);
  BOOST_CHECK_THROW(given(entity::sprint, sprint_id, tags_changed{{{"a", {std::nullopt, "b"}}}}), std::logic_error);
}

BOOST_AUTO_TEST_CASE(keys_and_values_have_their_limits) {
  std::string const longest(64, 'k');
  BOOST_TEST(refusal_of("{\"" + longest + "\":\"" + std::string(256, 'v') + "\",\"a.B-c_9\":\"\"}") == "read");
  BOOST_TEST(refusal_of(R"({"":"v","a b":"v","\u00e9":"v","a/b":"v"})") ==
             "/ malformed;/a b malformed;/\xc3\xa9 malformed;/a~1b malformed;");
  BOOST_TEST(refusal_of("{\"" + longest + "k\":\"\"}") == "/" + longest + "k malformed;");
  BOOST_TEST(refusal_of("{\"k\":\"" + std::string(257, 'v') + "\",\"l\":\"a\\n\",\"m\":1,\"n\":null}") ==
             "/k too_long;/l control_character;/m wrong_type;/n wrong_type;");
  std::string many = "{\"k0\":\"\"";
  for (int i = 1; i < 50; ++i) many += ",\"k" + std::to_string(i) + "\":\"\"";
  BOOST_TEST(refusal_of(many + "}") == "read");
  BOOST_TEST(refusal_of(many + ",\"k50\":\"\"}") == " too_many;");
}

BOOST_AUTO_TEST_CASE(users_and_teams_are_tagged_by_admins) {
  BOOST_TEST((least_to_tag(tagged::ticket) == role::Member));
  BOOST_TEST((least_to_tag(tagged::project) == role::Member));
  BOOST_TEST((least_to_tag(tagged::time_entry) == role::Member));
  BOOST_TEST((least_to_tag(tagged::user) == role::Admin));
  BOOST_TEST((least_to_tag(tagged::team) == role::Admin));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace alloy::domain
