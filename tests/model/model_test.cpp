// 10,000 random sequences of commands, decided and folded by the server's code, against the model. RC_PARAMS says how
// many and under which seed; without a seed a fresh one is taken. A sequence that fails is made as short as it can be.
#include "tests/model/compare.hpp"
#include "tests/model/server.hpp"

#include <rapidcheck/boost_test.h>

#include <cstdlib>
#include <random>

namespace alloy::model {
namespace {

constexpr int commands_max = 60;

// How often each is tried: what makes things, and what happens to them, more often than what ends them.
constexpr std::pair<verb, int> weights[] = {
    {verb::create_ticket, 12},  {verb::update_ticket, 16},  {verb::transition_ticket, 6},
    {verb::assign_ticket, 2},   {verb::label_ticket, 2},    {verb::unlabel_ticket, 2},
    {verb::delete_ticket, 3},   {verb::create_comment, 4},  {verb::edit_comment, 2},
    {verb::delete_comment, 2},  {verb::create_sprint, 5},   {verb::rename_sprint, 1},
    {verb::start_sprint, 4},    {verb::complete_sprint, 4}, {verb::delete_sprint, 3},
    {verb::create_label, 4},    {verb::rename_label, 2},    {verb::delete_label, 2},
    {verb::create_project, 4},  {verb::update_project, 5},  {verb::delete_project, 2},
    {verb::join_project, 3},    {verb::leave_project, 1},   {verb::invite, 3},
    {verb::accept_invite, 3},   {verb::revoke_invite, 1},   {verb::update_member, 3},
    {verb::remove_member, 2},   {verb::create_team, 3},     {verb::rename_team, 1},
    {verb::delete_team, 2},     {verb::join_team, 3},       {verb::leave_team, 1},
    {verb::set_tags, 5},        {verb::remove_tag, 1},      {verb::create_workflow, 4},
    {verb::update_workflow, 6}, {verb::delete_workflow, 1}, {verb::undo, 16},
};

std::vector<verb> const& verbs() {
  static auto const all = [] {
    std::vector<verb> out;
    for (auto const& [what, times] : weights) out.insert(out.end(), static_cast<std::size_t>(times), what);
    return out;
  }();
  return all;
}

// Small numbers, each of which shrinks to zero by itself. Of the bits few are set: the more a body says, the likelier
// it is refused.
rc::Gen<command> any_command() {
  auto const upto = [](unsigned end) { return rc::gen::inRange(0U, end); };
  auto const few = rc::gen::apply([](unsigned a, unsigned b) { return a & b; }, upto(256), upto(256));
  return rc::gen::build<command>(rc::gen::set(&command::what, rc::gen::elementOf(verbs())),
                                 rc::gen::set(&command::who, upto(users)), rc::gen::set(&command::on, upto(12)),
                                 rc::gen::set(&command::to, upto(12)), rc::gen::set(&command::as, upto(20)),
                                 rc::gen::set(&command::bits, few), rc::gen::set(&command::ms, upto(3)));
}

std::string words_of(outcome const& o) {
  if (o.refused) return "refused, " + std::string(describe(*o.refused).name);
  return std::string(o.changed ? "done" : "nothing to do") + (o.warned ? ", with a warning" : "");
}

std::string lines(faults const& all) {
  std::string out;
  for (auto const& one : all) out += "\n  " + one;
  return out;
}

void agree(std::vector<command> const& sequence, unsigned moment) {
  server real;
  oracle simple;
  for (auto const& c : sequence) {
    auto const found = real.take(c);
    if (found.refused == errc::cannot_undo) { // more may stand in the way than the model knows, but it must be named
      RC_ASSERT_FALSE(real.reason().empty());
      simple.skip(c);
      continue;
    }
    auto const wanted = simple.take(c);
    if (!(wanted == found))
      RC_FAIL(words_of(c) + "\n  should be " + words_of(wanted) + ",\n  but is " + words_of(found) +
              (found.refused ? ": " + real.reason() : ""));
  }
  auto const then = moment % simple.worlds().size();
  auto wrong = compare_entities(simple.now(), real.state());
  for (auto const& more :
       {compare_indexes(simple.now(), real.state()), compare_past(simple.worlds()[then], real.past(then))})
    wrong.insert(wrong.end(), more.begin(), more.end());
  if (!wrong.empty()) RC_FAIL("behind the last command, and as of " + std::to_string(then) + ":" + lines(wrong));
}

// Before rapidcheck looks: the seed becomes a part of RC_PARAMS, so that what is printed repeats the run.
struct seeded {
  seeded() {
    char const* const given = std::getenv("RC_PARAMS");
    std::string parameters = given ? given : "";
    if (parameters.find("seed=") == std::string::npos)
      parameters += (parameters.empty() ? "seed=" : " seed=") + std::to_string(std::random_device()());
    setenv("RC_PARAMS", parameters.c_str(), 1);
    auto const& suite = boost::unit_test::framework::master_test_suite();
    std::cout << "repeat with: RC_PARAMS=\"" << parameters << "\" " << suite.argv[0] << std::endl;
  }
};

} // namespace

void showValue(command const& c, std::ostream& out) {
  out << "\n  " << words_of(c);
}

BOOST_TEST_GLOBAL_FIXTURE(seeded);

RC_BOOST_PROP(the_server_does_what_the_model_says, ()) {
  auto const sequence = *rc::gen::resize(commands_max, rc::gen::container<std::vector<command>>(any_command()));
  auto const moment = *rc::gen::inRange(0U, 1000U);
  agree(sequence, moment);
}

} // namespace alloy::model
