#pragma once
// Given events, when a decision, then its events or its refusal: for any subject, on a map view. What was given is
// folded as the server folds it; what was decided is compared as JSON text, so that a mismatch prints both sides. What
// `then` has accepted is folded, too, so the next decision meets it. One thread.
#include "domain/context.hpp"
#include "domain/entities.hpp"
#include "tests/support/map_view.hpp"

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

std::string text_of(domain::facts const& all);

struct decider {
  map_view state;
  uuid tenant = id_of(1);
  domain::context by{{1'775'035'800'000}, id_of(2), role::Owner, [this] { return id_of(++last_id); }};
  unsigned last_id = 1000;
  std::uint64_t position = 0;
  std::optional<result<domain::decision>> decided = {};

  decider();
  ~decider();
  decider(decider const&) = delete;
  decider& operator=(decider const&) = delete;

  // The events of one command.
  decider& given(domain::facts const& command);
  decider& given(entity kind, uuid const& id, events::event what);

  template <class E> E get(uuid const& id) const { return domain::find<E>(state, tenant, id).value(); }

  decider& when(result<domain::decision> d);
  void then(domain::facts const& expected, std::string const& warning = {});
  void then(entity kind, uuid const& id, events::event what);
  void then_nothing() { then(domain::facts{}); }
  // `faults` as "/pointer code, /pointer code".
  void then_refused(errc code, std::string const& faults = {});
};

} // namespace alloy::tests
