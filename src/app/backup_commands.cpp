#include "app/backup_commands.hpp"

#include "app/progress.hpp"
#include "app/restored_records.hpp"
#include "app/store_commands.hpp"
#include "app/webhook_wiring.hpp"
#include "core/json.hpp"
#include "core/local_rows.hpp"
#include "core/log.hpp"
#include "events/codec.hpp"
#include "projections/fold.hpp"
#include "projections/history.hpp"
#include "projections/replay.hpp"
#include "webhooks/delivery_store.hpp"

#include <filesystem>
#include <fstream>
#include <sstream>

namespace alloy {
namespace {

namespace fs = std::filesystem;
using storage::family;

constexpr std::size_t records_per_write = 256;
char const* const create_command = "backup.create";

struct backup_note {
  timestamp created_at;
  std::string alloy_version = ALLOY_VERSION;
  std::uint64_t head = 0;
};
BOOST_DESCRIBE_STRUCT(backup_note, (), (created_at, alloy_version, head))

fs::path held_file(settings const& c) {
  return fs::path(c.data_dir) / "webhooks.held";
}

std::string read_file(fs::path const& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

// Whole or not at all.
void write_file(fs::path const& path, std::string const& text) {
  auto const beside = path.string() + ".new";
  {
    std::ofstream out(beside, std::ios::binary | std::ios::trunc);
    out << text;
    if (!out.flush()) throw std::runtime_error(beside + " cannot be written");
  }
  fs::rename(beside, path);
}

// Answers the head of what has been backed up.
std::uint64_t finish_backup(settings const& config, std::string const& folder) {
  storage::database copy(store_at(config, folder + "/store", true));
  auto const head = events::open_rocksdb_log(copy)->head();
  fs::copy(fs::path(config.data_dir) / "keys", fs::path(folder) / "keys", fs::copy_options::recursive);
  write_file(fs::path(folder) / "backup.json", json::to_string(backup_note{now(), ALLOY_VERSION, head}) + "\n");
  return head;
}

void make_folder(std::string const& folder) {
  if (fs::exists(folder)) throw std::runtime_error(folder + " is there already; name a folder that is not");
  fs::create_directories(folder);
  fs::permissions(folder, fs::perms::owner_all);
}

std::string report(std::string const& folder, std::uint64_t head) {
  return "backed up to " + folder + ": the log up to position " + std::to_string(head);
}

// ------------------------------------------------------------------------------- restore

struct both_stores {
  storage::database& from;
  events::log const& old;
  storage::database& into;
  events::log& log;
};

// Records up to the position that end there or before.
restored_records copy_records(both_stores const& s, std::uint64_t until, projections::progress const& tell) {
  restored_records seen;
  std::uint64_t next = 1, done = 0;
  for (bool more = true; more;) {
    storage::transaction txn(s.into);
    std::vector<events::new_record> batch;
    auto const stored = s.old.read(next, records_per_write);
    more = stored.size() == records_per_write;
    for (auto const& r : stored) {
      auto const last = r.first + r.count - 1;
      if (last > until) {
        more = false;
        break;
      }
      auto const decoded = events::decode_record(r.first, r.bytes);
      projections::fold(txn.of(family::state), decoded, r.bytes);
      txn.keep_command();
      seen.see(decoded);
      bool const keyed = s.old.find(decoded.head.command_id) == r.first;
      batch.push_back({decoded.head.tenant, decoded.head.tenant_seq, decoded.head.command_id, keyed, r.count, r.bytes});
      next = last + 1;
    }
    if (!batch.empty()) s.log.append(batch, txn);
    done += batch.size();
    tell(done, next - 1, until);
  }
  return seen;
}

// What the server keeps beside the log, as the table of local rows says.
void copy_local(both_stores const& s, restored_records const& seen) {
  storage::transaction txn(s.into);
  auto const& state = s.into.latest(family::state);
  auto const& before = s.from.latest(family::local);
  restore_local_rows(before, txn.of(family::local),
                     {state, s.log.head(), [&](uuid const& id) { return seen.has_invite(id); }});
  seen.put_imports(state, before, txn.of(family::local));
  txn.keep_command();
  if (!txn.empty()) txn.commit(true);
}

std::uint64_t position_asked(reader const& state, events::log const& log, restore_point const& to) {
  if (to.position.empty() && to.time.empty()) return log.head();
  auto const at = projections::resolve_as_of(state, log, to.position.empty() ? to.time : to.position);
  if (!at) throw std::runtime_error(at.error().faults.empty() ? at.error().detail : at.error().faults.front().detail);
  return at->position;
}

int say(std::string const& text) {
  return std::puts(text.c_str()) < 0 ? 1 : 0;
}

} // namespace

int create_backup(settings const& config, std::string const& folder) {
  auto const target = fs::absolute(folder).string();
  if (auto const done = ask_server(config.data_dir, {create_command, {target}}, {})) return say(*done);
  make_folder(target);
  if (fs::exists(config.data_dir + "/webhooks"))
    webhooks::delivery_store(delivery_store_settings(config)).checkpoint(target + "/webhooks");
  storage::database const db(store_at(config, config.data_dir + "/store", false));
  db.checkpoint(target + "/store");
  return say(report(target, finish_backup(config, target)));
}

int verify_backup(settings const& config, std::string const& folder) {
  auto const note = json::stored<backup_note>(read_file(fs::path(folder) / "backup.json"));
  std::printf("backup of %s, made by version %s, the log up to position %llu\n", to_string(note.created_at).c_str(),
              note.alloy_version.c_str(), static_cast<unsigned long long>(note.head));
  settings of = config;
  of.data_dir = folder;
  return verify_store(of, {});
}

int restore_backup(settings const& config, std::string const& folder, restore_point const& to) {
  if (fs::exists(config.data_dir + "/store"))
    throw std::runtime_error(config.data_dir + " has a store already; restore into a folder without one (--data-dir)");
  storage::database from(store_at(config, folder + "/store", true));
  auto const old = events::open_rocksdb_log(from);
  auto const asked = position_asked(from.latest(storage::family::state), *old, to);
  auto const until = whole_commands_until(*old, asked, static_cast<std::size_t>(config.command_max_bytes));
  fs::create_directories(config.data_dir);
  fs::permissions(config.data_dir, fs::perms::owner_all);
  write_file(held_file(config), "alloy webhooks release\n");
  fs::copy(folder + "/keys", config.data_dir + "/keys", fs::copy_options::recursive);
  storage::database into(store_at(config, config.data_dir + "/store", false));
  auto const log = events::open_rocksdb_log(into);
  both_stores const both{from, *old, into, *log};
  copy_local(both, copy_records(both, until, progress_line("restore")));
  if (fs::exists(folder + "/webhooks")) {
    fs::copy(folder + "/webhooks", config.data_dir + "/webhooks", fs::copy_options::recursive);
    webhooks::delivery_store(delivery_store_settings(config)).move_to(*log, into.latest(family::state));
  }
  if (until != asked)
    std::printf("position %llu is amid what one command wrote; nothing of it is restored\n",
                static_cast<unsigned long long>(asked));
  std::printf("restored to position %llu\nstate   %s\nwebhooks are held back: alloy webhooks release lets them go\n",
              static_cast<unsigned long long>(log->head()), hex(projections::digest_of(into)).c_str());
  return 0;
}

int release_webhooks(settings const& config) {
  std::puts(fs::remove(held_file(config)) ? "webhooks are sent again" : "webhooks were not held back");
  return 0;
}

control_commands backup_server_commands(settings const& config, checkpoints make) {
  control_commands all;
  all.emplace(create_command, [&config, make = std::move(make)](auto const& words, auto const&) {
    if (words.size() != 1) throw control_refusal("name one folder");
    auto const& folder = words.front();
    make_folder(folder);
    make(folder);
    auto const head = finish_backup(config, folder);
    log::info("backed up", {{"folder", folder}, {"log_head", head}});
    return report(folder, head);
  });
  return all;
}

} // namespace alloy
