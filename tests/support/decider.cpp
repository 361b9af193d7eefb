#include "tests/support/decider.hpp"

#include "domain/evolve.hpp"
#include "events/codec.hpp"
#include "events/ledger.hpp"

#include <boost/test/unit_test.hpp>

namespace alloy::tests {

std::string text_of(domain::facts const& all) {
  std::string out;
  for (auto const& f : all)
    out += to_string(f.tenant) + " " + std::string(json::name_of(f.subject.kind)) + " " + to_string(f.subject.id) +
           " " + std::string(events::type_of(f.what)) + " " + events::encode_data(f.what) + "\n";
  return out;
}

decider::decider() = default;
decider::~decider() = default;

decider& decider::given(domain::facts const& command) {
  std::vector<events::stored_event> folded;
  if (!command.empty() && command.front().tenant != identity_tenant) {
    auto const tenant_of = command.front().tenant; // its chain comes before the events, as in the fold
    events::fold_record(state, tenant_of, events::head_of(state, tenant_of).seq + 1, position + 1, 0, "given");
  }
  for (auto const& f : command) {
    events::stored_event e;
    static_cast<events::envelope&>(e) = {++position, id_of(5000), f.tenant,
                                         f.subject,  by.at,       {by.user_id},
                                         "given",    0,           events::continues(folded, f.subject)};
    e.what = f.what;
    domain::evolve(state, e);
    folded.push_back(std::move(e));
  }
  return *this;
}

decider& decider::given(entity kind, uuid const& id, events::event what) {
  return given({{tenant, {kind, id}, std::move(what)}});
}

decider& decider::when(result<domain::decision> d) {
  decided = std::move(d);
  return *this;
}

void decider::then(domain::facts const& expected, std::string const& warning) {
  BOOST_TEST_REQUIRE(decided->has_value(), describe(decided->error().code).name << ": " << decided->error().detail);
  BOOST_TEST(text_of((*decided)->events) == text_of(expected));
  BOOST_TEST((*decided)->warning == warning);
  given((*decided)->events);
}

void decider::then(entity kind, uuid const& id, events::event what) {
  then({{tenant, {kind, id}, std::move(what)}});
}

void decider::then_refused(errc code, std::string const& faults) {
  BOOST_TEST_REQUIRE(decided->has_error(),
                     "it was decided: " << (decided->has_value() ? text_of((*decided)->events) : ""));
  BOOST_TEST(describe(decided->error().code).name == describe(code).name);
  std::string all;
  for (auto const& f : decided->error().faults) all += (all.empty() ? "" : ", ") + f.pointer + " " + f.code;
  BOOST_TEST(all == faults);
}

} // namespace alloy::tests
