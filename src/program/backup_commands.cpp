#include "program/backup_commands.hpp"

#include "core/json.hpp"
#include "core/local_rows.hpp"
#include "core/log.hpp"
#include "events/codec.hpp"
#include "program/progress.hpp"
#include "program/store_commands.hpp"
#include "program/webhook_parts.hpp"
#include "projections/fold.hpp"
#include "projections/history.hpp"
#include "projections/replay.hpp"
#include "webhooks/delivery_store.hpp"

#include <charconv>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>
#include <unistd.h>

namespace alloy {
namespace {

namespace fs = std::filesystem;
using storage::family;

constexpr std::size_t records_per_write = 256;
constexpr auto look_every = std::chrono::milliseconds(50);

struct backup_note {
  timestamp created_at;
  std::string alloy_version = ALLOY_VERSION;
  std::uint64_t head = 0;
};
BOOST_DESCRIBE_STRUCT(backup_note, (), (created_at, alloy_version, head))

struct backup_request {
  std::string folder;
};
BOOST_DESCRIBE_STRUCT(backup_request, (), (folder))
struct backup_result {
  std::string folder, why; // why not
  std::uint64_t head = 0;
};
BOOST_DESCRIBE_STRUCT(backup_result, (), (folder, why, head))

fs::path process_file(settings const& c) {
  return fs::path(c.data_dir) / "serve.pid";
}
fs::path request_file(settings const& c) {
  return fs::path(c.data_dir) / "backup.request";
}
fs::path result_file(settings const& c) {
  return fs::path(c.data_dir) / "backup.result";
}
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

// The server's process, if it is there.
pid_t serving(settings const& c) {
  auto const text = read_file(process_file(c));
  pid_t pid = 0;
  std::from_chars(text.data(), text.data() + text.size(), pid);
  return pid > 0 && ::kill(pid, 0) == 0 ? pid : 0;
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

int report(std::string const& folder, std::uint64_t head) {
  std::printf("backed up to %s: the log up to position %llu\n", folder.c_str(), static_cast<unsigned long long>(head));
  return 0;
}

int ask_server(settings const& config, pid_t server, std::string const& folder) {
  fs::remove(result_file(config));
  write_file(request_file(config), json::to_string(backup_request{folder}));
  if (::kill(server, SIGUSR1) != 0) throw std::runtime_error("the server cannot be asked; are you its user?");
  while (!fs::exists(result_file(config))) {
    if (serving(config) == 0) throw std::runtime_error("the server ended before it had made the backup");
    std::this_thread::sleep_for(look_every);
  }
  auto const result = json::stored<backup_result>(read_file(result_file(config)));
  fs::remove(result_file(config));
  if (!result.why.empty()) throw std::runtime_error(result.why);
  return report(folder, result.head);
}

// ------------------------------------------------------------------------------- restore

struct both_stores {
  storage::database& from;
  events::log const& old;
  storage::database& into;
  events::log& log;
};

// Records up to the position that end there or before: a command is there whole or not at all.
void copy_records(both_stores const& s, std::uint64_t until, projections::progress const& tell) {
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
      bool const keyed = s.old.find(decoded.head.command_id) == r.first;
      batch.push_back({decoded.head.tenant, decoded.head.tenant_seq, decoded.head.command_id, keyed, r.count, r.bytes});
      next = last + 1;
    }
    if (!batch.empty()) s.log.append(batch, txn);
    done += batch.size();
    tell(done, next - 1, until);
  }
}

// What the server keeps beside the log, as the table of local rows says.
void copy_local(both_stores const& s) {
  storage::transaction txn(s.into);
  copy_local_rows(s.from.latest(family::local), txn.of(family::local), &local_kind::by_backup);
  txn.keep_command();
  if (!txn.empty()) txn.commit(true);
}

std::uint64_t position_asked(events::log const& log, restore_point const& to) {
  if (to.position.empty() && to.time.empty()) return log.head();
  auto const at = projections::moment_of(log, to.position.empty() ? to.time : to.position);
  if (!at) throw std::runtime_error(at.error().faults.empty() ? at.error().detail : at.error().faults.front().detail);
  return at->position;
}

} // namespace

int create_backup(settings const& config, std::string const& folder) {
  auto const target = fs::absolute(folder).string();
  if (auto const server = serving(config)) return ask_server(config, server, target);
  make_folder(target);
  if (fs::exists(config.data_dir + "/webhooks"))
    webhooks::delivery_store(delivery_store_settings(config)).checkpoint(target + "/webhooks");
  storage::database const db(store_at(config, config.data_dir + "/store", false));
  db.checkpoint(target + "/store");
  return report(target, finish_backup(config, target));
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
  auto const until = position_asked(*old, to);
  fs::create_directories(config.data_dir);
  fs::permissions(config.data_dir, fs::perms::owner_all);
  write_file(held_file(config), "alloy webhooks release\n");
  fs::copy(folder + "/keys", config.data_dir + "/keys", fs::copy_options::recursive);
  storage::database into(store_at(config, config.data_dir + "/store", false));
  auto const log = events::open_rocksdb_log(into);
  both_stores const both{from, *old, into, *log};
  copy_records(both, until, progress_line("restore"));
  copy_local(both);
  if (fs::exists(folder + "/webhooks")) {
    fs::copy(folder + "/webhooks", config.data_dir + "/webhooks", fs::copy_options::recursive);
    webhooks::delivery_store(delivery_store_settings(config)).move_to(*log);
  }
  std::printf("restored to position %llu\nstate   %s\nwebhooks are held back: alloy webhooks release lets them go\n",
              static_cast<unsigned long long>(log->head()), hex(projections::digest_of(into)).c_str());
  return 0;
}

int release_webhooks(settings const& config) {
  std::puts(fs::remove(held_file(config)) ? "webhooks are sent again" : "webhooks were not held back");
  return 0;
}

void announce_process(settings const& config) {
  write_file(process_file(config), std::to_string(::getpid()) + "\n");
}

void withdraw_process(settings const& config) {
  std::error_code ignored;
  fs::remove(process_file(config), ignored);
}

void serve_backup_request(settings const& config, checkpoints const& make) {
  backup_result result;
  try {
    auto const asked = json::stored<backup_request>(read_file(request_file(config)));
    fs::remove(request_file(config));
    result.folder = asked.folder;
    make_folder(asked.folder);
    make(asked.folder);
    result.head = finish_backup(config, asked.folder);
    log::info("backed up", {{"folder", asked.folder}, {"log_head", result.head}});
  } catch (std::exception const& failed) {
    result.why = failed.what();
    log::error("no backup was made", {{"why", result.why}});
  }
  write_file(result_file(config), json::to_string(result));
}

} // namespace alloy
