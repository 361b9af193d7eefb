#include "api/table/query.hpp"

#include "api/table/schema.hpp"

#include <boost/test/unit_test.hpp>

namespace alloy::api {
namespace {

enum class tone : std::uint8_t { red, green };
BOOST_DESCRIBE_ENUM(tone, red, green)

struct search {
  std::optional<std::int64_t> limit;
  std::optional<bool> open;
  std::optional<std::string> text;
  std::optional<std::vector<tone>> tones;
  std::optional<std::vector<std::string>> names;
  std::optional<std::vector<std::int64_t>> numbers;
  std::optional<date> before;
};
BOOST_DESCRIBE_STRUCT(search, (), (limit, open, text, tones, names, numbers, before))

struct report {
  std::string period;
  std::optional<uuid> org_id;
};
BOOST_DESCRIBE_STRUCT(report, (), (period, org_id))

struct named {
  std::optional<given_names> names;
};
BOOST_DESCRIBE_STRUCT(named, (), (names))

std::string decoded(std::string_view text) {
  auto const q = decode_query(text);
  if (!q) return std::string(describe(q.error().code).name) + ": " + q.error().detail;
  std::string all;
  for (auto const& [name, value] : *q) all += (all.empty() ? "" : "&") + name + "=" + value;
  return all;
}

template <class Q> result<Q> read(std::string_view text) {
  return read_query<Q>(decode_query(text).value());
}

template <class Q> std::string faults_of(std::string_view text) {
  auto const q = read<Q>(text);
  if (q) return "read";
  std::string all;
  for (auto const& f : q.error().faults) all += (all.empty() ? "" : ", ") + f.pointer + " " + f.code;
  return all;
}

} // namespace

BOOST_AUTO_TEST_SUITE(queries)

BOOST_AUTO_TEST_CASE(names_and_values_are_percent_decoded) {
  BOOST_TEST(decoded("") == "");
  BOOST_TEST(decoded("a=1&b=2") == "a=1&b=2");
  BOOST_TEST(decoded("a=x%20y+z%2B&%62=%C3%a9%26") == "a=x y z+&b=\xc3\xa9&");
  BOOST_TEST(decoded("a&b=&&c=1=2") == "a=&b=&c=1=2");
}

BOOST_AUTO_TEST_CASE(what_is_no_encoding_is_refused) {
  for (std::string const bad : {"a=%", "a=%4", "a=%zz", "a=%4g", "%=1", "a=%00", "a=%ff", "a=%c0%af", "a=%ed%a0%80"})
    BOOST_TEST(decoded(bad).starts_with("malformed_query"), bad);
  BOOST_TEST(decoded("a=%EF%BF%BD") == "a=\xef\xbf\xbd"); // the replacement character itself is a character
  BOOST_TEST(decoded("a=%EF%BF%BD%FF").starts_with("malformed_query"), "and hides no bad byte beside it");
}

BOOST_AUTO_TEST_CASE(a_plus_in_a_path_is_a_plus) {
  BOOST_TEST(percent_decode("a+b%20c", false).value() == "a+b c");
  BOOST_TEST(percent_decode("a+b%20c", true).value() == "a b c");
}

BOOST_AUTO_TEST_CASE(a_parameter_stands_there_once_and_there_are_not_too_many) {
  BOOST_TEST(decoded("a=1&b=2&a=3") == "malformed_query: the parameter a stands there twice; it takes one value");
  BOOST_TEST(decoded("a=1&%61=3").starts_with("malformed_query"));
  std::string many = "p0=";
  for (int i = 1; i < 64; ++i) many += "&p" + std::to_string(i) + "=";
  BOOST_TEST(decode_query(many).has_value());
  BOOST_TEST(decode_query(many + "&p64=").has_error());
}

BOOST_AUTO_TEST_CASE(a_list_may_be_repeated_and_nothing_else) {
  auto const known = parameters_of<search>();
  auto const parsed = [&](std::string_view text) { return decode_query(text, known); };
  BOOST_TEST(parsed("tones=red&limit=1&tones=green").has_value());
  BOOST_TEST(parsed("limit=1&limit=1").error().detail == "the parameter limit stands there twice; it takes one value");
  BOOST_TEST(parsed("nosuch=1&nosuch=1").has_error());
  auto const q = read_query<search>(parsed("tones=red&names=a,,b&tones=green,red&names=c&numbers=1&numbers=2").value());
  BOOST_TEST((q.value().tones.value() == std::vector{tone::red, tone::green, tone::red}));
  BOOST_TEST((q.value().names.value() == std::vector<std::string>{"a", "", "b", "c"}));
  BOOST_TEST((q.value().numbers.value() == std::vector<std::int64_t>{1, 2}));
  auto const wrong = read_query<search>(parsed("tones=red,blue&tones=black").value());
  BOOST_TEST(wrong.error().faults.size() == 2U);
  BOOST_TEST(wrong.error().faults.back().pointer == "/tones/2");
}

BOOST_AUTO_TEST_CASE(what_is_repeated_has_a_bound_of_its_own) {
  auto const known = parameters_of<search>();
  std::string many = "limit=1", more;
  for (int i = 0; i < 998; ++i) many += "&names=" + std::to_string(i);
  BOOST_TEST(decode_query(many + "&text=x", known).has_value());
  BOOST_TEST(decode_query(many + "&text=x&names=x", known).has_error());
  for (int i = 0; i < 62; ++i) more += "&p" + std::to_string(i) + "=";
  BOOST_TEST(decode_query("names=1&names=2&limit=1" + more, known).has_value());
  BOOST_TEST(decode_query("names=1&names=2&limit=1&text=x" + more, known).has_error());
}

BOOST_AUTO_TEST_CASE(names_are_kept_whole_until_it_is_known_what_is_so_named) {
  auto const q = read_query<named>(decode_query("names=a,b&names=c,d&names=,", parameters_of<named>()).value()).value();
  BOOST_TEST((*q.names == given_names{"a,b", "c,d", ","}));
  auto const taken = [&](std::string_view there) {
    std::string all;
    for (auto const& name : take_names(*q.names, [&](std::string const& one) { return one == there; }))
      all += "<" + name + ">";
    return all;
  };
  BOOST_TEST(taken("a,b") == "<a,b><c><d><><>");
  BOOST_TEST(taken("a") == "<a><b><c><d><><>");
  BOOST_TEST(taken(",") == "<a><b><c><d><,>");
}

BOOST_AUTO_TEST_CASE(a_query_is_read_by_the_rules_of_bodies) {
  auto const q =
      read<search>("limit=20&open=true&text=3&tones=red,green&names=a,,b&numbers=1,-2&before=2026-04-01").value();
  BOOST_TEST(q.limit.value() == 20);
  BOOST_TEST(q.open.value());
  BOOST_TEST(q.text.value() == "3"); // text stays text
  BOOST_TEST((q.tones.value() == std::vector{tone::red, tone::green}));
  BOOST_TEST((q.names.value() == std::vector<std::string>{"a", "", "b"}));
  BOOST_TEST((q.numbers.value() == std::vector<std::int64_t>{1, -2}));
  BOOST_TEST((q.before.value() == make_date(2026, 4, 1)));
  auto const none = read<search>("").value();
  BOOST_TEST(!none.limit.has_value());
  BOOST_TEST(!none.tones.has_value());
}

BOOST_AUTO_TEST_CASE(every_fault_of_a_query_is_told_at_once) {
  BOOST_TEST(faults_of<search>("limit=many&open=yes&tones=red,blue&numbers=1,x&before=soon") ==
             "/limit wrong_type, /open wrong_type, /tones/1 not_one_of, /numbers/1 wrong_type, /before not_a_date");
  BOOST_TEST(faults_of<search>("limit=") == "/limit wrong_type");
  BOOST_TEST(faults_of<search>("limit=9223372036854775808") == "/limit wrong_type");
  BOOST_TEST(faults_of<search>("limit=1.5") == "/limit wrong_type");
}

BOOST_AUTO_TEST_CASE(an_unknown_parameter_is_refused_with_those_there_are) {
  BOOST_TEST(faults_of<search>("limt=20") == "/limt unknown_parameter");
  BOOST_TEST(read<report>("period=2026-04&orgid=1").error().faults.front().detail ==
             "there is no such parameter here; there are period, org_id");
  BOOST_TEST(faults_of<search>("Limit=20") == "/Limit unknown_parameter");
  BOOST_TEST(faults_of<search>("dry_run=true") == "/dry_run unknown_parameter"); // of writes, and theirs is no struct
  BOOST_TEST(refuse_unknown({}, {}).has_value());
  BOOST_TEST(refuse_unknown({{"a", ""}, {"b", ""}}, {}).error().faults.size() == 2U);
}

BOOST_AUTO_TEST_CASE(a_parameter_that_must_be_there_is_named_where_it_is_not) {
  BOOST_TEST(faults_of<report>("") == "/period required");
  BOOST_TEST(faults_of<report>("org_id=x") == "/period required, /org_id not_a_uuid");
  BOOST_TEST(read<report>("period=2026-04").value().period == "2026-04");
}

BOOST_AUTO_TEST_CASE(parameters_are_described_as_they_are_read) {
  std::string all;
  for (auto const& p : parameters_of<search>()) all += std::string(p.name) + (p.list ? "[] " : " ");
  BOOST_TEST(all == "limit open text tones[] names[] numbers[] before ");
  BOOST_TEST(parameters_of<report>()[0].required);
  BOOST_TEST(!parameters_of<report>()[1].required);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace alloy::api
