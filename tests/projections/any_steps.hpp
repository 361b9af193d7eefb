#pragma once
// How rapidcheck makes and shows the steps of a history.
#include "tests/projections/history.hpp"

#include <rapidcheck/boost_test.h>

namespace rc {

template <> struct Arbitrary<alloy::projections::step> {
  static Gen<alloy::projections::step> arbitrary() {
    using alloy::projections::step;
    return gen::build<step>(gen::set(&step::what, gen::inRange(0U, 12U)), gen::set(&step::which, gen::inRange(0U, 60U)),
                            gen::set(&step::to, gen::inRange(0U, 60U)));
  }
};

} // namespace rc

namespace alloy::projections {

inline std::ostream& operator<<(std::ostream& out, step const& s) {
  return out << '{' << s.what << ',' << s.which << ',' << s.to << '}';
}

inline std::vector<step> any_steps(std::size_t most) {
  return *rc::gen::resize(static_cast<int>(most), rc::gen::arbitrary<std::vector<step>>());
}

} // namespace alloy::projections
