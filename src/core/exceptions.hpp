#pragma once
// What an exception ends: the one job, request or connection that threw, never the thread that ran it. The loop of
// every thread goes through here; what was thrown is logged, and counted by the place where it was met
// (alloy_exceptions_total). Where going on would be unsafe, the thread's owner ends the process in order instead. Any
// thread; nothing here throws.
#include <cstdint>
#include <exception>
#include <string>
#include <string_view>

namespace alloy {

enum class thrown_at : std::uint8_t {
  http_accept,     // a connection that was accepted is dropped
  http_connection, // the connection ends
  http_request,    // the request is answered with 500
  http_thread,     // a handler of an I/O thread: a timer, the arrival of answers
  mcp,             // a message is answered with an internal error
  webhooks,        // an attempt fails, or the dispatcher begins anew from its store
  resolver,        // a name is not looked up
  search,          // the index is made anew
  pool,            // a job of the pool is lost; its request is answered with 500
  waiting,         // a request that waited for a position is answered with 500
  sequencer,       // a command is answered with 500
  metrics,         // a reading is left out of a scrape
  signals,         // the reload of a certificate that a signal asked for
  control,         // a command of the control socket is answered with a failure, or its connection ends
  count
};

std::string_view name_of(thrown_at where) noexcept; // the label `where`
std::uint64_t exceptions_at(thrown_at where) noexcept;

// Logs and counts it. `about` says which one of many it was.
void note_exception(thrown_at where, std::exception_ptr thrown, std::string_view about = {}) noexcept;
inline void note_exception(thrown_at where) noexcept {
  note_exception(where, std::current_exception());
}
std::string what_of(std::exception_ptr const& thrown);

// Runs it to its end or to what it throws. True where it threw nothing.
template <class Work> bool contained(thrown_at where, Work&& work) noexcept {
  try {
    work();
    return true;
  } catch (...) {
    note_exception(where);
    return false;
  }
}

} // namespace alloy
