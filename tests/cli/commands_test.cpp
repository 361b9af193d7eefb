#include "cli/commands.hpp"
#include "cli/render.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <set>

namespace alloy::cli {
namespace {

std::vector<std::string> words_of(std::string const& line) {
  std::vector<std::string> words;
  std::size_t from = 0;
  for (std::size_t to = 0; to != std::string::npos; from = to + 1) {
    to = line.find(' ', from);
    words.push_back(line.substr(from, to - from));
  }
  return words;
}

flag const* flag_named(std::vector<flag> const& all, std::string_view name) {
  for (auto const& f : all)
    if (f.name == name || std::find(f.also.begin(), f.also.end(), name) != f.also.end()) return &f;
  return nullptr;
}

} // namespace

BOOST_AUTO_TEST_SUITE(terminal_commands)

BOOST_AUTO_TEST_CASE(every_operation_has_one_and_they_all_differ) {
  std::set<std::string> words, ids;
  for (auto const& c : commands()) {
    BOOST_TEST(words.insert(c.words()).second, c.words());
    ids.emplace(c.op->id);
    auto const line = words_of(c.words() + " --flag");
    auto const found = find_command(line);
    BOOST_TEST((found.what == &c), c.words());
    BOOST_TEST(found.words == line.size() - 1);
  }
  BOOST_TEST(ids.size() == api::operations().size());
}

BOOST_AUTO_TEST_CASE(no_two_flags_of_a_command_have_one_name) {
  for (auto const& c : commands()) {
    auto const shape = api::shape_of(*c.op);
    std::set<std::string> names;
    for (auto const& f : flags_of(shape)) {
      BOOST_TEST(names.insert(f.name).second, c.words() << " --" << f.name);
      for (auto const& other : f.also) BOOST_TEST(names.insert(other).second, c.words() << " --" << other);
    }
  }
}

BOOST_AUTO_TEST_CASE(flags_are_of_the_kind_that_the_schema_says) {
  auto const found = find_command(words_of("ticket update"));
  BOOST_TEST_REQUIRE((found.what != nullptr));
  auto const shape = api::shape_of(*found.what->op);
  auto const flags = flags_of(shape);
  auto const* const priority = flag_named(flags, "priority");
  BOOST_TEST_REQUIRE((priority != nullptr));
  BOOST_TEST((std::find(priority->choices.begin(), priority->choices.end(), "Urgent") != priority->choices.end()));
  auto const* const assignee = flag_named(flags, "assignee");
  BOOST_TEST_REQUIRE((assignee != nullptr));
  BOOST_TEST((assignee->of->name == "assignee_id" && assignee->nullable));
  BOOST_TEST((flag_named(flags, "labels")->what == flag::kind::list));
  BOOST_TEST((flag_named(flags, "estimate-points")->what == flag::kind::number));
}

BOOST_AUTO_TEST_CASE(what_others_wrote_is_harmless_on_a_terminal) {
  BOOST_TEST(plain_text("a\x1b[31mb\r\nc\x7f") == "a\\u001b[31mb  c\\u007f");
  BOOST_TEST(plain_text("\xc2\x9b"
                        "31m") == "\\u009b31m");
  BOOST_TEST(plain_text("\x9b"
                        "31m") == "\xef\xbf\xbd" // a byte that some terminals take for CSI
                                  "31m");
  BOOST_TEST(plain_text("a\xe2\x80\xae" // right to left override
                        "b\xe2\x81\xa6\xd8\x9c\xe2\x80\x8f") == "a\\u202eb\\u2066\\u061c\\u200f");
  BOOST_TEST(plain_text("\xc3\xa9\xf0\x9f\xa6\x80") == "\xc3\xa9\xf0\x9f\xa6\x80");
  BOOST_TEST(cut_to("\xc3\xa9t\xc3\xa9 long", 4) == "\xc3\xa9t\xc3\xa9\xe2\x80\xa6");
  BOOST_TEST(cut_to("short", 5) == "short");
}

BOOST_AUTO_TEST_CASE(lists_become_columns_and_csv) {
  auto const answer =
      boost::json::parse(R"({"items":[{"id":"1","reference":"A-1","title":"x, \"y\"","labels":[],"n":2.5},
                                             {"id":"2","reference":"A-2","title":"z","labels":["a","b"],"n":10}],"next_cursor":null})");
  BOOST_TEST(as_csv(answer, {"reference", "title", "n"}) ==
             "\"reference\",\"title\",\"n\"\r\n\"A-1\",\"x, \"\"y\"\"\",2.5\r\n\"A-2\",\"z\",10\r\n");
  BOOST_TEST(as_table(answer, {"reference", "labels"}, terminal(true)) == "REFERENCE  LABELS\nA-1\nA-2        a, b\n");
  BOOST_TEST(ids_of(answer) == "1\n2\n");
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace alloy::cli
