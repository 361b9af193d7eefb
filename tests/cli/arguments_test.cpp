#include "cli/arguments.hpp"
#include "cli/cli_error.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>

namespace alloy::cli {
namespace {

using values = std::vector<std::string>;

cli::command const* named_by(std::string const& words) {
  std::vector<std::string> const line{words.substr(0, words.find(' ')), words.substr(words.find(' ') + 1)};
  return find_command(line).what;
}

typed read(std::string const& words, std::vector<std::string> line) {
  auto const* const c = named_by(words);
  return read_line(*c, flags_of(api::shape_of(*c->op)), std::move(line));
}

std::string refused(std::vector<std::string> line) {
  try {
    read("ticket create", std::move(line));
  } catch (cli_error const& why) {
    return why.what();
  }
  return "";
}

} // namespace

BOOST_AUTO_TEST_SUITE(command_lines)

BOOST_AUTO_TEST_CASE(an_empty_value_takes_no_other_word_for_itself) {
  // Every option of these commands that has a value, whatever its kind: the flag behind it stays a flag.
  for (std::string const command :
       {"ticket create", "ticket update", "ticket list", "project create", "sprint create"}) {
    auto const* const c = named_by(command);
    auto const shape = api::shape_of(*c->op);
    for (auto const& f : flags_of(shape)) {
      if (f.what == flag::kind::boolean) continue;
      auto names = f.also;
      names.push_back(f.name);
      for (auto const& name : names) {
        auto const t = read(command, {"--" + name + "=", "-q"});
        BOOST_TEST(t.with.quiet, command + " --" + name);
        BOOST_TEST((t.values.at(f.of->name) == values{""}), command + " --" + name);
        BOOST_TEST(t.operands.empty());
        auto const apart = read(command, {"--" + name, "", "--all"});
        BOOST_TEST(apart.with.all, command + " --" + name);
        BOOST_TEST((apart.values.at(f.of->name) == values{""}), command + " --" + name);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(an_empty_value_may_stand_at_the_end_and_before_an_operand) {
  BOOST_TEST((read("ticket create", {"--description="}).values.at("description") == values{""}));
  auto const t = read("ticket create", {"--description=", "P", "A title"});
  BOOST_TEST((t.values.at("description") == values{""}));
  BOOST_TEST((t.operands == values{"P", "A title"}));
}

BOOST_AUTO_TEST_CASE(operands_may_stand_behind_a_flag_and_its_value) {
  for (auto line : {values{"--description", "words", "P", "A title"}, values{"--fields", "a,b", "P", "A title"},
                    values{"--labels", "a,b", "P", "A title"}, values{"--labels=", "P", "A title"}})
    BOOST_TEST((read("ticket create", line).operands == values{"P", "A title"}), line.front());
  auto const t = read("ticket create", {"--labels", "a,b", "--labels", "c", "--fields", "x,y"});
  BOOST_TEST((t.values.at("labels") == values{"a,b", "c"})); // a comma may be part of a name
  BOOST_TEST((t.with.fields == values{"x", "y"}));
}

BOOST_AUTO_TEST_CASE(a_list_of_nothing_but_commas_takes_no_other_word_for_itself) {
  for (std::string const commas : {"", ",", ",,"})
    for (auto line : {values{"--labels=" + commas, "-q"}, values{"--labels", commas, "-q"}}) {
      auto const t = read("ticket create", line);
      BOOST_TEST(t.with.quiet, commas);
      BOOST_TEST((t.values.at("labels") == values{commas}), commas);
    }
}

BOOST_AUTO_TEST_CASE(a_value_may_look_like_a_flag) {
  auto const t = read("ticket create", {"--title", "--description=", "--description=-q", "--assignee", "-1"});
  BOOST_TEST((t.values.at("title") == values{"--description="}));
  BOOST_TEST((t.values.at("description") == values{"-q"}));
  BOOST_TEST(!t.with.quiet);
  for (std::string const list : {"[]", "[a,b]", "[[]]"}) {
    auto const brackets = read("ticket create", {"--description", list, "--title=" + list, "-q"});
    BOOST_TEST((brackets.values.at("description") == values{list}));
    BOOST_TEST((brackets.values.at("title") == values{list}));
    BOOST_TEST(brackets.with.quiet);
  }
  BOOST_TEST((read("ticket create", {"--", "--title="}).operands == values{"--title="}));
}

BOOST_AUTO_TEST_CASE(what_decides_about_the_request_is_never_empty) {
  for (std::string const name :
       {"--output", "--fields", "--server", "--profile", "--if-match", "--idempotency-key", "--data", "--file"}) {
    BOOST_TEST(refused({name + "=", "-q"}) == name + " takes a value, and this one is empty");
    BOOST_TEST(refused({name, "", "-q"}) == name + " takes a value, and this one is empty");
  }
  BOOST_TEST(refused({"-o", ""}) == "-o takes a value, and this one is empty");
  BOOST_TEST(refused({"--title"}).find("--title") != std::string::npos); // is missing
}

BOOST_AUTO_TEST_CASE(a_byte_order_mark_is_for_csv) {
  BOOST_TEST(read("ticket list", {"-o", "csv", "--bom"}).with.bom);
  BOOST_TEST(refused({"--bom"}) == "--bom is for -o csv");
  auto const t = read("report export", {"--bom", "-o", "csv"}); // made by the server
  BOOST_TEST(!t.with.bom);
  BOOST_TEST((t.values.at("bom") == values{"true"}));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace alloy::cli
