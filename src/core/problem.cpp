#include "core/problem.hpp"

#include "core/json.hpp"

namespace alloy {
namespace {

void append_member(std::string& out, std::string_view name, std::string_view text) {
  out += ",\"";
  out += name;
  out += "\":";
  json::write_string(out, text);
}

void append_faults(std::string& out, std::vector<fault> const& faults) {
  out += ",\"errors\":[";
  for (auto const& one : faults) {
    if (out.back() != '[') out += ',';
    out += "{\"pointer\":";
    json::write_string(out, one.pointer);
    append_member(out, "code", one.code);
    append_member(out, "detail", one.detail);
    out += '}';
  }
  out += ']';
}

} // namespace

std::string problem_document(error const& e, std::string_view request_id, std::string_view instance) {
  auto const& row = describe(e.code);
  std::string out;
  out.reserve(256 + e.detail.size() + e.members.size() + 128 * e.faults.size());
  out += "{\"type\":\"/docs#";
  out += row.name;
  out += '"';
  append_member(out, "title", row.title);
  out += ",\"status\":";
  out += std::to_string(row.status);
  // RFC 9457 wants a detail that helps with this occurrence; where nobody had one the title has said it all.
  if (!e.detail.empty()) append_member(out, "detail", e.detail);
  if (!instance.empty()) append_member(out, "instance", instance);
  append_member(out, "code", row.name);
  append_member(out, "request_id", request_id);
  if (!e.faults.empty()) append_faults(out, e.faults);
  if (!e.members.empty()) {
    out += ',';
    out += e.members;
  }
  out += '}';
  return out;
}

} // namespace alloy
