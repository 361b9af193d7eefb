#include "core/json.hpp"

#include <boost/test/unit_test.hpp>
#include <rapidcheck/boost_test.h>

namespace alloy {
namespace {

enum class tone : std::uint8_t { red, green };
BOOST_DESCRIBE_ENUM(tone, red, green)

struct part {
  text<1, 5> name;
  std::int32_t count = 0;
  bool operator==(part const&) const = default;
};
BOOST_DESCRIBE_STRUCT(part, (), (name, count))

struct thing {
  std::string title;
  std::int64_t size = 0;
  bool open = false;
  tone color{};
  uuid id;
  timestamp at;
  date day;
  points weight;
  std::optional<std::string> note = {};
  json::changed<std::string> renamed;
  json::clearable<std::int64_t> limit;
  std::vector<part> parts;
  std::map<std::string, std::int64_t> counts;
  bool operator==(thing const&) const = default;
};
BOOST_DESCRIBE_STRUCT(thing, (), (title, size, open, color, id, at, day, weight, note, renamed, limit, parts, counts))

struct patch {
  std::optional<std::string> may_lack;
  json::changed<std::string> renamed;
  json::clearable<std::string> goal;
};
BOOST_DESCRIBE_STRUCT(patch, (), (may_lack, renamed, goal))

struct numbers {
  std::optional<std::int64_t> big;
  std::optional<std::uint64_t> natural;
  std::optional<std::int8_t> small;
  std::optional<bounded<1, 5>> between;
  std::optional<points> weight;
};
BOOST_DESCRIBE_STRUCT(numbers, (), (big, natural, small, between, weight))

struct kept { // as what is stored: absent members take their defaults
  static constexpr bool defaults_allowed = true;
  std::int64_t count = 7;
  std::string name;
};
BOOST_DESCRIBE_STRUCT(kept, (), (count, name))

template <class T> std::string faults_of(std::string_view json) {
  auto const read = json::read<T>(json);
  if (read) return "read";
  if (read.error().faults.empty()) return std::string(describe(read.error().code).name);
  std::string all;
  for (auto const& f : read.error().faults) all += (all.empty() ? "" : ", ") + f.pointer + " " + f.code;
  return all;
}

// Text without surrogates: every other code point may come.
std::string utf8(std::vector<std::uint32_t> const& points_of_text) {
  std::string out;
  for (auto c : points_of_text) {
    if (c >= 0xd800 && c < 0xe000) c -= 0x800;
    auto const tail = [&](int shift) { out += static_cast<char>(0x80 | (c >> shift & 0x3f)); };
    if (c < 0x80)
      out += static_cast<char>(c);
    else if (c < 0x800)
      out += static_cast<char>(0xc0 | c >> 6), tail(0);
    else if (c < 0x10000)
      out += static_cast<char>(0xe0 | c >> 12), tail(6), tail(0);
    else
      out += static_cast<char>(0xf0 | c >> 18), tail(12), tail(6), tail(0);
  }
  return out;
}

std::string any_text() {
  auto const any =
      rc::gen::oneOf(rc::gen::inRange<std::uint32_t>(0, 0x80), rc::gen::inRange<std::uint32_t>(0, 0x110000));
  return utf8(*rc::gen::container<std::vector<std::uint32_t>>(any));
}

std::string nested(std::size_t levels) {
  return std::string(levels, '[') + std::string(levels, ']');
}

} // namespace

BOOST_AUTO_TEST_SUITE(json_text)

BOOST_AUTO_TEST_CASE(every_fault_is_told_at_once_with_its_pointer) {
  BOOST_TEST(
      faults_of<thing>(R"({"title":1,"size":"2","open":null,"color":"blue","id":"x","at":"now","day":"2026-02-30",
    "weight":-1,"parts":[{"name":"ok","count":1},{"name":"too long","count":99999999999},{"count":[]}],
    "counts":{"a/b~c":true},"zzz":0})") ==
      "/title wrong_type, /size wrong_type, /open wrong_type, /color not_one_of, /id not_a_uuid, "
      "/at not_a_timestamp, /day not_a_date, /weight out_of_range, /parts/1/name too_long, "
      "/parts/1/count out_of_range, /parts/2/name required, /parts/2/count wrong_type, "
      "/counts/a~1b~0c wrong_type, /zzz unknown_field");
}

BOOST_AUTO_TEST_CASE(what_must_be_there_is_named_where_it_is_not) {
  BOOST_TEST(faults_of<part>("{}") == "/name required, /count required");
  BOOST_TEST(faults_of<part>("[]") == " wrong_type");
  BOOST_TEST(faults_of<part>("null") == " wrong_type");
}

