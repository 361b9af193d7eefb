#include "core/fault_point.hpp"

#include <new>
#include <stdexcept>
#include <string>

namespace alloy::fault_points {
namespace {

struct fault_plan {
  std::string point;
  std::int64_t after = 1;
  bool is_memory = false;
};

fault_plan& the_plan() {
  static fault_plan one;
  return one;
}
std::atomic<std::int64_t> passings{0};

} // namespace

void arm(std::string_view how, std::int64_t after) {
  constexpr std::string_view plain = "throw:", memory = "no_memory:";
  detail::armed.store(false, std::memory_order_seq_cst);
  bool const is_memory = how.starts_with(memory);
  if (!is_memory && !how.starts_with(plain)) return;
  the_plan() = {std::string(how.substr(is_memory ? memory.size() : plain.size())), after, is_memory};
  passings = 0;
  detail::armed.store(true, std::memory_order_seq_cst);
}

void detail::passed(std::string_view name) {
  auto const& plan = the_plan();
  if (name != plan.point || ++passings != plan.after) return;
  if (plan.is_memory) throw std::bad_alloc();
  throw std::runtime_error("a test wanted this exception at " + plan.point);
}

} // namespace alloy::fault_points
