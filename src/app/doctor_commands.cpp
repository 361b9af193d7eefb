#include "app/doctor_commands.hpp"

#include "app/name_twins.hpp"
#include "app/progress.hpp"
#include "app/store_commands.hpp"
#include "auth/address_index.hpp"
#include "auth/signing_keys.hpp"
#include "core/log.hpp"
#include "projections/fold.hpp"
#include "projections/replay.hpp"

#include <cstdio>
#include <filesystem>

namespace alloy {
namespace {

using storage::family;

constexpr std::string_view names_command = "doctor.names";

std::string twins_in(storage::database const& db, auth::pii_store const& people) {
  auto const state = db.snapshot(family::state), local = db.snapshot(family::local);
  return twin_lines(find_twins(*state, *local, people));
}

// Of a server that does not run.
std::string twins_at_rest(settings const& config) {
  auto const path = config.data_dir + "/store";
  if (!std::filesystem::exists(path))
    throw std::runtime_error(config.data_dir + " has no store; name its folder with --data-dir");
  auto const keys = auth::signing_keys::load(config.jwt_private_key, config.jwt_public_key, config.data_dir);
  if (!keys) throw std::runtime_error(keys.error().detail);
  auth::pii_store const people(keys->sealing_key());
  storage::database db(store_at(config, path, false));
  auto const log = events::open_rocksdb_log(db);
  if (!projections::is_folded(db.latest(family::state), log->head()))
    projections::rebuild_state(*log, db, progress_line("fold"));
  return twins_in(db, people);
}

} // namespace

int look_for_twins(settings const& config) {
  auto const answered = ask_server(config.data_dir, {std::string(names_command), {}}, {});
  auto const lines = answered ? *answered : twins_at_rest(config);
  std::puts(lines.empty() ? "all names can be told apart" : lines.c_str());
  return lines.empty() ? 0 : 1;
}

control_commands doctor_commands(storage::database const& db, auth::pii_store const& people) {
  control_commands all;
  all.emplace(names_command, [&](auto const&, auto const&) { return twins_in(db, people); });
  return all;
}

void index_addresses(storage::database& db, auth::pii_store const& people) {
  storage::transaction txn(db);
  try {
    auto const shared = auth::index_addresses(people, db.latest(family::state), txn.of(family::local));
    if (!shared) return;
    txn.keep_command();
    txn.commit(true);
    for (auto const& one : *shared)
      for (std::size_t i = 1; i < one.users.size(); ++i)
        log::warn("two accounts have an e-mail address that is the same; the older one keeps it, the other one logs in "
                  "with the address as it was registered",
                  {{"older", to_string(one.users.front())}, {"other", to_string(one.users[i])}});
  } catch (std::runtime_error const& failed) { // another server's key: nobody's address can be opened with it
    log::error("the index of e-mail addresses was not made anew", {{"why", failed.what()}});
  }
}

} // namespace alloy