BOOST_AUTO_TEST_CASE(the_faults_of_one_document_are_bounded) {
  std::string many = "[";
  for (int i = 0; i < 500; ++i) many += i ? ",0" : "0";
  BOOST_TEST(json::read<std::vector<std::string>>(many + "]").error().faults.size() == 100U);
}

BOOST_AUTO_TEST_CASE(an_unknown_field_is_refused_with_the_one_that_was_meant) {
  auto const detail = [](std::string_view json) { return json::read<part>(json).error().faults.back().detail; };
  BOOST_TEST(detail(R"({"name":"a","count":1,"cuont":2})") == "there is no such field here; did you mean count?");
  BOOST_TEST(detail(R"({"name":"a","count":1,"quite_another":2})") == "there is no such field here");
  BOOST_TEST(detail(R"({"name":"a","count":1,")" + std::string(5000, 'x') + R"(":2})") ==
             "there is no such field here");
  auto const tolerant = json::read<part>(R"({"name":"a","count":1,"cuont":2})", json::unknown_fields::ignore);
  BOOST_TEST_REQUIRE(tolerant.has_value());
  BOOST_TEST(tolerant->count == 1);
}

BOOST_AUTO_TEST_CASE(null_is_absence_a_fault_or_a_clearing) {
  auto const empty = json::read<patch>("{}").value();
  BOOST_TEST(!empty.may_lack.has_value());
  BOOST_TEST(!empty.renamed);
  BOOST_TEST(!empty.goal.present);

  auto const nulls = json::read<patch>(R"({"may_lack":null,"goal":null})").value();
  BOOST_TEST(!nulls.may_lack.has_value());
  BOOST_TEST(nulls.goal.present);
  BOOST_TEST(!nulls.goal.value.has_value());
  BOOST_TEST(faults_of<patch>(R"({"renamed":null})") == "/renamed null_not_allowed");

  auto const given = json::read<patch>(R"({"may_lack":"a","renamed":"b","goal":"c"})").value();
  BOOST_TEST(given.may_lack.value() == "a");
  BOOST_TEST(given.renamed.value.value() == "b");
  BOOST_TEST(given.goal.value.value() == "c");
}

BOOST_AUTO_TEST_CASE(what_did_not_change_is_not_written_and_what_was_cleared_is_null) {
  patch p;
  BOOST_TEST(json::to_string(p) == R"({"may_lack":null})");
  p.goal.present = true;
  p.renamed.value = "x";
  BOOST_TEST(json::to_string(p) == R"({"may_lack":null,"renamed":"x","goal":null})");
}

BOOST_AUTO_TEST_CASE(a_field_that_stands_there_twice_is_refused) {
  BOOST_TEST(faults_of<part>(R"({"name":"a","count":1,"name":"b"})") == "invalid_json");
  BOOST_TEST(faults_of<part>(R"({"name":"a","count":1,"n\u0061me":"b"})") == "invalid_json"); // the same name, escaped
  BOOST_TEST(faults_of<json::raw>(R"([{"deep":{"a":1,"b":2,"a":3}}])") == "invalid_json");
  for (std::size_t const members : {2U, 63U, 64U, 65U, 66U, 500U}) {
    std::string wide = "{";
    for (std::size_t i = 0; i < members; ++i) wide += "\"k" + std::to_string(i) + "\":0,";
    BOOST_TEST(faults_of<json::raw>(wide + "\"last\":0}") == "read", "members " << members);
    BOOST_TEST(faults_of<json::raw>(wide + "\"k0\":0}") == "invalid_json", "members " << members);
    auto const last = std::to_string(members - 1);
    BOOST_TEST(faults_of<json::raw>(wide + "\"k" + last + "\":0}") == "invalid_json", "members " << members);
  }
}

