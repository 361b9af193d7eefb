#pragma once
// What the server must do and hold, command by command, with every world that there was: an undo goes back to them. One
// thread.
#include "tests/model/ruling.hpp"

namespace alloy::model {

class oracle {
 public:
  oracle();
  outcome take(command const& c);
  void skip(command const& c); // it is refused for a reason that the model does not know

  world const& now() const noexcept { return now_; }
  std::int64_t clock() const noexcept { return clock_; }
  // The world after each command that changed it; the first one is how it began.
  std::vector<world> const& worlds() const noexcept { return worlds_; }

 private:
  outcome decide(command const& c);
  outcome undo(command const& c);
  void note(world const& before, std::size_t command);

  world now_;
  std::int64_t clock_;
  unsigned taken_ = 0; // commands so far
  std::vector<world> worlds_;
  std::map<carrier, std::size_t> touched_; // by which command last; kept for what is gone, too
};

} // namespace alloy::model
