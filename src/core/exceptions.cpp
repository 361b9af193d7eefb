#include "core/exceptions.hpp"

#include "core/log.hpp"

#include <array>
#include <atomic>

namespace alloy {
namespace {

constexpr std::size_t places = static_cast<std::size_t>(thrown_at::count);
std::array<std::atomic<std::uint64_t>, places> counts{};

std::size_t index_of(thrown_at where) noexcept {
  return static_cast<std::size_t>(where);
}

} // namespace

std::string_view name_of(thrown_at where) noexcept {
  constexpr std::array<std::string_view, places> names{
      "http_accept", "http_connection", "http_request", "http_thread", "mcp",     "webhooks", "resolver", "search",
      "pool",        "waiting",         "sequencer",    "metrics",     "signals", "control"};
  return names[index_of(where)];
}

std::uint64_t exceptions_at(thrown_at where) noexcept {
  return counts[index_of(where)].load(std::memory_order_relaxed);
}

std::string what_of(std::exception_ptr const& thrown) {
  if (!thrown) return "nothing was thrown";
  try {
    std::rethrow_exception(thrown);
  } catch (std::exception const& e) {
    return e.what();
  } catch (...) {
    return "something that is no std::exception";
  }
}

void note_exception(thrown_at where, std::exception_ptr thrown, std::string_view about) noexcept {
  counts[index_of(where)].fetch_add(1, std::memory_order_relaxed);
  try {
    log::error("an exception was contained", {{"where", name_of(where)}, {"what", what_of(thrown)}, {"about", about}});
  } catch (...) { // there is no memory for the words; the count has it
  }
}

} // namespace alloy
