#include "app/operator_commands.hpp"

#include "api/access/operators.hpp"
#include "api/access/security_log.hpp"
#include "app/doctor_commands.hpp"
#include "app/progress.hpp"
#include "app/store_commands.hpp"
#include "auth/signing_keys.hpp"
#include "core/identifier.hpp"
#include "core/log.hpp"
#include "projections/fold.hpp"
#include "projections/replay.hpp"

#include <filesystem>
#include <future>

namespace alloy {
namespace {

using storage::family;

constexpr std::string_view add_command = "operator.add", remove_command = "operator.remove",
                           list_command = "operator.list";

std::string name_of(auth::pii_store const& people, reader const& local, domain::user const& u) {
  auto const email = people.open(local, u.id, u.email_sealed);
  return to_string(u.id) + "  " + email.value_or(std::string(auth::former_user));
}

// Nobody is made an operator who has no way in: an erased user, or one that an import named.
result<domain::user> find_user(commands::head const& head, auth::pii_store const& people, std::string const& who) {
  auto id = parse_uuid(who);
  if (!id) id = people.find_by_email(head.local, known_address_rule::normal(who));
  auto const u = id ? domain::find<domain::user>(head.state, identity_tenant, *id) : std::nullopt;
  if (!u) return error(errc::not_found, "there is no user " + who + "; name an e-mail address or a user's id");
  return *u;
}

result<commands::plan> plan_change(commands::head const& head, auth::pii_store const& people, bool adds,
                                   std::string const& who) {
  auto const u = find_user(head, people, who);
  if (!u) return u.error();
  bool const is_one = api::is_operator(head.state, u->id);
  if (adds && u->password_hash.empty())
    return error(errc::wrong_state, to_string(u->id) + " cannot log in, and so cannot be an operator");
  commands::plan p;
  if (adds && !is_one) domain::record(p.events, identity_tenant, entity::user, u->id, events::operator_added{u->id});
  if (!adds && is_one) domain::record(p.events, identity_tenant, entity::user, u->id, events::operator_removed{u->id});
  std::string const what = adds ? (is_one ? " is an operator already" : " is an operator now")
                                : (is_one ? " is no operator any more" : " is no operator");
  p.render = [text = name_of(people, head.local, *u) + what](reader const&) {
    commands::answer a;
    a.body = text;
    return a;
  };
  return p;
}

// On a thread that may wait; never on the sequencer's. Only a server has a log to tell.
std::string change(commands::sequencer& sequencer, auth::pii_store const& people, bool adds, std::string const& who,
                   bool tells) {
  auto const answered = std::make_shared<std::promise<result<commands::answer>>>();
  auto const facts = std::make_shared<api::security_facts>();
  commands::command c;
  c.actor.credential = credential::system;
  c.request_id = to_string(new_uuid());
  c.decide = [&people, adds, who, facts](commands::head const& head, timestamp) {
    auto p = plan_change(head, people, adds, who);
    if (p) *facts = api::security_facts_of(*p);
    return p;
  };
  c.done = [answered](result<commands::answer> a) { answered->set_value(std::move(a)); };
  auto const request_id = c.request_id;
  sequencer.submit(std::move(c));
  auto done = answered->get_future().get();
  if (!done) throw control_refusal(done.error().detail);
  if (tells) api::log_security(*facts, {{}, "control socket", request_id});
  return done->body;
}

std::string listed(storage::database const& db, auth::pii_store const& people) {
  auto const& state = db.latest(family::state);
  std::vector<uuid> ids;
  auto const prefix = key(identity_tenant, table::operator_).str();
  state.scan(prefix, after_prefix(prefix), direction::ascending, [&](std::string_view k, std::string_view) {
    ids.push_back(uuid::from_view(k.substr(prefix.size())));
    return true;
  });
  std::string lines;
  for (auto const& id : ids)
    if (auto const u = domain::find<domain::user>(state, identity_tenant, id))
      lines += (lines.empty() ? "" : "\n") + name_of(people, db.latest(family::local), *u);
  return lines;
}

// The store of a server that does not run, with all that a command of its needs.
struct quiet_store {
  settings const& config;
  std::shared_ptr<auth::signing_keys const> keys;
  auth::pii_store people;
  storage::database db;
  std::unique_ptr<events::log> log;
  commands::idempotency_store answers;
  metrics::registry meters = {};
  commands::sequencer sequencer;

  explicit quiet_store(settings const& c)
      : config(c), keys(keys_of(c)), people(keys->sealing_key()), db(store_at(c, c.data_dir + "/store", false)),
        log(events::open_rocksdb_log(db, {static_cast<std::size_t>(c.record_max_bytes)})),
        answers(keys->sealing_key(), c.idempotency_ttl_seconds * 1000), sequencer(parts(), sizes()) {}

  static std::shared_ptr<auth::signing_keys const> keys_of(settings const& c) {
    if (!std::filesystem::exists(c.data_dir + "/store"))
      throw std::runtime_error(c.data_dir + " has no store; start the server once, or name its folder with --data-dir");
    auto loaded = auth::signing_keys::load(c.jwt_private_key, c.jwt_public_key, c.data_dir);
    if (!loaded) throw std::runtime_error(loaded.error().detail);
    return std::make_shared<auth::signing_keys const>(std::move(*loaded));
  }
  commands::sequencer_dependencies parts() {
    if (!projections::is_folded(db.latest(family::state), log->head()))
      projections::rebuild_state(*log, db, progress_line("fold"));
    index_addresses(db, people);
    return {db, *log, answers, meters, projections::fold, {}, {}, [](std::string const&) { std::_Exit(74); }, {}};
  }
  commands::sequencer_settings sizes() const {
    commands::sequencer_settings s;
    s.record_max_bytes = static_cast<std::size_t>(config.record_max_bytes);
    s.latest_time = projections::latest_time(db.latest(family::state));
    return s;
  }
};

int show(std::string const& text) {
  if (!text.empty()) std::puts(text.c_str());
  return 0;
}

int run(settings const& config, std::string_view command, std::string const& who) {
  std::vector<std::string> words;
  if (!who.empty()) words.push_back(who);
  if (auto const answered = ask_server(config.data_dir, {std::string(command), words}, {})) return show(*answered);
  quiet_store store(config);
  return show(command == list_command ? listed(store.db, store.people)
                                      : change(store.sequencer, store.people, command == add_command, who, false));
}

std::string const& only(std::vector<std::string> const& words) {
  if (words.size() != 1) throw control_refusal("name one user: an e-mail address or a user's id");
  return words.front();
}

} // namespace

int add_operator(settings const& config, std::string const& who) {
  return run(config, add_command, who);
}
int remove_operator(settings const& config, std::string const& who) {
  return run(config, remove_command, who);
}
int list_operators(settings const& config) {
  return run(config, list_command, {});
}

control_commands operator_commands(storage::database const& db, commands::sequencer& sequencer,
                                   auth::pii_store const& people) {
  control_commands all;
  all.emplace(add_command,
              [&](auto const& words, auto const&) { return change(sequencer, people, true, only(words), true); });
  all.emplace(remove_command,
              [&](auto const& words, auto const&) { return change(sequencer, people, false, only(words), true); });
  all.emplace(list_command, [&](auto const&, auto const&) { return listed(db, people); });
  return all;
}

void warn_of_operators(settings const& config) {
  if (!config.operators.empty())
    log::warn("the setting operators grants nothing any more; name operators with: alloy operator add");
}

} // namespace alloy
