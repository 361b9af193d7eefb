#pragma once
// An answer's body that is made while it is sent: a long export, an event stream. At most one piece of it is in memory,
// and no piece is asked for before the one before it has gone out, so a slow reader costs nothing but its connection.
#include <cstdint>
#include <functional>
#include <string>

namespace alloy {

class body_source {
 public:
  enum class state : std::uint8_t {
    piece,  // something was appended, there may be more
    later,  // nothing now: the bell will say when
    end,    // that was all (something may have been appended)
    broken, // it cannot be finished; the connection is cut, so that nobody takes it for whole
  };

  virtual ~body_source() = default;

  // All but `wake` on the I/O thread of the connection, one call at a time.
  // Called once, before the first pull. `wake` may be called from any thread, also when nothing waits.
  virtual void on_ready(std::function<void()> wake) = 0;
  virtual state pull(std::string& out) = 0; // must not take long
  // After `later`: pull is called again at the latest after so long (a heartbeat).
  virtual std::int64_t patience_ms() const = 0;
  // The server is going down: come to an end with the next pull.
  virtual void hurry() = 0;
};

} // namespace alloy
