#include "search/text_search.hpp"

#include "search/text_block.hpp"
#include "tests/projections/any_steps.hpp"
#include "tests/search/text_world.hpp"

#include <boost/test/unit_test.hpp>

namespace alloy::projections {
namespace {

struct searched : text_world {
  tests::map_view rows;
  searched() : text_world(rows) {}
  explicit searched(sealing const& when) : text_world(rows, when) {}

  match_cursor cursor(std::string_view q, direction way = direction::ascending) const {
    return match_cursor(rows, tenant(0), parse_query(q).value(), {}, way);
  }
  // The titles of what matches, the best first.
  std::string best(std::string_view q, std::string const& weights = {}) const {
    match_cursor c(rows, tenant(0), parse_query(q).value(), weights);
    std::string all;
    for (auto const& m : top_matches(c, 100))
      all += (all.empty() ? "" : ", ") + tickets(0).at(m.at.id()).parts.at("title");
    return all;
  }
  std::size_t sealed_blocks() const {
    std::size_t sealed = 0;
    for (auto const& b : blocks_of(rows, tenant(0))) sealed += b.sealed_bytes > 0;
    return sealed;
  }
};

text_query any_query() {
  static std::vector<std::string> const known{"dep",       "deploy", "\"deploy\"",      "blue green", "\"blue green\"",
                                              "blue-gr",   "1.2",    "\"1 2 3\"",       "v42 lodz",   "łódź",
                                              "東",        "京都",   "\"東京\"",        "one",        "ONE-17",
                                              "ONE-2 dep", "TWO-1",  "one-3 tide",      "17",         "d",
                                              "tide*",     "absent", "\"one 17\" blue", "\"2 3\" 1",  "\"blue blue\""};
  return parse_query(*rc::gen::elementOf(known)).value();
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(text_searches, searched)

BOOST_AUTO_TEST_CASE(all_words_are_there_in_any_part) {
  auto const id = create(0, "Deploy the gateway", "To the blue cluster");
  comment(0, id, "Mind the tide");
  create(0, "Deploy the library");
  BOOST_TEST(best("gateway") == "Deploy the gateway");
  BOOST_TEST(best("depl gate blue tide") == "Deploy the gateway");
  BOOST_TEST(best("deploy") == "Deploy the library, Deploy the gateway"); // the newer first
  BOOST_TEST(best("gateway library") == "");
  BOOST_TEST(best("ploy") == "");
}

BOOST_AUTO_TEST_CASE(a_phrase_stands_in_one_part_with_nothing_between) {
  auto const id = create(0, "blue", "green red");
  comment(0, id, "blue, green");
  create(0, "blue green red");
  create(0, "green blue");
  create(0, "blueish green");
  BOOST_TEST(best("\"blue green\"") == "blue green red, blue");
  BOOST_TEST(best("\"green red\"") == "blue green red, blue");
  BOOST_TEST(best("\"blue green red\"") == "blue green red"); // never from one part to the next
  BOOST_TEST(best("\"blue gre\"") == "");
  BOOST_TEST(best("blue-gre") == "blue green red, blue");
}

BOOST_AUTO_TEST_CASE(the_word_itself_comes_before_words_that_go_on) {
  create(0, "deployed deploys deploying", "deployed");
  comment(0, create(0, "other"), "deploy");
  BOOST_TEST(best("deploy") == "other, deployed deploys deploying");
  BOOST_TEST(best("\"deploy\"") == "other");
}

BOOST_AUTO_TEST_CASE(a_title_counts_more_than_a_description_and_that_more_than_a_comment) {
  create(0, "tide in the title");
  create(0, "in the description", "tide");
  comment(0, create(0, "in a comment"), "tide");
  create(0, "in both, tide", "tide");
  BOOST_TEST(best("tide") == "in both, tide, tide in the title, in the description, in a comment");
}

BOOST_AUTO_TEST_CASE(the_ticket_of_a_reference_comes_first) {
  create(0, "the one");
  create(0, "see ONE-1, ONE-1 and ONE-1", "ONE-1");
  create(0, "one 1");
  create(0, "ONE-10");
  BOOST_TEST(best("one-1") == "the one, see ONE-1, ONE-1 and ONE-1, one 1");
  BOOST_TEST(best("ONE-2") == "see ONE-1, ONE-1 and ONE-1");
  BOOST_TEST(best("\"ONE-1\"") == "see ONE-1, ONE-1 and ONE-1, one 1");
  BOOST_TEST(best("one") == "see ONE-1, ONE-1 and ONE-1, ONE-10, one 1, the one");
  match_cursor c = cursor("ONE-1");
  BOOST_TEST_REQUIRE(c.begin());
  BOOST_TEST(c.score() >= reference_score);
}

BOOST_AUTO_TEST_CASE(a_ticket_is_found_by_every_reference_that_it_had) {
  auto const id = create(0, "moved");
  refer(0, id, "TWO-5");
  refer(0, id, "THREE-1");
  auto const each = [&] { return best("ONE-1") + ", " + best("TWO-5") + ", " + best("THREE-1"); };
  BOOST_TEST(each() == "moved, moved, moved");
  refer(0, id, "ONE-1"); // back where it came from
  BOOST_TEST(each() == "moved, moved, moved");
  remove(0, id);
  BOOST_TEST(each() == ", , ");
  restore(0, id);
  BOOST_TEST(each() == "moved, moved, moved");
}

BOOST_AUTO_TEST_CASE(a_ticket_that_comes_back_is_found_by_all_that_was_said) {
  auto const id = create(0, "restored", "described");
  auto const said = comment(0, id, "said");
  comment(0, id, "answered");
  auto const fill = [&] {
    for (int n = 0; n < 10; ++n) create(0, "filling a block " + std::to_string(n), std::string(60, 'x'));
  };
  for (int round = 0; round < 3; ++round) { // in the open block; once it is sealed; and when it is sealed once more
    remove(0, id);
    BOOST_TEST(best("restored") + best("described") + best("said") + best("answered") == "");
    if (round == 2) fill();
    restore(0, id);
    BOOST_TEST(best("restored described said answered") == "restored");
    fill();
    BOOST_TEST(best("restored described said answered") == "restored");
  }
  BOOST_TEST(sealed_blocks() > 0U);
  remove(0, id);
  uncomment_hidden(0, id, said);
  restore(0, id);
  BOOST_TEST(best("said") == "");
  BOOST_TEST(best("restored answered") == "restored");
}

BOOST_AUTO_TEST_CASE(a_ticket_whose_title_has_no_word_has_a_reference) {
  create(0, "?!");
  BOOST_TEST(best("ONE-1") == "?!");
  BOOST_TEST(best("ONE-1 ONE-1") == "?!");
}

BOOST_AUTO_TEST_CASE(what_is_changed_is_found_as_it_is_now) {
  auto const id = create(0, "first", "described");
  auto const said = comment(0, id, "said");
  for (int round = 0; round < 2; ++round) { // loose, then sealed
    retitle(0, id, "second");
    describe(0, id, "otherwise");
    edit(0, id, said, "unsaid");
    BOOST_TEST(best("first") + best("described") + best("said") == "");
    BOOST_TEST(best("second otherwise unsaid") == "second");
    for (int n = 0; n < 10; ++n) create(0, "filling a block " + std::to_string(n), std::string(60, 'x'));
    BOOST_TEST(sealed_blocks() > 0U);
  }
  describe(0, id, std::nullopt);
  uncomment(0, id, said);
  BOOST_TEST(best("second") == "second");
  BOOST_TEST(best("otherwise") + best("unsaid") == "");
  remove(0, id);
  BOOST_TEST(best("second") == "");
}

BOOST_AUTO_TEST_CASE(what_is_not_there_is_passed_over) {
  auto const before = rows.rows();
  create(0, "there");
  auto const id = tickets(0).begin()->first;
  remove(0, id);
  auto const after = rows.rows();
  index_reference(rows, tenant(0), id, "TWO-1");
  take_out(rows, tenant(0), id);
  events::stored_event e;
  e.tenant = tenant(0);
  e.what = events::comment_created{id, id_of(3), "late"};
  index_event(rows, e);
  BOOST_TEST((rows.rows() == after));
  BOOST_TEST(best("late") + best("there") == "");
}

BOOST_AUTO_TEST_CASE(tenants_never_meet) {
  for (int n = 0; n < 40; ++n) create(1, "secret words", "of another tenant, secrets");
  create(0, "ours");
  for (char const* q : {"secret", "s", "\"secret words\"", "ONE-1"}) BOOST_TEST(best(q) == "", q);
  BOOST_TEST(term_weights(rows, tenant(0), parse_query("secret").value()) ==
             term_weights(rows, tenant(0), parse_query("none").value()));
  for (auto const& [k, v] : rows.rows())
    BOOST_TEST((k.starts_with(tenant(0).view()) || k.starts_with(tenant(1).view())));
}

BOOST_AUTO_TEST_CASE(rare_words_say_more) {
  for (int n = 0; n < 30; ++n) create(0, "common " + std::to_string(n), "filling the block up with words");
  create(0, "rare", "common");
  create(0, "common", "rare");
  for (int n = 0; n < 30; ++n) create(0, "common " + std::to_string(n), "filling the block up with words");
  auto const weights = term_weights(rows, tenant(0), parse_query("common rare").value());
  BOOST_TEST_REQUIRE(weights.size() == 2U);
  BOOST_TEST(weights[0] < weights[1]);
  BOOST_TEST(best("common rare", weights) == "rare, common");
  BOOST_TEST(best("common rare") == "common, rare"); // all else alike, the newer first
}

BOOST_AUTO_TEST_CASE(a_clock_that_was_set_back_does_not_disturb_the_order) {
  for (int n = 0; n < 60; ++n) {
    wait(n % 20 == 0 ? -1000 : 7);
    create(0, "tide " + std::to_string(n), "filling the block up with words");
  }
  BOOST_TEST(sealed_blocks() > 3U);
  auto up = cursor("tide"), down = cursor("tide", direction::descending);
  auto const ascending = ranks_of(up);
  auto descending = ranks_of(down);
  BOOST_TEST(ascending.size() == 60U);
  BOOST_TEST(std::ranges::is_sorted(ascending));
  std::ranges::reverse(descending);
  BOOST_TEST((ascending == descending));
}

BOOST_AUTO_TEST_CASE(pages_of_the_best_follow_each_other) {
  for (int n = 0; n < 50; ++n) create(0, n % 3 ? "tide" : "tidal", n % 5 ? "blue" : "tide, tide");
  auto const q = parse_query("tid").value();
  match_cursor c(rows, tenant(0), q);
  auto const all = top_matches(c, 1000);
  BOOST_TEST(all.size() == 50U);
  BOOST_TEST(std::ranges::is_sorted(all, [](auto const& a, auto const& b) { return before(a, b); }));
  for (std::size_t limit : {1U, 7U, 50U}) {
    std::vector<scored> paged;
    for (std::optional<scored> after;;) {
      match_cursor fresh(rows, tenant(0), q);
      auto const page = top_matches(fresh, limit, after);
      if (page.empty()) break;
      paged.insert(paged.end(), page.begin(), page.end());
      after = page.back();
    }
    BOOST_TEST((paged == all));
  }
  match_cursor none(rows, tenant(0), q);
  BOOST_TEST(top_matches(none, 0).empty());
}

BOOST_AUTO_TEST_CASE(only_what_would_be_among_the_best_is_asked_for) {
  for (int n = 0; n < 20; ++n) create(0, "tide tide");
  for (int n = 0; n < 20; ++n) create(0, "tide");
  std::set<rank> asked;
  auto c = cursor("tide");
  auto const best_two = top_matches(c, 2, {}, [&](rank const& r) {
    asked.insert(r);
    return r.view().back() % 2 == 0;
  });
  BOOST_TEST(best_two.size() == 2U);
  for (auto const& m : best_two) BOOST_TEST(m.at.view().back() % 2 == 0);
  BOOST_TEST(asked.size() == 20U); // the later ones have a lower score
}

RC_BOOST_PROP(a_search_finds_what_a_reading_of_all_texts_finds, ()) {
  searched w;
  for (auto const& s : any_steps(60)) w.take(s);
  for (int n = 0; n < 4; ++n) {
    auto const q = any_query();
    auto const of = *rc::gen::inRange(0U, 2U);
    auto const expected = w.find(of, q);
    match_cursor up(w.rows, text_world::tenant(of), q);
    RC_ASSERT(ranks_of(up) == expected);
    match_cursor down(w.rows, text_world::tenant(of), q, {}, direction::descending);
    auto found = ranks_of(down);
    std::ranges::reverse(found);
    RC_ASSERT(found == expected);
    // From any place on, in both directions.
    if (w.tickets(of).empty()) continue;
    auto const from =
        std::next(w.tickets(of).begin(), *rc::gen::inRange<int>(0, static_cast<int>(w.tickets(of).size())))->second.at;
    match_cursor ahead(w.rows, text_world::tenant(of), q);
    auto const next = std::ranges::lower_bound(expected, from);
    RC_ASSERT(ahead.seek(from) == (next != expected.end()));
    if (next != expected.end()) RC_ASSERT(ahead.at() == *next);
    match_cursor back(w.rows, text_world::tenant(of), q, {}, direction::descending);
    auto const last = std::ranges::upper_bound(expected, from);
    RC_ASSERT(back.seek(from) == (last != expected.begin()));
    if (last != expected.begin()) RC_ASSERT(back.at() == *std::prev(last));
  }
}

RC_BOOST_PROP(a_score_does_not_tell_what_is_sealed, ()) {
  searched sealed, loose(never);
  for (auto const& s : any_steps(60)) {
    sealed.take(s);
    loose.take(s);
  }
  auto const q = any_query();
  match_cursor a(sealed.rows, text_world::tenant(0), q), b(loose.rows, text_world::tenant(0), q);
  RC_ASSERT(top_matches(a, 1000) == top_matches(b, 1000));
}

void seal_all(view& rows) {
  for (unsigned of : {0U, 1U})
    for (auto& b : blocks_of(rows, text_world::tenant(of))) {
      seal(rows, text_world::tenant(of), b);
      put_block(rows, text_world::tenant(of), b);
    }
}

RC_BOOST_PROP(sealing_again_and_again_gives_what_sealing_once_gives, ()) {
  searched w(never);
  for (auto const& s : any_steps(60)) {
    w.take(s);
    if (s.to % 4 == 0) seal_all(w.rows);
  }
  seal_all(w.rows);
  tests::map_view once;
  for (auto const& a : w.acts()) a(once, never);
  seal_all(once);
  for (auto* const rows : {&once, &w.rows}) // but for how often that was
    for (unsigned of : {0U, 1U})
      for (auto b : blocks_of(*rows, text_world::tenant(of))) {
        auto const hiding = all_loose_of(*rows, text_world::tenant(of), b);
        for (auto const& l : hiding) rows->erase(loose_key(text_world::tenant(of), b, l.at));
        b.seals = 0;
        for (auto const& l : hiding) rows->put(loose_key(text_world::tenant(of), b, l.at), l.words);
        put_block(*rows, text_world::tenant(of), b);
      }
  RC_ASSERT(once.rows() == w.rows.rows());
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace alloy::projections
