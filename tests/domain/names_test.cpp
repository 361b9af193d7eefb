// Names that nobody can tell apart: none is made any more, and those of older logs stay, each for itself.
#include "domain/names.hpp"

#include "domain/event_rules.hpp"
#include "domain/tags.hpp"
#include "domain/teams.hpp"
#include "domain/undo.hpp"
#include "tests/domain/tracker.hpp"

#include <boost/test/unit_test.hpp>

namespace alloy::domain {
namespace {

using namespace events;

uuid const first = id_of(80), second = id_of(81), third = id_of(82);

struct names : tracker {
  std::vector<uuid> holders(std::string_view name) const { return holders_of(state, label_name_key(org_id, name)); }
  void label_of_before(uuid const& id, std::string name) {
    given(entity::label, id, label_created{std::move(name), "#ff0000", {}});
  }
  void old_twins() {
    label_of_before(first, "Done");
    label_of_before(second, "Done ");
    label_of_before(third, "do\u200bne");
  }
  std::string create(std::string const& name) {
    auto const d = decide(state, the_org(), body<create_label>(R"({"name":")" + name + R"(","color":"#ff0000"})"), by);
    return d ? "" : d.error().detail;
  }
  result<decision> update(uuid const& id, std::string const& json) {
    return decide(state, get<label>(id), body<update_label>(json));
  }
  std::optional<uuid> found(std::string_view name) const {
    return find_named<label>(state, org_id, label_name_key(org_id, name), name);
  }
  result<decision> change_workflow(std::string const& json, std::map<std::string, std::vector<uuid>> in_use = {}) {
    return decide(state, the_workflow(), body<update_workflow>(json),
                  [&](std::string const& status) { return in_use[status]; });
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(names_of_things, names)

BOOST_AUTO_TEST_CASE(a_name_that_is_the_same_is_taken) {
  label_of_before(first, "Caf\u00e9 Run");
  for (std::string const same : {"Caf\u00e9 Run", " Caf\u00e9 Run ", "Cafe\u0301 Run", "CAF\u00c9 RUN",
                                 "caf\u00e9\u00a0run", "Caf\u00e9  Run", "\uff23af\u00e9 Run"})
    BOOST_TEST(create(same).find("is taken by another label") != std::string::npos, same);
  BOOST_TEST(create("Cafe Run") == "");
}

BOOST_AUTO_TEST_CASE(a_thing_may_change_how_its_own_name_is_written) {
  label_of_before(first, "Done");
  auto const d = update(first, R"({"name":"DONE"})");
  BOOST_TEST_REQUIRE(d.has_value());
  BOOST_TEST(std::get<label_updated>(d->events.at(0).what).changes.name.value->to == "DONE");
  given(d->events);
  BOOST_TEST((holders("done") == std::vector{first}));
}

BOOST_AUTO_TEST_CASE(old_twins_are_folded_and_the_first_has_the_name) {
  old_twins();
  BOOST_TEST((holders("Done") == std::vector{first, second, third}));
  BOOST_TEST(get<label>(second).name == "Done ");
  BOOST_TEST((found("done") == first));
  BOOST_TEST((found("Done ") == second)); // the one that is written so
  BOOST_TEST((found("do\u200bne") == third));
  BOOST_TEST((found("DONE") == first));
  BOOST_TEST(!found("Dome").has_value());
}

BOOST_AUTO_TEST_CASE(a_twin_that_goes_leaves_the_others_their_row) {
  old_twins();
  given(entity::label, second, label_deleted{"Done "});
  BOOST_TEST((holders("Done") == std::vector{first, third}));
  given(entity::label, first, label_deleted{"Done"});
  BOOST_TEST((holders("Done") == std::vector{third}));
  BOOST_TEST(create("Done").find("is taken") != std::string::npos);
  given(entity::label, third, label_deleted{"do\u200bne"});
  BOOST_TEST(holders("Done").empty());
  BOOST_TEST(!state.has(label_name_key(org_id, "Done")));
  BOOST_TEST(create("Done") == "");
}

BOOST_AUTO_TEST_CASE(a_twin_that_changes_keeps_its_place_and_one_that_is_renamed_is_alone) {
  old_twins();
  label_changes color;
  color.color.value = {"#ff0000", "#00ff00"};
  given(entity::label, first, label_updated{color});
  BOOST_TEST((holders("Done") == std::vector{first, second, third}));
  label_changes name;
  name.name.value = {"Done ", "Finished"};
  given(entity::label, second, label_updated{name});
  BOOST_TEST((holders("Done") == std::vector{first, third}));
  BOOST_TEST((holders("finished") == std::vector{second}));
}

BOOST_AUTO_TEST_CASE(a_twin_that_is_sent_back_as_it_was_read_stays_as_it_is) {
  old_twins();
  auto const d = update(second, R"({"name":"Done ","color":"#00ff00"})");
  BOOST_TEST_REQUIRE(d.has_value());
  auto const& changes = std::get<label_updated>(d->events.at(0).what).changes;
  BOOST_TEST(!changes.name.value.has_value());
  BOOST_TEST(changes.color.value->to == "#00ff00");
  BOOST_TEST(!update(second, R"({"name":"DONE"})").has_value());
  BOOST_TEST(update(second, R"({"name":"Finished"})").has_value());
}

BOOST_AUTO_TEST_CASE(an_old_name_alone_is_brought_into_form_when_it_is_sent_back) {
  label_of_before(first, "Done ");
  auto const d = update(first, R"({"name":"Done "})");
  BOOST_TEST_REQUIRE(d.has_value());
  BOOST_TEST(std::get<label_updated>(d->events.at(0).what).changes.name.value->to == "Done");
}

BOOST_AUTO_TEST_CASE(teams_and_workflows_have_the_rule_of_labels) {
  given(entity::team, first, team_created{"Core"});
  BOOST_TEST(!decide(state, the_org(), body<create_team>(R"({"name":"core "})"), by).has_value());
  BOOST_TEST(decide(state, get<team>(first), body<update_team>(R"({"name":"CORE"})")).has_value());
  given(entity::team, second, team_created{"core"});
  given(entity::team, first, team_deleted{"Core"});
  BOOST_TEST((holders_of(state, team_name_key(org_id, "CORE")) == std::vector{second}));
  BOOST_TEST(!decide(state, the_org(),
                     body<create_workflow>(R"({"name":"DEFAULT","statuses":[{"name":"Open","category":"todo"}]})"), by)
                  .has_value());
}

BOOST_AUTO_TEST_CASE(statuses_of_a_workflow_are_told_apart) {
  for (std::string const two :
       {R"("Done","category":"done"},{"name":"Done ")", R"("Done","category":"done"},{"name":"done")",
        R"("Caf\u00e9","category":"done"},{"name":"Cafe\u0301")"}) {
    auto const d =
        decide(state, the_org(),
               body<create_workflow>(R"({"name":"W","statuses":[{"name":)" + two + R"(,"category":"done"}]})"), by);
    BOOST_TEST_REQUIRE(!d.has_value(), two);
    BOOST_TEST(d.error().faults.at(0).code == "duplicate");
    BOOST_TEST(d.error().faults.at(0).pointer == "/statuses/1/name");
  }
}

BOOST_AUTO_TEST_CASE(transitions_and_moves_name_statuses_as_people_write_them) {
  auto const d =
      decide(state, the_org(), body<create_workflow>(R"({"name":"W","statuses":[{"name":"Open","category":"todo"},
    {"name":"Shut","category":"done"}],"transitions":[{"from":"open","to":"SHUT "}]})"),
             by);
  BOOST_TEST_REQUIRE(d.has_value());
  auto const& t = std::get<workflow_created>(d->events.at(0).what).transitions.at(0);
  BOOST_TEST(t.from == "Open");
  BOOST_TEST(t.to == "Shut");
  command<transition_ticket>(R"({"status":"inprogress"})")
      .then_ticket({ticket_status_changed{{"Backlog", "InProgress"}, {category::todo, category::in_progress}}});
}

BOOST_AUTO_TEST_CASE(old_statuses_that_are_sent_back_keep_their_names_and_tickets) {
  make_so<workflow>(workflow_id, [](workflow& w) {
    w.statuses = {
        {"Backlog", category::todo, false}, {"Done", category::done, false}, {"Done ", category::done, false}};
  });
  std::string const as_read = R"({"name":"Backlog","category":"todo"},{"name":"Done","category":"done"},)"
                              R"({"name":"Done ","category":"done"})";
  std::map<std::string, std::vector<uuid>> const in_use{{"Done ", {ticket_id}}};
  auto const same = change_workflow(R"({"statuses":[)" + as_read + "]}", in_use);
  BOOST_TEST_REQUIRE(same.has_value());
  BOOST_TEST(same->events.empty());
  auto const more = change_workflow(R"({"statuses":[)" + as_read + R"(,{"name":"New","category":"todo"}]})", in_use);
  BOOST_TEST_REQUIRE(more.has_value());
  BOOST_TEST(std::get<workflow_updated>(more->events.at(0).what).changes.statuses.value->to.at(2).name == "Done ");
  auto const merged =
      change_workflow(R"({"statuses":[{"name":"Backlog","category":"todo"},{"name":"Done","category":"done"}],)"
                      R"("migrate":{"Done ":"Done"}})",
                      in_use);
  BOOST_TEST_REQUIRE(merged.has_value());
  BOOST_TEST(merged->events.size() == 2U);
  BOOST_TEST(std::get<ticket_status_changed>(merged->events.at(1).what).status.from == "Done ");
}

BOOST_AUTO_TEST_CASE(a_status_is_found_as_it_is_written_before_one_that_is_called_alike) {
  std::vector<workflow_status> const all{{"Done", category::done, false}, {"Done ", category::done, false}};
  BOOST_TEST(status_meant(all, "Done ") == &all[1]);
  BOOST_TEST(status_meant(all, "done") == &all[0]);
  BOOST_TEST(status_meant(all, "Gone") == nullptr);
}

BOOST_AUTO_TEST_CASE(an_undo_brings_a_twin_back_beside_the_other_one_but_makes_none) {
  auto const undo = [&](std::map<uuid, as_before> const& before, facts const& made) {
    std::vector<stored_event> command;
    for (auto const& f : made) {
      given(std::vector{f});
      auto& e = command.emplace_back();
      e.position = position;
      e.tenant = org_id;
      e.subject = f.subject;
      e.what = f.what;
    }
    return [&, before, command] {
      return take_back(
          state, command,
          [&](events::subject const& s) {
            auto const at = before.find(s.id);
            return at == before.end() ? std::nullopt : std::optional(at->second);
          },
          by);
    };
  };
  auto const row_of = [&](uuid const& id) {
    std::string row;
    state.get(key_of<label>(org_id, id), row);
    return as_before{row, {}};
  };
  label_of_before(first, "Done");
  label_of_before(second, "Done ");
  facts deletion;
  record(deletion, org_id, entity::label, second, label_deleted{"Done "});
  auto const back = undo({{first, row_of(first)}, {second, row_of(second)}}, deletion)();
  BOOST_TEST(back.reasons.empty());
  BOOST_TEST((holders("Done") == std::vector{first, second}));

  label_of_before(third, "Late");
  facts rename;
  label_changes changes;
  changes.name.value = {"Late", "Later"};
  record(rename, org_id, entity::label, third, label_updated{changes});
  auto const taking_back = undo({{third, row_of(third)}}, rename);
  label_of_before(id_of(83), "late"); // came after the command
  auto const refused = taking_back();
  BOOST_TEST_REQUIRE(refused.reasons.size() == 1U);
  BOOST_TEST(refused.reasons.front().find("the name it would get back is taken by another") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_record_of_an_older_version_comes_in_with_the_names_it_has) {
  auto const complaint = [&](entity kind, uuid const& id, events::event what) {
    stored_event e;
    e.position = position + 1;
    e.id = id_of(7000);
    e.tenant = org_id;
    e.subject = {kind, id};
    e.at = by.at;
    e.what = std::move(what);
    auto const good = check_foreign(state, e);
    return good ? std::string() : good.error().detail;
  };
  for (std::string const was : {"Done ", "\u3164", "Do\u200bne", "\u202eDone", "a\u2028b", "a\u0085"}) {
    BOOST_TEST(complaint(entity::label, first, label_created{was, "#ff0000", {}}) == "", was);
    BOOST_TEST(complaint(entity::team, first, team_created{was}) == "", was);
    BOOST_TEST(complaint(entity::ticket, ticket_id,
                         [&] {
                           ticket_updated e;
                           e.changes.title.value = {"Printer", was};
                           return e;
                         }()) == "",
               was);
    BOOST_TEST(complaint(entity::ticket, ticket_id, tags_changed{{{"area", {std::nullopt, was}}}}) == "", was);
  }
  workflow_created w;
  w.name = "Old ";
  w.statuses = {{"Done", category::done, false}, {"Done ", category::done, false}, {"done", category::done, false}};
  w.transitions = {{"Done", "Done "}};
  BOOST_TEST(complaint(entity::workflow, first, w) == "");
  w.statuses.push_back({"done", category::done, false});
  BOOST_TEST(complaint(entity::workflow, first, w) != "");
  org_changes zone;
  zone.time_zone.value = {"UTC", "localtime"};
  BOOST_TEST(complaint(entity::org, org_id, org_updated{zone}) == "");
  zone.time_zone.value = {"UTC", "Mars/Olympus"};
  BOOST_TEST(complaint(entity::org, org_id, org_updated{zone}) != "");
}

BOOST_AUTO_TEST_CASE(keys_of_tags_that_are_the_same_are_one_and_old_ones_share_their_row) {
  subject const carrier{entity::ticket, ticket_id};
  auto const set = [&](std::string const& json) { return decide(state, org_id, carrier, body<set_tags>(json)); };
  auto const rows = [&](std::string_view tag, std::string_view value) {
    return count_rows(state, tag_values(org_id, entity::ticket, tag, value));
  };
  BOOST_TEST(!set(R"({"Area":"a","area":"b"})").has_value());
  BOOST_TEST(set(R"({"Area":"a"})").has_value());
  given(entity::ticket, ticket_id, tags_changed{{{"Area", {std::nullopt, "Db"}}}});
  given(entity::ticket, ticket_id, tags_changed{{{"area", {std::nullopt, "db "}}}});
  BOOST_TEST(rows("AREA", "DB") == 1U);
  BOOST_TEST(set(R"({"Area":"Db","area":"other"})").has_value()); // as it was read, and changed
  given(entity::ticket, ticket_id, tags_changed{{{"Area", {"Db", std::nullopt}}}});
  BOOST_TEST(rows("area", "db") == 1U); // the other one's
  auto const gone = remove_tag(state, org_id, carrier, "AREA");
  BOOST_TEST_REQUIRE(gone.has_value());
  given(gone->events);
  BOOST_TEST(rows("area", "db") == 0U);
  BOOST_TEST(tags_of(state, org_id, carrier).empty());
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace alloy::domain
