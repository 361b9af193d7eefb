// Every event type as it was stored, in files that never change: `<type>.v<schema>.json`, and `.min.json` without what
// may be absent. A new type has none yet: ALLOY_WRITE_GOLDEN=1 makes those that are missing, and only those.
#include "core/base64.hpp"
#include "events/codec.hpp"
#include "events/log.hpp"
#include "tests/events/sample.hpp"

#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>

namespace alloy::events {
namespace {

std::filesystem::path const folder = ALLOY_TESTS_DIR "/golden";

// Without the line break that ends the file.
std::optional<std::string> text_of(std::string const& name) {
  std::ifstream file(folder / name, std::ios::binary);
  if (!file) return std::nullopt;
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (text.ends_with('\n')) text.pop_back();
  return text;
}

void write_missing(std::string const& name, std::string const& text) {
  if (std::getenv("ALLOY_WRITE_GOLDEN") == nullptr || std::filesystem::exists(folder / name)) return;
  std::ofstream(folder / name, std::ios::binary) << text << '\n';
}

template <class E> std::string sample(bool full) {
  return encode_data(event(sample_maker(full).make<E>()));
}

template <class E> std::set<std::string> names_due() {
  std::set<std::string> names;
  for (int schema = 1; schema <= E::schema; ++schema)
    names.insert(std::string(E::type) + ".v" + std::to_string(schema) + ".json");
  if (sample<E>(true) != sample<E>(false))
    names.insert(std::string(E::type) + ".v" + std::to_string(E::schema) + ".min.json");
  return names;
}

struct name_parts {
  std::string type;
  int schema = 0;
};

std::optional<name_parts> parts_of(std::string name) {
  for (std::string_view const end : {".json", ".min"})
    if (name.ends_with(end)) name.resize(name.size() - end.size());
  auto const at = name.rfind(".v");
  if (at == std::string::npos || at + 2 == name.size()) return std::nullopt;
  auto const digits = name.substr(at + 2);
  if (digits.find_first_not_of("0123456789") != std::string::npos) return std::nullopt;
  return name_parts{name.substr(0, at), std::stoi(digits)};
}

struct former_record { // the record of record.v1.hex, said in C++
  draft made{uuid_at(0x11), {entity::label, uuid_at(0x22)}, label_created{"bug", "#ff0000"}};
  draft changed{uuid_at(0x11), {entity::label, uuid_at(0x22)}, label_updated{}};
  record_head head{
      uuid_at(0x11), 7, uuid_at(0x33), {1'775'035'800'123}, {uuid_at(0x44), credential::api_key, uuid_at(0x55)},
      "req-1",       41};

