#include "tests/durability/workload.hpp"

#include "core/key.hpp"
#include "events/record.hpp"

#include <set>
#include <stdexcept>

namespace alloy::tests {
namespace {

using events::outcome;
using events::stored_record;
using storage::family;

constexpr std::uint64_t objects = 40;
constexpr char const* idle_key = "idle";
constexpr char const* answer_prefix = "answer to ";

std::uint64_t roll(std::mt19937_64& rng, std::uint64_t below) {
  return std::uniform_int_distribution<std::uint64_t>(0, below - 1)(rng);
}

uuid id_of(std::string_view bytes) {
  return uuid::from_view(bytes.substr(events::record_header_bytes, 16));
}

std::string answer_key(uuid const& id) {
  return std::string(answer_prefix).append(id.view());
}

std::string numbered(char kind, std::uint64_t n) {
  std::string k(1, kind);
  append_u64(k, n);
  return k;
}

// What a record does to the state: one object is written or removed, a history row added, a counter raised.
void fold(view& state, stored_record const& r) {
  auto const id = id_of(r.bytes);
  std::uint64_t const object = id.bytes[15] % objects;
  if (id.bytes[14] % 8 == 0)
    state.erase(numbered('o', object));
  else
    state.put(numbered('o', object), r.bytes);
  state.put(numbered('h', r.first), id.view());
  std::string counter;
  std::uint64_t const events = state.get("n", counter) ? big_endian_u64(counter) : 0;
  counter.clear();
  append_u64(counter, events + r.count);
  state.put("n", counter);
}

std::map<std::string, std::string> rows_of(reader const& rows) {
  std::map<std::string, std::string> all;
  rows.scan({}, {}, direction::ascending,
            [&](std::string_view k, std::string_view v) { return all.emplace(k, v).second; });
  return all;
}

// A view for folding again what the log holds.
class folded : public view {
 public:
  std::map<std::string, std::string> rows;
  bool get(std::string_view key, std::string& value) const override {
    auto const it = rows.find(std::string(key));
    if (it == rows.end()) return false;
    value = it->second;
    return true;
  }
  void scan(std::string_view, std::string_view, direction, row_visitor) const override {
    throw std::logic_error("fold() scans nothing");
  }
  void put(std::string_view key, std::string_view value) override {
    rows.insert_or_assign(std::string(key), std::string(value));
  }
  void erase(std::string_view key) override { rows.erase(std::string(key)); }
};

void need(bool holds, std::string const& what) {
  if (!holds) throw std::logic_error(what);
}

std::vector<stored_record> read_all(events::log& log) {
  std::vector<stored_record> all;
  for (events::position next = 1;;) {
    auto const page = log.read(next, 7);
    if (page.empty()) return all;
    for (auto const& r : page) {
      need(r.first == next, "positions are not dense at " + std::to_string(next));
      next += r.count;
      all.push_back(r);
    }
  }
}

} // namespace

storage::settings small_store(faulty_filesystem& disk) {
  storage::settings s;
  s.path = store_folder;
  s.block_cache_bytes = 256u << 10;
  s.write_buffer_bytes = 64u << 10;
  s.wal_max_bytes = 96u << 10;
  s.environment = disk.environment();
  return s;
}

std::vector<command> workload::make_batch() {
  std::vector<command> batch(1 + roll(rng_, 6));
  for (auto& c : batch) {
    c.id = new_uuid();
    for (auto& byte : c.id.bytes) byte = static_cast<std::uint8_t>(roll(rng_, 256));
    c.count = static_cast<std::uint32_t>(1 + roll(rng_, 3));
    std::string body(c.id.view());
    body += std::to_string(++made_);
    body.append(roll(rng_, 1500), static_cast<char>('a' + roll(rng_, 26)));
    c.bytes = events::frame_record(0, static_cast<std::uint16_t>(c.count), body);
  }
  return batch;
}

void workload::commit(storage::database& db, events::log& log, std::vector<command> const& batch) {
  if (roll(rng_, 4) == 0) { // what may be lost, as a server writes it while idle
    storage::transaction idle(db);
    idle.of(family::local).put(idle_key, std::string(roll(rng_, 900), 'i'));
    idle.keep_command();
    idle.commit(false);
  }
  in_doubt_ = batch;
  storage::transaction writing(db);
  std::vector<events::new_record> records;
  events::position next = log.head() + 1;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    auto const& c = batch[i];
    records.push_back({identity_tenant, made_ + i, c.id, true, c.count, c.bytes});
    fold(writing.of(family::state), {next, c.count, c.bytes});
    writing.of(family::local).put(answer_key(c.id), "answer");
    writing.keep_command();
    next += c.count;
  }
  for (auto const& a : log.append(records, writing)) need(a.what == outcome::stored, "a record was not stored");
  acknowledged_.insert(acknowledged_.end(), batch.begin(), batch.end());
  in_doubt_.clear();
}

void workload::check(storage::database& db, events::log& log) {
  auto const found = read_all(log);
  need(found.size() >= acknowledged_.size(), "acknowledged records are lost: " + std::to_string(found.size()) + " of " +
                                                 std::to_string(acknowledged_.size()) + " are there");
  auto expected = acknowledged_;
  if (found.size() > acknowledged_.size()) {
    expected.insert(expected.end(), in_doubt_.begin(), in_doubt_.end());
    need(found.size() == expected.size(), "a batch is there in part");
    ++found_in_doubt_;
  }
  folded again;
  std::set<uuid> seen;
  auto answers = rows_of(db.latest(family::local));
  for (std::size_t i = 0; i < found.size(); ++i) {
    need(found[i].bytes == expected[i].bytes, "record " + std::to_string(i) + " is another one");
    auto const id = id_of(found[i].bytes);
    need(seen.insert(id).second, "a record is there twice");
    need(log.find(id) == found[i].first, "a command is not found at its position");
    need(answers.erase(answer_key(id)) == 1, "an answer is missing");
    fold(again, found[i]);
  }
  std::erase_if(answers, [](auto const& row) { return !row.first.starts_with(answer_prefix); });
  need(answers.empty(), "there are answers without records");
  need(again.rows == rows_of(db.latest(family::state)), "the state is not the fold of the log");
  if (found.size() > acknowledged_.size()) {
    acknowledged_ = std::move(expected);
    in_doubt_.clear();
  }
}

void workload::retry(storage::database& db, events::log& log) {
  if (!in_doubt_.empty()) commit(db, log, std::vector<command>(in_doubt_));
}

std::map<std::string, std::string> all_rows(storage::database& db) {
  std::map<std::string, std::string> all;
  for (auto const f : {family::state, family::log, family::local})
    for (auto& [key, value] : rows_of(db.latest(f))) all.emplace(std::to_string(static_cast<int>(f)) + key, value);
  return all;
}

} // namespace alloy::tests
