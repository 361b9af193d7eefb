#include "events/codec.hpp"

#include "events/log.hpp"
#include "events/record.hpp"
#include "tests/events/sample.hpp"

#include <boost/test/unit_test.hpp>
#include <set>

namespace alloy::events {
namespace {

uuid id(std::uint8_t n) {
  uuid made;
  made.bytes[15] = n;
  return made;
}

record_head head_with_seq(std::uint64_t seq) {
  return {id(1), seq, id(2), {1'775'035'800'123}, {id(3), credential::session, std::nullopt}, "r\"1\"", 0};
}

std::string encoded(std::uint64_t seq, std::vector<draft> const& drafts, std::uint32_t previous = 0) {
  std::vector<encoded_event> all;
  for (std::size_t i = 0; i < drafts.size(); ++i) all.push_back({id(static_cast<std::uint8_t>(100 + i)), &drafts[i]});
  return encode_record(head_with_seq(seq), all, previous);
}

draft labeled(std::uint8_t ticket) {
  return {id(1), {entity::ticket, id(ticket)}, ticket_labeled{id(9)}};
}

// A record with this JSON, its checksum right.
record decoded(std::string const& json, std::uint16_t count = 1) {
  return decode_record(1, frame_record(0, count, json));
}

std::string record_json(std::string const& event) {
  return R"({"org_id":"00000000-0000-0000-0000-000000000001","org_seq":1,"command_id":"00000000-0000-0000-0000-000000000002",)"
         R"("at":"2026-04-01T09:30:00Z","actor":{"user_id":"00000000-0000-0000-0000-000000000003","credential":"system"},)"
         R"("request_id":"r","events":[)" +
         event + "]}";
}

std::string event_json(std::string const& type, std::string const& schema, std::string const& data) {
  return R"({"id":"00000000-0000-0000-0000-000000000004","type":")" + type + R"(","schema":)" + schema +
         R"(,"subject":{"kind":"ticket","id":"00000000-0000-0000-0000-000000000005"},"data":)" + data + "}";
}

} // namespace

BOOST_AUTO_TEST_SUITE(codec)

BOOST_AUTO_TEST_CASE(a_record_of_every_type_is_read_as_it_was_written) {
  std::vector<draft> drafts;
  for_each_event_type([&](auto t) {
    for (bool const full : {true, false})
      drafts.push_back({id(1),
                        {entity::ticket, id(static_cast<std::uint8_t>(drafts.size()))},
                        sample_maker(full).make<typename decltype(t)::type>()});
  });
  auto const bytes = encoded(3, drafts, 77);
  auto const r = decode_record(1000, bytes);
  BOOST_TEST(r.previous_crc == 77U);
  BOOST_TEST(r.head.tenant_seq == 3U);
  BOOST_TEST(r.head.request_id == "r\"1\"");
  BOOST_TEST_REQUIRE(r.events.size() == drafts.size());
  for (std::size_t i = 0; i < drafts.size(); ++i) {
    auto const& e = r.events[i];
    BOOST_TEST(e.position == 1000 + i);
    BOOST_TEST((e.tenant == id(1)));
    BOOST_TEST((e.subject == drafts[i].subject));
    BOOST_TEST((e.at == head_with_seq(3).at));
    BOOST_TEST((e.actor == head_with_seq(3).actor));
    BOOST_TEST(type_of(e.what) == type_of(drafts[i].what));
    BOOST_TEST(encode_data(e.what) == encode_data(drafts[i].what));
  }
}

BOOST_AUTO_TEST_CASE(records_of_a_tenant_form_a_chain) {
  auto const first = decode_record(1, encoded(1, {labeled(5)}));
  auto const second = decode_record(2, encoded(2, {labeled(5)}, first.crc));
  BOOST_TEST(first.previous_crc == 0U);
  BOOST_TEST(second.previous_crc == first.crc);
  BOOST_TEST(first.crc != second.crc);
  // Another first record, and the second follows it no more.
  BOOST_TEST(decode_record(1, encoded(1, {labeled(6)})).crc != second.previous_crc);
}

BOOST_AUTO_TEST_CASE(every_flipped_bit_is_damage) {
  auto const good = encoded(1, {labeled(5)});
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    auto bad = good;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ 1 << bit % 8);
    BOOST_CHECK_THROW(decode_record(1, bad), corruption_error);
  }
  BOOST_CHECK_THROW(decode_record(1, good.substr(0, good.size() - 1)), corruption_error);
  BOOST_CHECK_THROW(decode_record(1, good + " "), corruption_error);
  BOOST_CHECK_THROW(decode_record(1, ""), corruption_error);
}

BOOST_AUTO_TEST_CASE(damage_is_told_with_its_position) {
  try {
    decode_record(4711, "too short");
    BOOST_FAIL("it was read");
  } catch (corruption_error const& e) {
    BOOST_TEST(std::string(e.what()) == "the record at position 4711 does not match its checksum");
  }
}

BOOST_AUTO_TEST_CASE(a_second_event_about_the_same_thing_continues_the_first) {
  auto const r = decode_record(1, encoded(1, {labeled(5), labeled(6), labeled(5), labeled(6), labeled(7)}));
  std::string flags;
  for (auto const& e : r.events) flags += e.continues ? 'c' : '-';
  BOOST_TEST(flags == "--cc-");
  auto of_another_kind = labeled(5);
  of_another_kind.subject.kind = entity::comment;
  BOOST_TEST(!decode_record(1, encoded(1, {labeled(5), of_another_kind})).events[1].continues);
}