BOOST_AUTO_TEST_CASE(a_document_is_as_deep_as_allowed_and_no_deeper) {
  BOOST_TEST(json::parse(nested(32)).has_value());
  auto const deeper = json::parse(nested(33));
  BOOST_TEST_REQUIRE(deeper.has_error());
  BOOST_TEST(deeper.error().detail == "it is nested deeper than 32 levels");
  BOOST_TEST(json::parse(nested(100'000)).has_error());
  BOOST_TEST(json::parse(nested(5), 5).has_value());
  BOOST_TEST(json::parse(nested(6), 5).has_error());
  BOOST_TEST(json::parse(nested(33), 64).has_value()); // the limit is that of the call, not of the one before
}

BOOST_AUTO_TEST_CASE(an_integer_is_a_number_without_a_fraction) {
  auto const big = [](std::string const& n) { return json::read<numbers>("{\"big\":" + n + "}").value().big.value(); };
  BOOST_TEST(big("3.0") == 3);
  BOOST_TEST(big("1e2") == 100);
  BOOST_TEST(big("-0.0") == 0);
  BOOST_TEST(big("9223372036854775807") == INT64_MAX);
  BOOST_TEST(big("-9223372036854775808") == INT64_MIN);
  for (std::string const n : {"3.5", "1e300", "9223372036854775808", "18446744073709551615", "\"3\"", "true", "[]"})
    BOOST_TEST(faults_of<numbers>("{\"big\":" + n + "}") == "/big wrong_type", n);
  for (std::string const n : {"01", "+1", ".5", "1.", "0x10", "NaN", "Infinity", "1e", "--1"})
    BOOST_TEST(faults_of<numbers>("{\"big\":" + n + "}") == "invalid_json", n);
}

BOOST_AUTO_TEST_CASE(a_number_stays_within_the_range_of_its_field) {
  BOOST_TEST(faults_of<numbers>(R"({"natural":-1,"small":128,"between":6})") ==
             "/natural out_of_range, /small out_of_range, /between out_of_range");
  BOOST_TEST(faults_of<numbers>(R"({"small":-129,"between":0})") == "/small out_of_range, /between out_of_range");
  BOOST_TEST(faults_of<numbers>(R"({"natural":0,"small":-128,"between":5})") == "read");
  BOOST_TEST(faults_of<numbers>(R"({"between":2.5})") == "/between wrong_type");
}

BOOST_AUTO_TEST_CASE(an_enumerator_is_spelled_as_it_is_and_no_other_way) {
  BOOST_TEST((json::read<std::vector<tone>>(R"(["green"])").value().front() == tone::green));
  auto const other = json::read<std::vector<tone>>(R"(["Green"])");
  BOOST_TEST(other.error().faults.front().detail == "it must be one of red, green");
  BOOST_TEST(faults_of<std::vector<tone>>("[1]") == "/0 wrong_type");
}

BOOST_AUTO_TEST_CASE(a_list_has_as_many_elements_as_it_may) {
  using two_to_three = list<std::int64_t, 2, 3>;
  BOOST_TEST(faults_of<two_to_three>("[1]") == " too_few");
  BOOST_TEST(faults_of<two_to_three>("[1,2]") == "read");
  BOOST_TEST(faults_of<two_to_three>("[1,2,3,4]") == " too_many");
}

BOOST_AUTO_TEST_CASE(a_dictionary_holds_its_names_to_their_form_and_its_number_to_its_limit) {
  using short_names = dictionary<text<1, 3>, std::int64_t, 2>;
  BOOST_TEST(json::to_string(json::read<short_names>(R"({"b":2,"abc":1})").value()) == R"({"abc":1,"b":2})");
  BOOST_TEST(faults_of<short_names>(R"({"abcd":1,"a":"x"})") == "/abcd too_long, /a wrong_type");
  BOOST_TEST(faults_of<short_names>(R"({"a":1,"b":2,"c":3})") == " too_many");
  BOOST_TEST(faults_of<short_names>("[]") == " wrong_type");
}

BOOST_AUTO_TEST_CASE(text_that_is_not_utf8_is_refused) {
  for (std::string const bad : {"\xff", "\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\x80",
                                "\xe2\x82", "\\ud800", "\\ud800x", "\\udc00", "\\ud800\\u0041", "\\ud800\\ud800"})
    BOOST_TEST(json::read<std::string>("\"" + bad + "\"").has_error(), bad);
  BOOST_TEST(json::read<std::string>(R"("\ud83d\ude00")").value() == "\xf0\x9f\x98\x80");
}

BOOST_AUTO_TEST_CASE(what_is_not_one_document_is_refused) {
  for (std::string const bad :
       {"", " ", "{", "{}x", "{} {}", "[1,]", "{\"a\":1,}", "{'a':1}", "\"a\nb\"", "nul", "// c\n1"})
    BOOST_TEST(json::parse(bad).has_error(), bad);
  BOOST_TEST(json::parse("").error().detail == "the body is empty");
  BOOST_TEST(json::read<std::string>(" \"a\" \n").value() == "a");
}

BOOST_AUTO_TEST_CASE(a_byte_order_mark_at_the_beginning_is_skipped_and_nowhere_else) {
  std::string const mark = "\xef\xbb\xbf";
  BOOST_TEST(json::read<std::string>(mark + "\"a\"").value() == "a");
  BOOST_TEST(json::read<std::string>(mark + " \"" + mark + "a\"\n").value() == mark + "a"); // of a text it is a part
  for (std::string const& bad : {mark, mark + mark + "1", " " + mark + "1", "[" + mark + "1]", "1" + mark})
    BOOST_TEST(json::parse(bad).has_error(), bad);
  BOOST_TEST(json::parse(mark).error().detail == "the body is empty");
}

BOOST_AUTO_TEST_CASE(text_is_written_with_the_escapes_it_needs) {
  auto const written = [](std::string_view t) { return json::to_string(std::string(t)); };
  BOOST_TEST(written("a\"b\\c/d") == R"("a\"b\\c/d")");
  BOOST_TEST(written("\n\r\t") == R"("\n\r\t")");
  BOOST_TEST(written(std::string_view("\0\b\x1f\x7f", 4)) == "\"\\u0000\\u0008\\u001f\x7f\"");
  BOOST_TEST(written("\xc3\xa9\xf0\x9f\x98\x80") == "\"\xc3\xa9\xf0\x9f\x98\x80\"");
  BOOST_TEST(written("a\xff\xc3") == "\"a\xef\xbf\xbd\xef\xbf\xbd\"");
  BOOST_TEST(written("\xed\xa0\x80") == "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
}

BOOST_AUTO_TEST_CASE(a_number_that_json_does_not_know_is_a_bug) {
  std::string out;
  BOOST_CHECK_THROW(json::write_number(out, std::numeric_limits<double>::infinity()), std::logic_error);
  BOOST_CHECK_THROW(json::write_number(out, std::numeric_limits<double>::quiet_NaN()), std::logic_error);
  json::write_number(out, 0.1);
  BOOST_TEST(out == "0.1");
}

BOOST_AUTO_TEST_CASE(raw_json_keeps_its_value) {
  std::string const text = R"({"b":[1,-2.5,true,null,"\u00e9\n"],"a":{},"c":[]})";
  BOOST_TEST(json::read<json::raw>(" " + text).value().text ==
             "{\"b\":[1,-2.5,true,null,\"\xc3\xa9\\n\"],\"a\":{},\"c\":[]}");
  std::vector<json::raw> const spliced{{"{\"x\":1}"}, {"null"}};
  BOOST_TEST(json::to_string(spliced) == R"([{"x":1},null])");
}

BOOST_AUTO_TEST_CASE(stored_text_without_its_shape_is_damage) {
  BOOST_TEST(json::stored<kept>(R"({"name":"a","of_a_newer_version":1})").count == 7);
  BOOST_TEST(json::stored<kept>("{}").name.empty());
  BOOST_CHECK_THROW(json::stored<kept>(R"({"count":"x"})"), std::runtime_error);
  BOOST_CHECK_THROW(json::stored<kept>("{"), std::runtime_error);
  BOOST_CHECK_THROW(json::stored<part>("{}"), std::runtime_error);
}

RC_BOOST_PROP(what_is_written_is_read_back, ()) {
  thing t;
  t.title = any_text();
  t.size = *rc::gen::arbitrary<std::int64_t>();
  t.open = *rc::gen::arbitrary<bool>();
  t.color = *rc::gen::element(tone::red, tone::green);
  for (auto& b : t.id.bytes) b = *rc::gen::arbitrary<std::uint8_t>();
  t.at.ms = *rc::gen::inRange<std::int64_t>(0, 253402300800000);
  t.day.days = *rc::gen::inRange<std::int32_t>(0, 2932897);
  t.weight.hundredths = *rc::gen::inRange<std::int64_t>(0, points::max_hundredths + 1);
  if (*rc::gen::arbitrary<bool>()) t.note = any_text();
  if (*rc::gen::arbitrary<bool>()) t.renamed.value = any_text();
  t.limit.present = *rc::gen::arbitrary<bool>();
  if (t.limit.present && *rc::gen::arbitrary<bool>()) t.limit.value = *rc::gen::arbitrary<std::int64_t>();
  for (auto const n : *rc::gen::arbitrary<std::vector<std::int32_t>>()) t.parts.push_back({{"name"}, n});
  for (auto const n : *rc::gen::arbitrary<std::vector<std::int32_t>>()) t.counts[any_text()] = n;
  auto const text = json::to_string(t);
  auto const again = json::read<thing>(text);
  if (!again) RC_FAIL(text + ": " + again.error().detail);
  RC_ASSERT(*again == t);
  RC_ASSERT(json::to_string(*again) == text);
}

RC_BOOST_PROP(any_bytes_are_written_as_json, (std::string const& bytes)) {
  auto const read = json::read<std::string>(json::to_string(bytes));
  RC_ASSERT(read.has_value());
  RC_ASSERT(json::to_string(*read) == json::to_string(bytes));
}

namespace {
struct with_default {
  std::vector<int> days{1, 2};
};
BOOST_DESCRIBE_STRUCT(with_default, (), (days))
} // namespace

BOOST_AUTO_TEST_CASE(what_is_read_takes_the_place_of_a_default) {
  BOOST_TEST(json::read<with_default>(R"({"days":[3]})")->days == std::vector<int>{3},
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace alloy
