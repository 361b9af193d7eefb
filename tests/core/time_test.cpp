#include "core/time.hpp"
#include "core/time_zones.hpp"

#include <boost/test/unit_test.hpp>
#include <rapidcheck/boost_test.h>
#include <sstream>

namespace alloy {
namespace {

constexpr std::int64_t hour_ms = 3'600'000, day_ms = 24 * hour_ms;

timestamp at(std::string_view text) {
  auto const t = parse_timestamp(text);
  BOOST_TEST_REQUIRE(t.has_value(), text);
  return *t;
}

std::string begin_of(std::string_view zone, std::string_view day) {
  return to_string(day_begin(zone, parse_date(day).value()));
}

double hours_in(std::string_view zone, std::string_view day) {
  date const d = parse_date(day).value();
  return static_cast<double>(day_begin(zone, {d.days + 1}).ms - day_begin(zone, d).ms) / hour_ms;
}

} // namespace

BOOST_AUTO_TEST_SUITE(time_text)

BOOST_AUTO_TEST_CASE(a_timestamp_has_an_offset_and_may_have_a_fraction) {
  BOOST_TEST(at("1970-01-01T00:00:00Z").ms == 0);
  BOOST_TEST(at("2026-04-01T09:30:00Z").ms == 1775035800000);
  BOOST_TEST(at("2026-04-01t09:30:00z").ms == 1775035800000);
  BOOST_TEST(at("2026-04-01T11:30:00+02:00").ms == 1775035800000);
  BOOST_TEST(at("2026-04-01T00:00:00-09:30").ms == 1775035800000);
  BOOST_TEST(at("2026-04-01T09:30:00.5Z").ms == 1775035800500);
  BOOST_TEST(at("2026-04-01T09:30:00.123456789Z").ms == 1775035800123); // cut, not rounded
  BOOST_TEST(at("2026-04-01T09:30:00.9999Z").ms == 1775035800999);
  BOOST_TEST(at("2026-04-01T09:30:00.05-00:00").ms == 1775035800050);
  BOOST_TEST(to_string(timestamp{1775035800123}) == "2026-04-01T09:30:00.123Z");
  BOOST_TEST(to_string(timestamp{0}) == "1970-01-01T00:00:00.000Z");
}

BOOST_AUTO_TEST_CASE(leap_days_are_there_in_leap_years_only) {
  BOOST_TEST(to_string(parse_date("2024-02-29").value()) == "2024-02-29");
  BOOST_TEST(parse_date("2000-02-29").has_value());
  BOOST_TEST(!parse_date("2023-02-29").has_value());
  BOOST_TEST(!parse_date("2100-02-29").has_value());
  BOOST_TEST((at("2024-02-29T23:59:59+14:00") == at("2024-02-29T09:59:59Z")));
}

BOOST_AUTO_TEST_CASE(no_other_form_is_a_timestamp) {
  for (std::string const bad : {"",
                                "2026-04-01",
                                "2026-04-01T09:30:00",
                                "2026-04-01 09:30:00Z",
                                "2026-04-01T09:30Z",
                                "2026-04-01T24:00:00Z",
                                "2026-04-01T09:60:00Z",
                                "2026-04-01T23:59:60Z",
                                "2026-13-01T00:00:00Z",
                                "2026-00-01T00:00:00Z",
                                "2026-04-31T00:00:00Z",
                                "2026-04-01T09:30:00.Z",
                                "2026-04-01T09:30:00,5Z",
                                "2026-04-01T09:30:00.1234567890Z",
                                "2026-04-01T09:30:00+2:00",
                                "2026-04-01T09:30:00+0200",
                                "2026-04-01T09:30:00+02",
                                "2026-04-01T09:30:00+24:00",
                                "2026-04-01T09:30:00+02:60",
                                "2026-04-01T09:30:00ZZ",
                                "2026-04-01T09:30:00Z ",
                                " 2026-04-01T09:30:00Z",
                                "20260401T093000Z",
                                "+2026-04-01T09:30:00Z",
                                "1969-12-31T23:59:59Z",
                                "2026-04-01T9:30:00Z0",
                                "2026-04-01T09:30:00.5",
                                "1775035800"})
    BOOST_TEST(!parse_timestamp(bad).has_value(), bad);
}

// What is read is stored as text, and must be read again: so no offset may lead out of the years that have a text.
BOOST_AUTO_TEST_CASE(an_offset_that_leaves_the_known_years_is_refused) {
  BOOST_TEST(!parse_timestamp("1970-01-01T00:00:00+00:01").has_value());
  BOOST_TEST(!parse_timestamp("9999-12-31T23:59:59-00:01").has_value());
  BOOST_TEST(parse_timestamp("9999-12-31T23:59:59.999Z").has_value());
  BOOST_TEST(parse_timestamp("1970-01-01T00:00:00Z").has_value());
}

BOOST_AUTO_TEST_CASE(dates_have_one_form) {
  BOOST_TEST(parse_date("1970-01-01").value().days == 0);
  BOOST_TEST(to_string(parse_date("9999-12-31").value()) == "9999-12-31");
  BOOST_TEST((make_date(2026, 4, 1) == parse_date("2026-04-01").value()));
  for (std::string const bad : {"", "1969-12-31", "2026-4-1", "2026-04-1", "26-04-01", "2026/04/01", "2026-04-00",
                                "2026-06-31", "2026-04-01T", "0000-00-00", "10000-01-01", "-026-04-01", "2026-0a-01"})
    BOOST_TEST(!parse_date(bad).has_value(), bad);
}

RC_BOOST_PROP(a_time_is_read_back, ()) {
  timestamp const t{*rc::gen::inRange<std::int64_t>(0, 253402300800000)};
  RC_ASSERT(parse_timestamp(to_string(t)) == t);
}

// The borders of years, months and days are where an offset can lead astray.
RC_BOOST_PROP(whatever_is_read_is_read_back_from_what_is_written, ()) {
  std::string const text =
      *rc::gen::element<std::string>("1970-01-01", "1970-12-31", "2026-07-15", "9999-01-01", "9999-12-31") + "T" +
      *rc::gen::element<std::string>("00:00:00", "11:30:59", "23:59:59") +
      *rc::gen::element<std::string>("", ".1", ".999", ".123456") +
      *rc::gen::element<std::string>("Z", "+14:00", "-12:00", "+23:59", "-23:59");
  auto const t = parse_timestamp(text);
  RC_PRE(t.has_value());
  if (parse_timestamp(to_string(*t)) != t) RC_FAIL(text + " becomes " + to_string(*t));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(days_of_a_zone)

BOOST_AUTO_TEST_CASE(a_day_of_new_york_has_23_or_25_hours_when_the_clocks_change) {
  BOOST_TEST(begin_of("America/New_York", "2026-03-08") == "2026-03-08T05:00:00.000Z");
  BOOST_TEST(begin_of("America/New_York", "2026-03-09") == "2026-03-09T04:00:00.000Z");
  BOOST_TEST(hours_in("America/New_York", "2026-03-08") == 23.0);
  BOOST_TEST(hours_in("America/New_York", "2026-11-01") == 25.0);
  BOOST_TEST(hours_in("America/New_York", "2026-06-01") == 24.0);
  BOOST_TEST((day_in("America/New_York", at("2026-03-08T04:59:59.999Z")) == make_date(2026, 3, 7)));
  BOOST_TEST((day_in("America/New_York", at("2026-03-08T05:00:00Z")) == make_date(2026, 3, 8)));
}

BOOST_AUTO_TEST_CASE(lord_howe_moves_by_half_an_hour) {
  BOOST_TEST(begin_of("Australia/Lord_Howe", "2026-04-05") == "2026-04-04T13:00:00.000Z");
  BOOST_TEST(hours_in("Australia/Lord_Howe", "2026-04-05") == 24.5);
  BOOST_TEST(hours_in("Australia/Lord_Howe", "2026-10-04") == 23.5);
}

BOOST_AUTO_TEST_CASE(a_day_whose_midnight_is_skipped_begins_behind_it) {
  BOOST_TEST(begin_of("America/Sao_Paulo", "2018-11-04") == "2018-11-04T03:00:00.000Z"); // 01:00 there
  BOOST_TEST(hours_in("America/Sao_Paulo", "2018-11-04") == 23.0);
  BOOST_TEST((day_in("America/Sao_Paulo", at("2018-11-04T02:59:59.999Z")) == make_date(2018, 11, 3)));
  BOOST_TEST((day_in("America/Sao_Paulo", at("2018-11-04T03:00:00Z")) == make_date(2018, 11, 4)));
}

BOOST_AUTO_TEST_CASE(a_day_whose_midnight_comes_twice_begins_with_the_first) {
  BOOST_TEST(begin_of("America/Havana", "2025-11-02") == "2025-11-02T04:00:00.000Z");
  BOOST_TEST(hours_in("America/Havana", "2025-11-02") == 25.0);
}

BOOST_AUTO_TEST_CASE(a_day_that_a_zone_left_out_is_empty) {
  BOOST_TEST(hours_in("Pacific/Apia", "2011-12-30") == 0.0);
  BOOST_TEST((day_in("Pacific/Apia", at("2011-12-30T09:59:59Z")) == make_date(2011, 12, 29)));
  BOOST_TEST((day_in("Pacific/Apia", at("2011-12-30T10:00:00Z")) == make_date(2011, 12, 31)));
}

BOOST_AUTO_TEST_CASE(zones_are_known_by_their_iana_name) {
  BOOST_TEST(is_time_zone("Europe/Berlin"));
  BOOST_TEST(!is_time_zone("Europe/Atlantis"));
  BOOST_TEST(!is_time_zone(""));
  BOOST_TEST(!is_time_zone(std::string(1000, 'x')));
}

BOOST_AUTO_TEST_CASE(a_file_beside_the_zones_is_no_zone) {
  for (std::string const good :
       {"UTC", "Etc/GMT+5", "EST5EDT", "GMT0", "US/Eastern", "Asia/Calcutta", "America/Argentina/ComodRivadavia"})
    BOOST_TEST(is_time_zone(good), good);
  for (std::string const bad : {"localtime",
                                "posixrules",
                                "Factory",
                                "right/Europe/Berlin",
                                "posix/Europe/Berlin",
                                "right/UTC",
                                "europe/berlin",
                                "EUROPE/BERLIN",
                                "../etc/localtime",
                                "Europe/../UTC",
                                "/Europe/Berlin",
                                "Europe/Berlin/",
                                "Europe",
                                "tzdata.zi",
                                "zone.tab",
                                "leapseconds",
                                " UTC",
                                "UTC ",
                                "UTC\n",
                                "Europe//Berlin",
                                "./UTC",
                                "Local",
                                "SystemV/EST5EDT"})
    BOOST_TEST(!is_time_zone(bad), bad);
}

BOOST_AUTO_TEST_CASE(the_list_of_zones_names_zones_and_links) {
  std::istringstream file(
      "# version 2025b\nR A 1916 o - Jun 14 23s 1 S\nZ Europe/Berlin 0:53:28 - LMT 1893 Ap\n1 E CE%sT\n"
      "Z Factory 0 - -00\nL Europe/Berlin Europe/Copenhagen\n");
  BOOST_TEST((zone_names(file) == std::set<std::string, std::less<>>{"Europe/Berlin", "Europe/Copenhagen"}));
  BOOST_TEST(has_form_of_zone("America/Port-au-Prince"));
  BOOST_TEST(!has_form_of_zone("right/UTC"));
  BOOST_TEST(!has_form_of_zone("localtime"));
  BOOST_TEST(!has_form_of_zone("Factory"));
}

RC_BOOST_PROP(every_instant_lies_within_its_day, ()) {
  auto const zone = *rc::gen::element<std::string>("UTC", "America/New_York", "Australia/Lord_Howe", "America/Havana",
                                                   "Asia/Kathmandu", "Pacific/Apia", "Pacific/Kiritimati");
  timestamp const t{*rc::gen::inRange<std::int64_t>(1'577'836'800'000, 2'051'222'400'000)}; // 2020 to 2034
  date const d = day_in(zone, t);
  RC_ASSERT(day_begin(zone, d) <= t);
  RC_ASSERT(t < day_begin(zone, {d.days + 1}));
  RC_ASSERT(day_begin(zone, {d.days + 1}).ms - day_begin(zone, d).ms <= day_ms + hour_ms);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace alloy