BOOST_AUTO_TEST_CASE(a_well_formed_record_is_read) {
  auto const r =
      decoded(record_json(event_json("ticket.labeled", "1", R"({"label_id":"00000000-0000-0000-0000-000000000009"})")));
  BOOST_TEST((r.events.front().actor.credential == credential::system));
  BOOST_TEST((std::get<ticket_labeled>(r.events.front().what).label_id == id(9)));
  BOOST_TEST(r.events.front().cause == 0U);
}

BOOST_AUTO_TEST_CASE(a_type_or_schema_of_another_version_is_refused) {
  auto const data = R"({"label_id":"00000000-0000-0000-0000-000000000009"})";
  BOOST_CHECK_THROW(decoded(record_json(event_json("ticket.exploded", "1", data))), corruption_error);
  BOOST_CHECK_THROW(decoded(record_json(event_json("ticket.labeled", "2", data))), corruption_error);
  BOOST_CHECK_THROW(decoded(record_json(event_json("ticket.labeled", "0", data))), corruption_error);
}

BOOST_AUTO_TEST_CASE(a_record_that_is_not_what_it_says_is_refused) {
  auto const one = event_json("session.closed", "1", "{}");
  BOOST_CHECK_THROW(decoded(record_json(one), 2), corruption_error);
  BOOST_CHECK_THROW(decoded(record_json(one + "," + one), 1), corruption_error);
  BOOST_CHECK_THROW(decoded("{"), std::runtime_error);
  BOOST_CHECK_THROW(decoded(record_json(event_json("ticket.labeled", "1", "{}"))), std::runtime_error);
  BOOST_CHECK_THROW(decoded(record_json(event_json("ticket.labeled", "1", R"({"label_id":7})"))), std::runtime_error);
}

BOOST_AUTO_TEST_CASE(outsiders_see_every_public_event_without_what_is_sealed_or_hashed) {
  std::vector<draft> drafts;
  for_each_event_type([&](auto t) {
    for (bool const full : {true, false})
      drafts.push_back({id(1),
                        {entity::ticket, id(static_cast<std::uint8_t>(drafts.size()))},
                        sample_maker(full).make<typename decltype(t)::type>()});
  });
  auto const seen = read_public(1000, encoded(3, drafts));
  BOOST_TEST(seen.last == 1000 + drafts.size() - 1);
  BOOST_TEST(seen.head.tenant_seq == 3U);
  std::size_t next = 0;
  for (std::size_t i = 0; i < drafts.size(); ++i) {
    if (!is_public_type(type_of(drafts[i].what))) continue;
    BOOST_TEST_REQUIRE(next < seen.events.size());
    auto const& e = seen.events[next++];
    BOOST_TEST(e.position == 1000 + i);
    BOOST_TEST(e.type == type_of(drafts[i].what));
    BOOST_TEST(e.data == public_data(drafts[i].what));
    BOOST_TEST(e.data.find("_sealed") == std::string::npos);
    BOOST_TEST(e.data.find("_hash") == std::string::npos);
  }
  BOOST_TEST(next == seen.events.size());
}

BOOST_AUTO_TEST_CASE(an_event_as_the_feed_has_it) {
  auto const seen = read_public(7, encoded(2, {labeled(5)}));
  std::string json;
  append_public(json, seen.head, seen.events.front());
  BOOST_TEST(
      json ==
      R"({"position":7,"id":"00000000-0000-0000-0000-000000000064","type":"ticket.labeled","schema":1,)"
      R"("org_id":"00000000-0000-0000-0000-000000000001","org_seq":2,)"
      R"("subject":{"kind":"ticket","id":"00000000-0000-0000-0000-000000000005"},"at":"2026-04-01T09:30:00.123Z",)"
      R"("actor":{"user_id":"00000000-0000-0000-0000-000000000003","credential":"session","key_id":null},)"
      R"("request_id":"r\"1\"","cause":null,"data":{"label_id":"00000000-0000-0000-0000-000000000009"}})");
}

BOOST_AUTO_TEST_CASE(nobody_subscribes_to_what_happens_to_accounts_or_is_asked_of_the_dispatcher) {
  auto const all = public_types();
  std::set<std::string_view> const types(all.begin(), all.end());
  BOOST_TEST(types.contains("ticket.created"));
  BOOST_TEST(types.contains("org.created"));
  std::size_t others = 0;
  for_each_event_type([&](auto t) {
    auto const type = decltype(t)::type::type;
    bool const of_accounts = type.starts_with("user.") || type.starts_with("session.") ||
                             type.starts_with("api_key.") || type.starts_with("operator.");
    bool const asked_of_us = type == "webhook.pinged" || type == "webhook.redelivered" || type == "webhook.replayed";
    bool const hidden = of_accounts || asked_of_us;
    BOOST_TEST(types.contains(type) != hidden, type);
    BOOST_TEST(is_public_type(type) != hidden, type);
    others += !hidden;
  });
  BOOST_TEST(types.size() == others);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace alloy::events
