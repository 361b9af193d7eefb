// Records of an import. An input is a file of an export; what only a computer can write right, checksums and the chain,
// is put right here, so that what is tried is what the records say.
#include "core/id.hpp"
#include "events/record.hpp"
#include "tests/fuzz/world.hpp"

namespace {

using namespace alloy;
using namespace alloy::fuzz;

constexpr std::string_view imported_org = "00000000-0000-4000-8000-0000000000ff", imported_slug = "fuzz-slug",
                           imported_code = "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc";
constexpr std::string_view record_name = "\"record\":", count_name = "\"count\":";

std::string replaced(std::string text, std::string_view what, std::string_view by) {
  for (auto at = text.find(what); at != text.npos; at = text.find(what, at + by.size()))
    text.replace(at, what.size(), by);
  return text;
}

// The line of a record with the sums that its JSON has; any other line as it is.
std::string with_sums(std::string_view line, std::uint64_t& seq, std::uint32_t& previous) {
  auto const at = line.find(record_name);
  if (at == line.npos || !line.ends_with('}')) return std::string(line);
  auto json = line.substr(at + record_name.size());
  json.remove_suffix(1);
  auto const told = line.find(count_name);
  auto const count =
      told < at ? std::strtoul(std::string(line.substr(told + count_name.size(), 5)).c_str(), nullptr, 10) : 1;
  auto const bytes = events::frame_record(previous, static_cast<std::uint16_t>(count), json);
  events::record_frame frame;
  if (!events::parse_record(bytes, frame)) report_bug("a frame that is none", line, bytes);
  ++seq;
  std::string out = "{\"seq\":" + std::to_string(seq) + ",\"position\":" + std::to_string(seq) +
                    ",\"count\":" + std::to_string(count) + ",\"crc\":" + std::to_string(frame.crc) +
                    ",\"previous_crc\":" + std::to_string(previous) + ",\"record\":" + std::string(json) + "}";
  previous = frame.crc;
  return out;
}

// What is an organization's own on the whole server is another one with each run.
std::string file_of(std::string_view input, std::string const& org, std::uint64_t run) {
  auto const number = std::to_string(run);
  auto text = replaced(replaced(std::string(input), imported_org, org), imported_slug, "s" + number);
  text = replaced(text, imported_code, std::string(imported_code.size() - number.size(), '0') + number);
  std::string file;
  std::uint64_t seq = 0;
  std::uint32_t previous = 0;
  for (std::string_view rest = text; !rest.empty();) {
    auto const end = std::min(rest.find('\n'), rest.size());
    file += with_sums(rest.substr(0, end), seq, previous) + "\n";
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return file;
}

api::reply as_owner(world& to, std::string_view method, std::string path, std::string body = {}) {
  api::request r;
  r.method = method;
  r.path = std::move(path);
  r.body = std::move(body);
  r.headers = {{"authorization", "Bearer " + to.owner()}, {"content-type", "application/x-ndjson"}};
  return to.ask(std::move(r));
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  static std::uint64_t runs = 0;
  auto& to = world::current();
  auto const org = to_string(new_uuid());
  auto const file = file_of({reinterpret_cast<char const*>(data), size}, org, ++runs);
  auto const answer = as_owner(to, "POST", "/api/v1/orgs/" + org + "/import", file);
  // What was taken is read as any organization's is.
  if (answer.status < 300) {
    for (auto const* const what : {"", "/members", "/labels", "/workflows", "/teams", "/audit", "/export"})
      as_owner(to, "GET", "/api/v1/orgs/" + org + what);
    as_owner(to, "GET", "/api/v1/tickets?org_id=" + org);
  }
  as_owner(to, "DELETE", "/api/v1/orgs/" + org + "/import");
  return 0;
}
