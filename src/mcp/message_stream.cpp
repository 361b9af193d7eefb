#include "mcp/message_stream.hpp"

namespace alloy::mcp {

message_stream::~message_stream() {
  if (then_) then_();
}

void message_stream::put(std::string_view message) {
  std::lock_guard const lock(guard_);
  if (is_finished_) return;
  waiting_ += "event: message\ndata: ";
  waiting_ += message;
  waiting_ += "\n\n";
  if (wake_) wake_();
}

void message_stream::finish() {
  std::lock_guard const lock(guard_);
  is_finished_ = true;
  if (wake_) wake_();
}

void message_stream::on_end(std::function<void()> then) {
  std::lock_guard const lock(guard_);
  then_ = std::move(then);
}

void message_stream::on_ready(std::function<void()> wake) {
  std::lock_guard const lock(guard_);
  wake_ = std::move(wake);
}

body_source::state message_stream::pull(std::string& out) {
  std::lock_guard const lock(guard_);
  if (!waiting_.empty()) {
    out += waiting_;
    waiting_.clear();
    was_idle_ = false;
    return is_finished_ ? state::end : state::piece;
  }
  if (is_finished_) return state::end;
  if (was_idle_) { // asked again with nothing to tell: it is the heartbeat's time
    was_idle_ = false;
    out += ": \n\n";
    return state::piece;
  }
  was_idle_ = true;
  return state::later;
}

} // namespace alloy::mcp
