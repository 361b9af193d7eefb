#include "commands/sequencer.hpp"

#include "core/exceptions.hpp"
#include "core/fault_point.hpp"
#include "core/log.hpp"
#include "events/ledger.hpp"

#include <algorithm>

namespace alloy::commands {

using events::new_record;
using events::record;
using storage::family;

namespace {

constexpr std::int64_t housekeeping_every_ms = 1000;
constexpr std::size_t swept_rows_max = 1000;
constexpr std::chrono::milliseconds pause_after_exception{1};
// What a command costs beyond the things that it names: one for so much of the writer's time, which all wait for, and
// for so many bytes, which all that follow the log read. A short time is none: it may be somebody else's.
constexpr std::chrono::microseconds time_unit{40}, time_least{1000};
constexpr std::size_t bytes_unit = 1024;
constexpr std::size_t events_per_record_max = 2000; // more are cut before they are encoded, not after

double seconds_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

std::size_t cost_of(std::chrono::steady_clock::duration took) {
  return took < time_least ? 0 : static_cast<std::size_t>(took / time_unit);
}

std::size_t cost_of(std::span<new_record const> records) {
  std::size_t bytes = 0;
  for (auto const& r : records) bytes += r.bytes.size();
  return bytes / bytes_unit;
}

} // namespace

sequencer::sequencer(sequencer_dependencies parts, sequencer_settings s)
    : parts_(std::move(parts)), settings_(s), queue_({s.queue_max, s.queue_per_org_max, s.batch_max, s.batch_cost_max}),
      last_at_(s.latest_time),
      batch_cost_(parts_.metrics.make_histogram(
          "alloy_sequencer_batch_cost", "Things that the commands which shared an fsync have changed, or tried to",
          metrics::size_bounds())) {
  constexpr auto refused = "alloy_sequencer_refused_total", words = "Commands that found the queue full, by whose part";
  refused_all_ = parts_.metrics.make_counter(refused, words, {{"by", "server"}});
  refused_payer_ = parts_.metrics.make_counter(refused, words, {{"by", "caller"}});
  payers_ = parts_.metrics.make_gauge("alloy_sequencer_payers", "Organizations and users that the queue knows");
  housekeep();
  thread_ = std::thread([this] { run(); });
}

sequencer::~sequencer() {
  stop();
}

void sequencer::stop() {
  {
    std::scoped_lock lock(guard_);
    stopping_ = true;
  }
  bell_.notify_all();
  if (thread_.joinable()) thread_.join();
}

std::size_t sequencer::waiting() const {
  std::scoped_lock lock(guard_);
  return queue_.size();
}

void sequencer::submit(command c, payer by) {
  auto admitted = turns::admission::taken;
  bool stopped = false, ring = false;
  {
    std::scoped_lock lock(guard_);
    ring = queue_.empty(); // it sleeps only over an empty queue
    stopped = stopping_;
    if (!stopped) admitted = queue_.put(c, std::move(by));
  }
  if (!stopped && admitted == turns::admission::taken) {
    if (ring) bell_.notify_one();
    return;
  }
  bool const own = admitted == turns::admission::payer_full;
  auto e = stopped ? error(errc::shutting_down, "the server is stopping")
           : own   ? error(errc::rate_limited, "too many writes of this organization or user wait already")
                   : error(errc::overloaded, "too many writes wait already");
  if (!stopped) (own ? refused_payer_ : refused_all_).add();
  e.retry_after_s = 1;
  c.done(std::move(e));
}

// What waits goes on waiting where there is no memory for a batch.
void sequencer::run() {
  std::vector<turn_ptr> batch;
  // False where nothing waits and nothing will come.
  auto const take = [&] {
    std::unique_lock lock(guard_);
    bell_.wait_for(lock, std::chrono::milliseconds(housekeeping_every_ms),
                   [&] { return stopping_ || !queue_.empty(); });
    if (queue_.empty() && stopping_) return false;
    fault_points::pass("sequencer.take");
    queue_.take(batch);
    parts_.metrics.sequencer_queue.set(static_cast<double>(queue_.size()));
    payers_.set(static_cast<double>(queue_.payers()));
    return true;
  };
  for (bool goes_on = true; goes_on;) {
    if (!contained(thrown_at::sequencer, [&] { goes_on = take(); })) {
      std::this_thread::sleep_for(pause_after_exception);
      continue;
    }
    try {
      if (!goes_on) last_housekeeping_ = {};
      housekeep();
      if (!batch.empty()) run_batch(batch);
    } catch (...) {
      // Nobody in this batch is answered: what became of it is unknown until the log is read again.
      std::string why;
      contained(thrown_at::sequencer, [&, thrown = std::current_exception()] { why = what_of(thrown); });
      log::error("the log cannot be written; stopping", {{"why", why}});
      parts_.on_failure(why);
      return;
    }
    contained(thrown_at::sequencer, [&] { batch.clear(); });
  }
}

// What the commands of a batch have made so far.
struct sequencer::open_batch {
  storage::transaction txn;
  std::vector<new_record> out = {};
  std::vector<record> records = {};
  std::uint64_t next_position;
};

// What all records of one command have in common.
struct sequencer::origin {
  command const& asked;
  events::actor actor;
  timestamp at;
  std::uint64_t cause;          // of the command's first record
  std::uint64_t first_position; // of the command
  std::size_t first_record;     // in the batch
};

// The rest of a batch that has cost enough, which was not known before: those have their turn with the next one. Where
// there is no memory for that, with this one.
void sequencer::give_back(std::vector<turn_ptr>& all, std::size_t from) {
  contained(thrown_at::sequencer, [&] {
    std::scoped_lock lock(guard_);
    while (all.size() > from) {
      queue_.put_back(std::move(all.back()));
      all.pop_back();
    }
  });
}

void sequencer::settle(std::vector<turn_ptr> const& all) {
  contained(thrown_at::sequencer, [&] {
    std::scoped_lock lock(guard_);
    for (auto const& t : all) queue_.charge(*t);
    queue_.settle();
  });
}

void sequencer::run_batch(std::vector<turn_ptr>& all) {
  auto const begin = std::chrono::steady_clock::now();
  point("before_batch");
  fault_points::pass("sequencer.batch");
  open_batch into{storage::transaction(parts_.db), {}, {}, parts_.log.head() + 1};
  std::vector<result<answer>> answers;
  answers.reserve(all.size());
  std::size_t cost = 0;
  while (answers.size() < all.size()) {
    auto& t = *all[answers.size()];
    auto const begun = std::chrono::steady_clock::now();
    answers.push_back(run_one(t, into));
    t.spent = std::max(t.spent, cost_of(std::chrono::steady_clock::now() - begun));
    cost += t.spent;
    if (cost >= settings_.batch_cost_max && answers.size() < all.size()) give_back(all, answers.size());
  }

  auto const& records = into.records;
  if (!into.out.empty()) {
    auto const synced = std::chrono::steady_clock::now();
    for (auto const& done : parts_.log.append(into.out, into.txn))
      if (done.what != events::outcome::stored) throw std::logic_error("the log did not store what it was given");
    parts_.metrics.fsync_seconds.observe(seconds_since(synced));
    parts_.metrics.events_appended.add(
        static_cast<double>(into.next_position - records.front().events.front().position));
  } else if (!into.txn.empty()) {
    into.txn.commit(true); // what this server keeps beside the log
  }
  point("after_batch");
  parts_.metrics.batch_commands.observe(static_cast<double>(all.size()));
  batch_cost_.observe(static_cast<double>(cost));
  settle(all);
  if (!records.empty() && parts_.on_committed) parts_.on_committed(records);
  // It is written: one that cannot be told so gets 500, which says that it is unknown, and the others their answers.
  for (std::size_t i = 0; i < all.size(); ++i)
    contained(thrown_at::sequencer, [&] {
      fault_points::pass("sequencer.done");
      all[i]->what.done(std::move(answers[i]));
    });
  parts_.metrics.append_seconds.observe(seconds_since(begin));
}

result<answer> sequencer::run_one(turn& t, open_batch& into) {
  auto& c = t.what;
  t.spent = t.by.cost;
  std::size_t const kept_records = into.records.size();
  std::uint64_t const kept_position = into.next_position;
  auto const undo = [&] {
    into.txn.drop_command();
    into.out.resize(kept_records);
    into.records.resize(kept_records);
    into.next_position = kept_position;
  };
  try {
    // The log's times never run backwards, whatever the machine's clock does.
    timestamp const at = std::max(now(), last_at_);
    last_at_ = at;
    head const h{into.txn.of(family::state), into.txn.of(family::local)};
    if (c.key)
      if (auto kept = parts_.answers.find(into.txn.of(family::local), *c.key, at)) {
        if (c.admit)
          if (auto may = c.admit(h, at, *kept ? &**kept : nullptr); !may) return may.error();
        return std::move(*kept);
      }
    fault_points::pass("sequencer.decide");
    auto decided = c.decide(h, at);
    result<answer> done = decided ? apply(c, *decided, at, into) : result<answer>(decided.error());
    t.spent = std::max<std::size_t>(
        {t.spent, into.next_position - kept_position, cost_of(std::span(into.out).subspan(kept_records))});
    for (auto const& r : std::span(into.records).subspan(kept_records))
      if (r.head.tenant != identity_tenant) t.wrote = r.head.tenant;
    if (!done || c.dry_run)
      undo();
    else
      into.txn.keep_command();
    return done;
  } catch (storage::read_failed const&) {
    throw;
  } catch (...) {
    undo();
    note_exception(thrown_at::sequencer, std::current_exception(), c.request_id);
    return error(errc::internal, "the command was not carried out");
  }
}

result<answer> sequencer::apply(command& c, plan& p, timestamp at, open_batch& into) {
  if ((!p.events.empty() || !p.records.empty() || p.keeps_rows) && !writable())
    return error(errc::insufficient_storage, "free disk space is below the mark; reads go on");
  view& state = into.txn.of(family::state);
  origin const from{c, p.actor.value_or(c.actor), at, p.cause, into.next_position, into.records.size()};
  if (auto appended = append_stored(p.records, into); !appended) return appended.error();
  if (p.then)
    if (auto decided = p.then(state, p.events); !decided) return decided.error();
  // No record spans two tenants: events of a further tenant make a further record.
  std::vector<uuid> tenants;
  for (auto const& e : p.events)
    if (std::find(tenants.begin(), tenants.end(), e.tenant) == tenants.end()) tenants.push_back(e.tenant);
  for (auto const& tenant : tenants) {
    std::vector<events::draft const*> drafts;
    for (auto const& e : p.events)
      if (e.tenant == tenant) drafts.push_back(&e);
    if (auto appended = append(from, drafts, into); !appended) return appended.error();
  }
  std::size_t bytes = 0;
  for (std::size_t i = from.first_record; i < into.out.size(); ++i) bytes += into.out[i].bytes.size();
  if (bytes > settings_.command_max_bytes)
    return error(errc::body_too_large,
                 "this would make more than " + std::to_string(settings_.command_max_bytes) + " bytes of events");
  answer a = p.render(state);
  a.position = into.next_position == from.first_position ? 0 : into.next_position - 1;
  for (auto const& tenant : tenants)
    if (tenant != identity_tenant) a.tenants.push_back(tenant);
  a.least = p.least;
  if (c.dry_run) a.events = events::public_list(p.events);
  if (c.key && !c.dry_run && a.position != 0 && !a.refused)
    parts_.answers.keep(into.txn.of(family::local), *c.key, a, at);
  return a;
}

// One record, or several where one would be too large; every one but the command's first is caused by that.
result<> sequencer::append(origin const& from, drafts_view drafts, open_batch& into) {
  if (drafts.size() > events_per_record_max) return append_split(from, drafts, into);
  view& state = into.txn.of(family::state);
  uuid const tenant = drafts.front()->tenant;
  auto const chain = events::head_of(state, tenant);
  bool const first = into.records.size() == from.first_record;
  record r;
  r.head = {tenant,
            chain.seq + 1,
            new_uuid(),
            from.at,
            from.actor,
            from.asked.request_id,
            first ? from.cause : from.first_position};
  // A key whose answer has had its time may be used again; its old command_id stays that of the old record.
  auto const& key = from.asked.key;
  bool const keyed = key && first && parts_.log.find(key->command_id) == 0;
  if (keyed) r.head.command_id = key->command_id;
  r.previous_crc = chain.crc;
  std::vector<events::encoded_event> encoded;
  for (auto const* d : drafts) {
    events::stored_event e;
    static_cast<events::envelope&>(e) = {into.next_position + encoded.size(),
                                         new_uuid(),
                                         tenant,
                                         d->subject,
                                         from.at,
                                         r.head.actor,
                                         r.head.request_id,
                                         r.head.cause,
                                         events::continues(r.events, d->subject)};
    e.what = d->what;
    encoded.push_back({e.id, d});
    r.events.push_back(std::move(e));
  }
  new_record n;
  n.bytes = events::encode_record(r.head, encoded, r.previous_crc);
  if (n.bytes.size() > settings_.record_max_bytes) return append_split(from, drafts, into);
  n.tenant = tenant;
  n.tenant_seq = r.head.tenant_seq;
  n.command_id = r.head.command_id;
  n.keyed = keyed;
  n.count = static_cast<std::uint32_t>(encoded.size());
  events::record_frame frame;
  events::parse_record(n.bytes, frame);
  r.crc = frame.crc;
  parts_.fold(state, r, n.bytes);
  into.next_position += n.count;
  into.out.push_back(std::move(n));
  into.records.push_back(std::move(r));
  return {};
}

// Their bytes stay, so they keep their leaves; what they cannot be folded into is refused. Nothing that stands in them
// gets into an answer or a log line.
result<> sequencer::append_stored(std::span<std::string const> records, open_batch& into) {
  view& state = into.txn.of(family::state);
  for (auto const& bytes : records) {
    try {
      auto r = events::decode_record(into.next_position, bytes);
      auto const chain = events::head_of(state, r.head.tenant);
      if (r.head.tenant_seq != chain.seq + 1 || r.previous_crc != chain.crc)
        return error(errc::wrong_state, "record " + std::to_string(r.head.tenant_seq) +
                                            " does not follow the last one here, which is record " +
                                            std::to_string(chain.seq));
      if (bytes.size() > settings_.record_max_bytes)
        return error(errc::body_too_large, "a record is larger than record_max_bytes of this server");
      parts_.fold(state, r, bytes);
      auto const count = static_cast<std::uint32_t>(r.events.size());
      last_at_ = std::max(last_at_, r.head.at); // another server's clock may be a little ahead
      into.out.push_back({r.head.tenant, r.head.tenant_seq, r.head.command_id, false, count, bytes});
      into.records.push_back(std::move(r));
      into.next_position += count;
    } catch (storage::read_failed const&) {
      throw;
    } catch (std::exception const&) {
      return error(errc::validation_failed, "a record cannot be folded into what is before it");
    }
  }
  return {};
}

// Cut where the subject changes, so that a thing that the command touches still has one new version; a thing that takes
// more than a record by itself has a version for each.
result<> sequencer::append_split(origin const& from, drafts_view drafts, open_batch& into) {
  std::size_t cut = drafts.size() / 2;
  while (cut > 0 && drafts[cut]->subject == drafts[cut - 1]->subject) --cut;
  if (cut == 0) cut = drafts.size() / 2;
  if (cut == 0)
    return error(errc::body_too_large,
                 "this would make a record larger than " + std::to_string(settings_.record_max_bytes) + " bytes");
  if (auto left = append(from, drafts.first(cut), into); !left) return left;
  return append(from, drafts.subspan(cut), into);
}

void sequencer::housekeep() {
  timestamp const at = now();
  if (at.ms < last_housekeeping_.ms + housekeeping_every_ms) return;
  last_housekeeping_ = at;
  bool const enough = parts_.db.free_bytes() >= settings_.free_space_min_bytes;
  if (enough != writable_.exchange(enough))
    log::warn(enough ? "there is disk space again; writes go on"
                     : "free disk space is below the mark; writes are refused",
              {{"free_bytes", parts_.db.free_bytes()}});
  storage::transaction txn(parts_.db);
  try { // until it is committed nothing has happened, so that what is thrown costs a second's rows at most
    fault_points::pass("sequencer.idle");
    parts_.answers.sweep(txn.of(family::local), at, swept_rows_max);
    if (parts_.on_idle) parts_.on_idle(txn.of(family::local));
    txn.keep_command();
  } catch (storage::read_failed const&) {
    throw;
  } catch (...) {
    return note_exception(thrown_at::sequencer);
  }
  if (!txn.empty()) txn.commit(false);
}

} // namespace alloy::commands
