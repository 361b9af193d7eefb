#pragma once
// The answer to one POST as Server-Sent Events: messages are put in from any thread, the connection takes them out.
#include "core/body_source.hpp"

#include <mutex>
#include <string>

namespace alloy::mcp {

class message_stream final : public body_source {
 public:
  void put(std::string_view message);
  void finish();
  // Called once, when the stream has ended or nobody reads it any more.
  void on_end(std::function<void()> then);
  ~message_stream() override;

  void on_ready(std::function<void()> wake) override;
  state pull(std::string& out) override;
  std::int64_t patience_ms() const override { return 15'000; }
  void hurry() override { finish(); }

 private:
  std::mutex guard_;
  std::string waiting_;
  std::function<void()> wake_, then_;
  bool is_finished_ = false, was_idle_ = false;
};

} // namespace alloy::mcp