  former_record() { std::get<label_updated>(changed.what).changes.name.value = {"bug", "f\xc3\xa4ult"}; }
  static uuid uuid_at(std::uint8_t byte) {
    uuid id;
    id.bytes.fill(byte);
    return id;
  }
  std::string bytes() const {
    encoded_event const both[] = {{uuid_at(0x66), &made}, {uuid_at(0x77), &changed}};
    return encode_record(head, both, 0x89abcdef);
  }
};

} // namespace

BOOST_AUTO_TEST_SUITE(golden_files)

BOOST_AUTO_TEST_CASE(every_type_and_schema_has_its_file) {
  for_each_event_type([](auto t) {
    using E = typename decltype(t)::type;
    std::string const stem = std::string(E::type) + ".v" + std::to_string(E::schema);
    write_missing(stem + ".json", sample<E>(true));
    if (sample<E>(true) != sample<E>(false)) write_missing(stem + ".min.json", sample<E>(false));
    for (auto const& name : names_due<E>())
      BOOST_TEST(text_of(name).has_value(), "there is no tests/golden/" << name << "; ALLOY_WRITE_GOLDEN=1 makes it");
  });
}

BOOST_AUTO_TEST_CASE(every_file_is_of_a_type_and_schema_there_is) {
  std::set<std::string> due;
  for_each_event_type([&](auto t) { due.merge(names_due<typename decltype(t)::type>()); });
  std::size_t files = 0;
  for (auto const& entry : std::filesystem::directory_iterator(folder)) {
    std::string const name = entry.path().filename().string();
    if (name == "record.v1.hex") continue;
    ++files;
    // Of a former schema there may be a .min.json, too.
    auto const parts = parts_of(name);
    BOOST_TEST_REQUIRE(parts.has_value(), "tests/golden/" << name << " is no <type>.v<schema>[.min].json");
    bool const known = due.contains(name) || due.contains(parts->type + ".v" + std::to_string(parts->schema) + ".json");
    BOOST_TEST(known, "tests/golden/" << name << " has no event type");
  }
  BOOST_TEST(files >= due.size());
}

BOOST_AUTO_TEST_CASE(what_was_stored_is_read_and_written_as_it_was) {
  for (auto const& entry : std::filesystem::directory_iterator(folder)) {
    std::string const name = entry.path().filename().string();
    if (!name.ends_with(".json")) continue;
    auto const parts = parts_of(name);
    BOOST_TEST_REQUIRE(parts.has_value());
    auto const stored = text_of(name).value();
    BOOST_TEST_CONTEXT(name) {
      auto const e = decode_data(parts->type, parts->schema, stored);
      BOOST_TEST(type_of(e) == parts->type);
      int const newest = std::visit([](auto const& one) { return std::remove_cvref_t<decltype(one)>::schema; }, e);
      if (newest == parts->schema) BOOST_TEST(encode_data(e) == stored);
    }
  }
}

BOOST_AUTO_TEST_CASE(types_are_named_once) {
  std::set<std::string_view> names;
  std::size_t types = 0;
  for_each_event_type([&](auto t) {
    names.insert(decltype(t)::type::type);
    ++types;
  });
  BOOST_TEST(names.size() == types);
}

// Records are compared as bytes by checksums and by the Merkle tree: these bytes stand for all that were ever written.
BOOST_AUTO_TEST_CASE(a_record_is_framed_as_it_always_was) {
  former_record const now;
  write_missing("record.v1.hex", encode_hex(now.bytes()));
  auto const stored = decode_hex(text_of("record.v1.hex").value_or(""));
  BOOST_TEST_REQUIRE((stored.has_value() && !stored->empty()));
  BOOST_TEST(encode_hex(now.bytes()) == encode_hex(*stored));

  auto const r = decode_record(100, *stored);
  BOOST_TEST(r.previous_crc == 0x89abcdefU);
  BOOST_TEST((r.head.tenant == now.head.tenant));
  BOOST_TEST(r.head.tenant_seq == 7U);
  BOOST_TEST((r.head.command_id == now.head.command_id));
  BOOST_TEST((r.head.at == now.head.at));
  BOOST_TEST((r.head.actor == now.head.actor));
  BOOST_TEST(r.head.request_id == "req-1");
  BOOST_TEST(r.head.cause == 41U);
  BOOST_TEST_REQUIRE(r.events.size() == 2U);
  BOOST_TEST(encode_data(r.events[0].what) == encode_data(now.made.what));
  BOOST_TEST(encode_data(r.events[1].what) == encode_data(now.changed.what));
}

// The words of the closed sets, as they were stored: each must be read for ever.
BOOST_AUTO_TEST_CASE(every_word_ever_stored_is_still_read) {
  auto const known = [](auto of, std::initializer_list<std::string_view> words) {
    for (auto const w : words) BOOST_TEST(json::enum_of<decltype(of)>(w).has_value(), w << " is gone");
  };
  known(role{}, {"Viewer", "Reporter", "Member", "Admin", "Owner"});
  known(credential{}, {"session", "api_key", "system"});
  known(category{}, {"todo", "in_progress", "done"});
  known(enforcement{}, {"none", "warn", "strict"});
  known(priority{}, {"Urgent", "High", "Medium", "Low", "None"});
  known(capitalization{}, {"Capex", "Opex"});
  known(phase{}, {"Preliminary", "AppDevelopment", "PostImplementation"});
  known(budget_span{}, {"Monthly", "Quarterly", "Annual", "Total"});
  known(entity{}, {"user", "session", "api_key", "org", "member", "invite", "workflow", "label", "project", "sprint",
                   "ticket", "comment", "webhook", "team"});
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace alloy::events
