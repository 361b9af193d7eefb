#pragma once
// An application with one organization at work, without its sockets, for fuzz targets: the same rules, writer and store
// as a server's. It is made anew after so many changes, so that what a run finds depends on few runs before it and an
// input of the corpus finds what it found before. One thread uses it.
#include "app/application.hpp"
#include "app/mcp_wiring.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace alloy::fuzz {

// What inputs may write for things that are made at random: the world puts the true ones in.
inline constexpr std::string_view owner_token = "OWNER_TOKEN", member_token = "MEMBER_TOKEN", viewer_key = "VIEWER_KEY";

class world {
 public:
  // The one there is. Made at the first call, and again where the last one has seen its changes.
  static world& current();

  world();
  ~world();
  world(world const&) = delete;
  world& operator=(world const&) = delete;

  // As a door does, and waits for the answer; a body that is made while it is sent comes whole, or as far as it is
  // there. Ends the process where the answer is one that no request may get: see `expect_sound`.
  api::reply ask(api::request asked);
  void handle(api::request&& asked, api::responder done);

  std::string with_tokens(std::string_view text) const;
  std::string const& owner() const noexcept { return owner_; }

 private:
  bool is_worn() const;
  std::string must(std::string_view method, std::string_view path, std::string_view body, std::string_view token = {});
  std::string session_of(std::string_view name);

  std::string const folder_;
  std::unique_ptr<application> app_;
  std::unique_ptr<mcp_door> mcp_;
  std::string owner_, member_, viewer_;
};

// A status of 5xx, a JSON body that is none, or an exception that was caught at a thread's edge is a bug, whatever was
// asked: tells it and ends the process.
void expect_sound(std::string_view asked, api::reply const& answer);
[[noreturn]] void report_bug(std::string_view what, std::string_view asked, std::string_view answered);

} // namespace alloy::fuzz
