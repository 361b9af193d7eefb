#pragma once
// Given events, when a decision, then its events or its refusal: for any subject, on a map view. What was given is
// folded as the server folds it; what was decided is compared as JSON text, so that a mismatch prints both sides. What
// `then` has accepted is folded, too, so the next decision meets it. One thread.
#include "domain/context.hpp"
#include "domain/entities.hpp"
#include "domain/evolve.hpp"
#include "events/codec.hpp"
#include "tests/support/map_view.hpp"

#include <boost/test/unit_test.hpp>

namespace alloy::tests {

inline uuid id_of(unsigned n) { // 00000000-0000-7000-8000-00000000002a for 42
  uuid id;
  id.bytes[6] = 0x70;
  id.bytes[8] = 0x80;
  for (unsigned i = 0; i < 4; ++i) id.bytes[15 - i] = static_cast<std::uint8_t>(n >> 8 * i);
  return id;
}

// A command's body as a client would send it.
template <class Command> Command body(std::string_view json) {
  auto read = json::read<Command>(json);
  if (!read) throw std::logic_error("a test's command is refused: " + read.error().detail + " " + std::string(json));
  return std::move(*read);
}

inline std::string text_of(domain::facts const& all) {
  std::string out;
  for (auto const& f : all)
    out += to_string(f.tenant) + " " + std::string(json::name_of(f.subject.kind)) + " " + to_string(f.subject.id) +
           " " + std::string(events::type_of(f.what)) + " " + events::encode_data(f.what) + "\n";
  return out;
}

struct decider {
  map_view state;
  uuid tenant = id_of(1);
  domain::context by{{1'775'035'800'000}, id_of(2), role::Owner, [this] { return id_of(++last_id); }};
  unsigned last_id = 1000;
  std::uint64_t position = 0;
  std::optional<result<domain::decision>> decided = {};

  decider() = default;
  decider(decider const&) = delete;
  decider& operator=(decider const&) = delete;

  // The events of one command.
  decider& given(domain::facts const& command) {
    std::vector<events::stored_event> folded;
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
  decider& given(entity kind, uuid const& id, events::event what) {
    return given({{tenant, {kind, id}, std::move(what)}});
  }

  template <class E> E get(uuid const& id) const { return domain::find<E>(state, tenant, id).value(); }

  decider& when(result<domain::decision> d) {
    decided = std::move(d);
    return *this;
  }
  void then(domain::facts const& expected, std::string const& warning = {}) {
    BOOST_TEST_REQUIRE(decided->has_value(), describe(decided->error().code).name << ": " << decided->error().detail);
    BOOST_TEST(text_of((*decided)->events) == text_of(expected));
    BOOST_TEST((*decided)->warning == warning);
    given((*decided)->events);
  }
  void then(entity kind, uuid const& id, events::event what) { then({{tenant, {kind, id}, std::move(what)}}); }
  void then_nothing() { then(domain::facts{}); }
  // `faults` as "/pointer code, /pointer code".
  void then_refused(errc code, std::string const& faults = {}) {
    BOOST_TEST_REQUIRE(decided->has_error(),
                       "it was decided: " << (decided->has_value() ? text_of((*decided)->events) : ""));
    BOOST_TEST(describe(decided->error().code).name == describe(code).name);
    std::string all;
    for (auto const& f : decided->error().faults) all += (all.empty() ? "" : ", ") + f.pointer + " " + f.code;
    BOOST_TEST(all == faults);
  }
};

} // namespace alloy::tests
