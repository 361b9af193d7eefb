// The embedded log. Rows of family::log:
//   0x01 | position of the first event, u64be -> the record's bytes (record.hpp)
// Beside it, in family::local (core/local_rows.hpp), so that records alone fill the log's files, in order, and no file
// is ever merged with another: where the command of a client's key begins, and the log's identity.
#include "core/local_rows.hpp"
#include "events/head.hpp"
#include "events/log.hpp"
#include "events/record_validation.hpp"

namespace alloy::events {
namespace {

using storage::family;

// How many of the newest records a start reads whole. `alloy verify` reads all.
constexpr std::size_t checked_at_start = 1000;

constexpr char record_row = 1;

std::string record_key(position first) {
  std::string k(1, record_row);
  append_u64(k, first);
  return k;
}

std::string command_key(uuid const& id) {
  return local_key(local_row::used_key).add(id).str();
}

position position_of(std::string_view key) {
  return big_endian_u64(key.substr(1));
}

[[noreturn]] void damage(position at, char const* what) {
  throw corruption_error("the log is damaged at position " + std::to_string(at) + ": " + what);
}

stored_record to_record(std::string_view key, std::string_view value) {
  record_frame frame;
  auto const first = position_of(key);
  if (!parse_record(value, frame)) damage(first, "the checksum does not hold");
  if (frame.count == 0) damage(first, "a record without events");
  return {first, frame.count, std::string(value)};
}

class rocksdb_log final : public log {
 public:
  rocksdb_log(storage::database& db, log_settings s)
      : rows_(db.latest(family::log)), local_(db.latest(family::local)), settings_(s) {
    bell_.raise(check_newest());
    load_identity(db);
  }

  std::vector<appended> append(std::span<new_record const> records, storage::transaction& riding) override {
    std::vector<appended> answers;
    answers.reserve(records.size());
    auto& rows = riding.of(family::log);
    auto& commands = riding.of(family::local);
    position next = head() + 1;
    std::string place;
    for (auto const& r : records) {
      if (!admissible(r, settings_)) {
        answers.push_back({outcome::refused, 0});
        continue;
      }
      if (r.keyed) {
        auto const key = command_key(r.command_id);
        if (commands.get(key, place)) {
          answers.push_back({outcome::duplicate, big_endian_u64(place)});
          continue;
        }
        place.clear();
        append_u64(place, next);
        commands.put(key, place);
      }
      rows.put(record_key(next), r.bytes);
      answers.push_back({outcome::stored, next});
      next += r.count;
    }
    riding.keep_command();
    riding.commit(true);
    bell_.raise(next - 1);
    return answers;
  }

  std::vector<stored_record> read(position from, std::size_t records_max) const override {
    std::vector<stored_record> found;
    auto const last = head(); // what is committed behind it meanwhile is for the next call
    from = std::max<position>(from, 1);
    if (from > last || records_max == 0) return found;
    position next = holder_of(from, last);
    rows_.scan(record_key(next), record_key(last + 1), direction::ascending,
               [&](std::string_view key, std::string_view value) {
                 if (position_of(key) != next) damage(next, "a record is missing");
                 found.push_back(to_record(key, value));
                 next += found.back().count;
                 return found.size() < records_max;
               });
    if (found.size() < records_max && next != last + 1) damage(next, "a record is missing");
    return found;
  }

  position head() const noexcept override { return bell_.get(); }
  bool wait_for(position at, std::chrono::milliseconds wait) const override { return bell_.wait_for(at, wait); }
  uuid identity() const noexcept override { return identity_; }

  position find(uuid const& command_id) const override {
    std::string place;
    return local_.get(command_key(command_id), place) ? big_endian_u64(place) : 0;
  }

 private:
  // The first position of the record that holds `at`.
  position holder_of(position at, position last) const {
    std::string ignored;
    if (rows_.get(record_key(at), ignored)) return at;
    position first = 0, end = 0;
    rows_.scan(record_key(1), record_key(at), direction::descending, [&](std::string_view key, std::string_view value) {
      auto const r = to_record(key, value);
      first = r.first;
      end = r.first + r.count;
      return false;
    });
    if (end <= at || end > last + 1) damage(at, "no record holds it");
    return first;
  }

  // The head, from the newest records down; they must be whole and leave no gap.
  position check_newest() const {
    position newest = 0, expected_end = 0;
    std::size_t checked = 0;
    rows_.scan(record_key(0), std::string(1, record_row + 1), direction::descending,
               [&](std::string_view key, std::string_view value) {
                 auto const r = to_record(key, value);
                 auto const end = r.first + r.count - 1;
                 if (newest == 0)
                   newest = end;
                 else if (end != expected_end)
                   damage(std::min(end, expected_end) + 1, "a record is missing");
                 expected_end = r.first - 1;
                 return ++checked < checked_at_start;
               });
    if (checked < checked_at_start && expected_end != 0) damage(1, "a record is missing");
    return newest;
  }

  void load_identity(storage::database& db) {
    auto const key = local_key(local_row::log_identity).str();
    std::string stored;
    if (local_.get(key, stored)) {
      if (stored.size() != sizeof identity_.bytes) damage(0, "its identity is not 16 bytes");
      identity_ = uuid::from_view(stored);
      return;
    }
    if (head() != 0) damage(0, "it has no identity");
    identity_ = new_uuid();
    if (db.read_only()) return;
    storage::transaction first(db);
    first.of(family::local).put(key, identity_.view());
    first.keep_command();
    first.commit(true);
  }

  reader const& rows_;
  reader const& local_;
  log_settings const settings_;
  uuid identity_;
  log_head_signal bell_;
};

} // namespace

std::unique_ptr<log> open_rocksdb_log(storage::database& db, log_settings s) {
  return std::make_unique<rocksdb_log>(db, s);
}

} // namespace alloy::events
