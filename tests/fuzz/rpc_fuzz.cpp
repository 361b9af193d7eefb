// JSON-RPC frames of MCP, a line each. The first byte of an input says which era speaks and with whose rights.
#include "tests/fuzz/world.hpp"

namespace {

using namespace alloy::fuzz;

void send(world& to, char how, std::string_view frame) {
  alloy::api::request r;
  r.method = "POST";
  r.path = "/mcp";
  r.body = to.with_tokens(frame);
  r.headers = {{"content-type", "application/json"},
               {"accept", "application/json, text/event-stream"},
               {"host", "localhost"},
               {"authorization", to.with_tokens("Bearer " + std::string(how & 1 ? member_token : owner_token))}};
  if (how & 2) r.headers.emplace_back("mcp-protocol-version", how & 4 ? "2026-07-28" : "2025-11-25");
  to.ask(std::move(r));
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  if (size == 0) return 0;
  auto& to = world::current();
  std::string_view frames(reinterpret_cast<char const*>(data) + 1, size - 1);
  for (std::size_t count = 0; !frames.empty() && count < 8; ++count) {
    auto const end = std::min(frames.find('\n'), frames.size());
    send(to, static_cast<char>(data[0]), frames.substr(0, end));
    frames.remove_prefix(std::min(end + 1, frames.size()));
  }
  return 0;
}
