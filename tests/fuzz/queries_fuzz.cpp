// Query strings of every operation that reads. The first byte of an input chooses the operation, the rest is the query.
#include "api/table/operation.hpp"
#include "tests/fuzz/world.hpp"

namespace {

using namespace alloy;
using namespace alloy::fuzz;

// What the world has under the name of a path parameter.
std::string_view made_as(std::string_view parameter, std::string_view path) {
  if (parameter == "org_id") return "acme";
  if (parameter == "project_id") return "PRJ";
  if (parameter == "ticket_id" || parameter == "reference") return "PRJ-1";
  if (parameter == "sprint_id") return "00000000-0000-4000-8000-000000000021";
  if (parameter == "workflow_id") return "00000000-0000-4000-8000-000000000031";
  if (parameter == "team_id") return "00000000-0000-4000-8000-000000000041";
  if (parameter == "webhook_id") return "00000000-0000-4000-8000-000000000051";
  if (parameter == "time_entry_id") return "00000000-0000-4000-8000-000000000061";
  if (parameter == "entity_type") return "ticket";
  if (parameter == "entity_id") return "00000000-0000-4000-8000-000000000011";
  if (parameter == "period") return "2026-03";
  if (parameter == "position") return "7";
  if (parameter == "name") return path.find("consumers") != path.npos ? "reader" : "bug";
  return "color";
}

std::vector<std::string> const& paths() {
  static auto const all = [] {
    std::vector<std::string> found;
    for (auto const& op : api::operations()) {
      if (name_of(op.method) != "GET") continue;
      std::string path;
      for (std::string_view rest = op.path; !rest.empty();) {
        auto const open = std::min(rest.find('{'), rest.size());
        path += rest.substr(0, open);
        rest.remove_prefix(open);
        if (rest.empty()) break;
        auto const close = rest.find('}');
        path += made_as(rest.substr(1, close - 1), op.path);
        rest.remove_prefix(close + 1);
      }
      found.push_back(std::move(path));
    }
    return found;
  }();
  return all;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  if (size == 0) return 0;
  auto& to = world::current();
  api::request r;
  r.method = "GET";
  r.path = paths()[data[0] % paths().size()];
  r.query.assign(reinterpret_cast<char const*>(data) + 1, size - 1);
  r.headers = {{"authorization", "Bearer " + to.owner()}};
  to.ask(std::move(r));
  return 0;
}
