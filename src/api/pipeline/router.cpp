#include "api/pipeline/router.hpp"

#include <algorithm>
#include <unordered_map>

namespace alloy::api {
namespace {

using segments = std::vector<std::string_view>;

segments split(std::string_view path) {
  segments all;
  for (std::size_t from = 1; from <= path.size();) {
    std::size_t const to = std::min(path.find('/', from), path.size());
    all.push_back(path.substr(from, to - from));
    from = to + 1;
  }
  return all;
}

struct pattern {
  segments parts;
  std::string_view text;
  std::vector<operation const*> verbs;
};

// Patterns by number of segments and by the last fixed word: few enough to be tried one by one.
struct patterns {
  std::unordered_map<std::size_t, std::vector<pattern>> by_length;

  patterns() {
    for (auto const& op : operations()) {
      auto parts = split(op.path);
      auto& same_length = by_length[parts.size()];
      auto const at =
          std::find_if(same_length.begin(), same_length.end(), [&](auto const& p) { return p.text == op.path; });
      if (at != same_length.end())
        at->verbs.push_back(&op);
      else
        same_length.push_back({std::move(parts), op.path, {&op}});
    }
    // Fixed words win over parameters.
    for (auto& [length, all] : by_length)
      std::stable_sort(all.begin(), all.end(),
                       [](auto const& a, auto const& b) { return a.text.find('{') > b.text.find('{'); });
  }
};

bool matches(segments const& wanted, segments const& given) {
  for (std::size_t i = 0; i < wanted.size(); ++i)
    if (wanted[i].empty() || wanted[i].front() != '{' ? wanted[i] != given[i] : given[i].empty()) return false;
  return true;
}

} // namespace

result<matched> find_route(std::string_view method, std::string_view path) {
  static patterns const known;
  error const absent(errc::not_found, "there is no such path; /openapi.json lists all");
  if (path.empty() || path.front() != '/') return absent;
  auto const given = split(path);
  auto const found = known.by_length.find(given.size());
  if (found == known.by_length.end()) return absent;
  for (auto const& p : found->second) {
    if (!matches(p.parts, given)) continue;
    matched m;
    m.path_template = p.text;
    bool const head = method == "HEAD";
    for (auto const* op : p.verbs) {
      auto const name = name_of(op->method);
      if (name == method || (head && name == "GET")) m.op = op;
      m.allow += (m.allow.empty() ? "" : ", ") + std::string(name) + (name == "GET" ? ", HEAD" : "");
    }
    if (!m.op) return m;
    for (std::size_t i = 0; i < given.size(); ++i) {
      if (p.parts[i].empty() || p.parts[i].front() != '{') continue;
      auto value = percent_decode(given[i], false);
      if (!value) return absent;
      m.params.push_back(std::move(*value));
    }
    return m;
  }
  return absent;
}

} // namespace alloy::api
