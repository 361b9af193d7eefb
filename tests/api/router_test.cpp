#include "api/pipeline/router.hpp"

#include <boost/test/unit_test.hpp>

namespace alloy::api {
namespace {

std::string found(std::string_view method, std::string_view path) {
  auto const m = find_route(method, path);
  if (!m) return std::string(describe(m.error().code).name);
  if (!m->op) return "allow " + m->allow;
  std::string all(m->op->id);
  for (auto const& p : m->params) all += " " + p;
  return all;
}

} // namespace

BOOST_AUTO_TEST_SUITE(routes)

BOOST_AUTO_TEST_CASE(every_row_of_the_table_is_found_by_its_own_path) {
  for (auto const& op : operations()) {
    std::string path;
    std::size_t params = 0;
    for (std::size_t i = 0; i < op.path.size(); ++i) {
      if (op.path[i] == '{') {
        i = op.path.find('}', i);
        path += "p" + std::to_string(params++);
      } else
        path += op.path[i];
    }
    auto const m = find_route(name_of(op.method), path);
    BOOST_TEST_REQUIRE(m.has_value(), op.id);
    BOOST_TEST(m->op == &op, op.id);
    BOOST_TEST(m->path_template == op.path);
    BOOST_TEST_REQUIRE(m->params.size() == params, op.id);
    for (std::size_t i = 0; i < params; ++i) BOOST_TEST(m->params[i] == "p" + std::to_string(i));
  }
}

BOOST_AUTO_TEST_CASE(parameters_are_decoded_and_a_plus_stays_one) {
  BOOST_TEST(found("GET", "/api/v1/tickets/ALLOY-17") == "get_ticket ALLOY-17");
  BOOST_TEST(found("GET", "/api/v1/tickets/a%20b%2Fc+d") == "get_ticket a b/c+d");
  BOOST_TEST(found("DELETE", "/api/v1/tickets/A-1/labels/%C3%A9") == "remove_ticket_label A-1 \xc3\xa9");
  BOOST_TEST(found("GET", "/api/v1/tickets/%zz") == "not_found");
  BOOST_TEST(found("GET", "/api/v1/tickets/%00") == "not_found");
  BOOST_TEST(found("GET", "/api/v1/tickets/%ff") == "not_found");
}

// No two templates that match one path, unless a fixed word of the one stands where the other has a parameter.
BOOST_AUTO_TEST_CASE(a_fixed_word_wins_over_a_parameter) {
  auto const words = [](std::string_view path) {
    std::vector<std::string_view> all;
    for (std::size_t from = 1; from <= path.size();) {
      auto const to = std::min(path.find('/', from), path.size());
      all.push_back(path.substr(from, to - from));
      from = to + 1;
    }
    return all;
  };
  auto const is_param = [](std::string_view w) { return w.starts_with('{'); };
  for (auto const& a : operations())
    for (auto const& b : operations()) {
      auto const of_a = words(a.path), of_b = words(b.path);
      if (a.path == b.path || of_a.size() != of_b.size()) continue;
      std::string path;
      bool both = true, a_first = false, decided = false;
      for (std::size_t i = 0; i < of_a.size(); ++i) {
        both = both && (is_param(of_a[i]) || is_param(of_b[i]) || of_a[i] == of_b[i]);
        if (!decided && is_param(of_a[i]) != is_param(of_b[i])) decided = true, a_first = !is_param(of_a[i]);
        path += "/" + std::string(is_param(of_a[i]) ? (is_param(of_b[i]) ? "x" : of_b[i]) : of_a[i]);
      }
      if (!both) continue;
      BOOST_TEST_REQUIRE(decided, a.path << " and " << b.path << " cannot be told apart");
      auto const m = find_route(name_of(a.method), path);
      if (a_first) BOOST_TEST(m->path_template == a.path);
    }
}

BOOST_AUTO_TEST_CASE(an_unknown_path_is_not_found) {
  for (std::string const path :
       {"", "/", "api/v1/orgs", "/api/v1/orgs/", "//api/v1/orgs", "/api/v1/Orgs", "/api/v2/orgs", "/api/v1",
        "/api/v1/tickets/", "/api/v1/tickets//labels", "/api/v1/orgs/a/b/c/d/e/f"})
    BOOST_TEST(found("GET", path) == "not_found", path);
}

BOOST_AUTO_TEST_CASE(another_method_is_told_those_there_are) {
  BOOST_TEST(found("DELETE", "/api/v1/orgs") == "allow POST, GET, HEAD");
  BOOST_TEST(found("PUT", "/api/v1/tickets/A-1") == "allow GET, HEAD, PATCH, DELETE");
  BOOST_TEST(found("get", "/api/v1/orgs") == "allow POST, GET, HEAD"); // methods are case-sensitive
  BOOST_TEST(found("GET", "/api/v1/auth/login") == "allow POST");
}

BOOST_AUTO_TEST_CASE(head_is_answered_where_get_is) {
  BOOST_TEST(found("HEAD", "/api/v1/tickets/A-1") == "get_ticket A-1");
  BOOST_TEST(found("HEAD", "/api/v1/auth/login") == "allow POST");
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace alloy::api
