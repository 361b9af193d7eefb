#include "events/export_file.hpp"

#include "core/base64.hpp"
#include "events/record.hpp"

#include <boost/test/unit_test.hpp>

namespace alloy::events {
namespace {

uuid some_id(std::uint8_t n) {
  uuid id;
  id.bytes[0] = n;
  return id;
}

uuid const log_id = some_id(1), org = some_id(2);

// A tenant's log of some records, and the file that is made of it.
struct exported {
  checkpoint_signer signer{crypto::ed25519_key::from_seed(std::string(32, 's')).value(), log_id};
  std::vector<std::string> lines;

  explicit exported(std::size_t count, uuid const& of = org) {
    std::uint32_t crc = 0;
    merkle::accumulator tree;
    std::vector<std::string> records;
    for (std::size_t n = 1; n <= count; ++n) {
      stored_record r{n * 3, 1,
                      frame_record(crc, 1, "{\"org_id\":\"" + to_string(of) + "\",\"n\":" + std::to_string(n) + "}")};
      record_frame frame;
      parse_record(r.bytes, frame);
      crc = frame.crc;
      tree.add(merkle::leaf_of(r.bytes));
      append_line(records.emplace_back(), n, r);
      records.back().pop_back();
    }
    export_header h;
    h.org_id = org;
    h.log = log_id;
    h.records = count;
    h.root = encode_base64(crypto::view_of(tree.root()));
    h.checkpoint = signer.sign(org, count, tree.root());
    h.verifier_key = signer.verifier_key();
    json::write(lines.emplace_back(), h);
    append_line(lines.emplace_back(), exported_person{some_id(9), "a@example.com", "A \"quoted\" name"});
    lines.back().pop_back();
    lines.insert(lines.end(), records.begin(), records.end());
    seal();
  }

  void seal() {
    export_seal end;
    for (auto const& line : lines) end.add(line + "\n");
    end.append_end(lines.emplace_back(), signer, org);
    lines.back().pop_back();
  }

  std::string fault() const { return fault(signer.verifier_key()); }
  std::string fault(std::string const& key) const {
    export_check check;
    for (auto const& line : lines)
      if (auto const added = check.add(line); !added) return added.error().detail;
    auto const done = check.finish(key);
    return done ? "" : done.error().detail;
  }
};

constexpr std::size_t first_record = 2; // line of it

} // namespace

BOOST_AUTO_TEST_SUITE(export_files)

BOOST_AUTO_TEST_CASE(a_whole_file_holds_with_and_without_a_key) {
  for (std::size_t const count : {1U, 2U, 3U, 255U, 256U, 257U}) {
    exported const e(count);
    BOOST_TEST(e.fault() == "");
    BOOST_TEST(e.fault("") == "");
  }
}

BOOST_AUTO_TEST_CASE(every_changed_byte_is_noticed) {
  exported const good(3);
  for (std::size_t line = 0; line < good.lines.size(); ++line)
    for (std::size_t at = 0; at < good.lines[line].size(); ++at) {
      auto changed = good;
      changed.lines[line][at] ^= 1;
      BOOST_TEST(changed.fault() != "", "line " << line << " byte " << at);
    }
  for (std::size_t size = 0; size < good.lines.size(); ++size) {
    auto cut = good;
    cut.lines.resize(size);
    BOOST_TEST(cut.fault() != "", size << " lines");
  }
}

BOOST_AUTO_TEST_CASE(one_removed_inserted_repeated_or_swapped_is_noticed) {
  exported const good(9);
  for (std::size_t line = first_record; line + 1 < good.lines.size(); ++line) {
    auto const at = static_cast<std::ptrdiff_t>(line);
    auto removed = good, repeated = good, swapped = good;
    removed.lines.erase(removed.lines.begin() + at);
    BOOST_TEST(removed.fault() != "", line);
    repeated.lines.insert(repeated.lines.begin() + at, good.lines[line]);
    BOOST_TEST(repeated.fault() != "", line);
    std::swap(swapped.lines[line], swapped.lines[line + 1]);
    BOOST_TEST(swapped.fault() != "", line);
  }
}

// Who has no key of the server can make a chain that holds, but not sign it.
BOOST_AUTO_TEST_CASE(a_history_that_was_made_anew_is_not_the_signed_one) {
  exported const good(4);
  exported other(5);
  other.lines[0] = good.lines[0];
  BOOST_TEST(other.fault().starts_with("the file ends with record 5"));
  exported const forged = [] {
    exported e(4);
    checkpoint_signer const forger(crypto::ed25519_key::from_seed(std::string(32, 'f')).value(), log_id);
    auto h = read_header(e.lines[0]).value();
    h.verifier_key = forger.verifier_key();
    h.checkpoint = forger.sign(org, 4, {});
    e.lines[0].clear();
    json::write(e.lines[0], h);
    return e;
  }();
  BOOST_TEST(forged.fault().starts_with("the checkpoint: it is not signed with this key"));
}

BOOST_AUTO_TEST_CASE(other_lines_are_refused_with_words) {
  exported none(1);
  none.lines.clear();
  BOOST_TEST(none.fault() == "the file is empty");
  exported two(1);
  two.lines.insert(two.lines.begin() + 1, two.lines[0]);
  BOOST_TEST(two.fault() == "there is a second header");
  exported headless(1);
  headless.lines.erase(headless.lines.begin());
  BOOST_TEST(headless.fault() == "the first line is no header of an export of Alloy");
  exported later(1);
  later.lines[0].replace(later.lines[0].find(":1,"), 3, ":2,");
  BOOST_TEST(later.fault().starts_with("this export has the form 2"));
  exported odd(1);
  odd.lines.insert(odd.lines.begin() + 1, "{\"seq\":x}");
  BOOST_TEST(odd.fault() == "a line is no record of an export");
  exported long_one(1);
  long_one.lines.push_back(long_one.lines[1]);
  BOOST_TEST(long_one.fault() == "there is a line behind the end");
  BOOST_TEST(exported(1, some_id(7)).fault() == "record 1 is not of this organization");
}

BOOST_AUTO_TEST_CASE(a_person_is_read_as_it_was_written) {
  auto const p = read_person(exported(1).lines[1]);
  BOOST_TEST_REQUIRE(p.has_value());
  BOOST_TEST((p->id == some_id(9)));
  BOOST_TEST(p->email == "a@example.com");
  BOOST_TEST(p->display_name == "A \"quoted\" name");
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace alloy::events
