// What the capitalization report over one month costs, in a store with ten months of entries and in one with that month
// alone: cost should grow with the period, not with the history. Entries are folded event by event, as a server would.
//   report_figures --directory DIR [--in-period 100000] [--months 10] [--rounds 15]
// Prints a JSON line for each store and one for their ratio; then what the burndown of a sprint of 30 days takes, with
// 500 tickets and 5,000 events. DIR/one, DIR/all and DIR/sprint are made and removed.
#include "../flags.hpp"
#include "domain/orgs.hpp"
#include "projections/burndown.hpp"
#include "projections/fold.hpp"
#include "reports/capitalization.hpp"
#include "storage/database.hpp"

#include <algorithm>
#include <cstdio>
#include <filesystem>

namespace alloy::bench {
namespace {

using storage::family;

uuid id_of(std::uint8_t kind, std::uint32_t n) {
  uuid id;
  id.bytes[0] = kind;
  for (int i = 0; i < 4; ++i) id.bytes[static_cast<std::size_t>(12 + i)] = static_cast<std::uint8_t>(n >> (24 - 8 * i));
  return id;
}

uuid const org = id_of(1, 0);
constexpr std::uint32_t users = 50, projects = 40, teams = 8;

// Folds events into a store, many a commit.
class folder {
 public:
  explicit folder(storage::database& db) : txn_(db) {}
  ~folder() { txn_.commit(false); }

  void fold(entity kind, uuid const& id, events::event what) {
    events::draft const d{org, {kind, id}, std::move(what)};
    events::encoded_event const one{new_uuid(), &d};
    auto const bytes =
        events::encode_record({org, position_, new_uuid(), {1'775'035'800'000}, {}, "r", 0}, {&one, 1}, 0);
    projections::fold(txn_.of(family::state), events::decode_record(position_, bytes), bytes);
    ++position_;
    txn_.keep_command();
    if (txn_.bytes() > (4u << 20)) txn_.commit(false);
  }

 private:
  storage::transaction txn_;
  std::uint64_t position_ = 1;
};

void found(folder& f) {
  f.fold(entity::org, org, events::org_created{"Acme", "acme", "UTC", "USD"});
  for (std::uint32_t n = 0; n < users; ++n)
    f.fold(entity::labor_rate, id_of(6, n), events::labor_rate_set{id_of(2, n), 5000 + n, make_date(2020, 1, 1), {}});
  for (std::uint32_t n = 0; n < teams; ++n)
    f.fold(entity::team, id_of(4, n), events::team_created{"Team " + std::to_string(n), {}});
  for (std::uint32_t n = 0; n < projects; ++n) {
    events::project_created p;
    p.key = "P" + std::to_string(n);
    p.name = "Project " + std::to_string(n);
    p.capitalization_type = n % 3 ? capitalization::Capex : capitalization::Opex;
    f.fold(entity::project, id_of(3, n), p);
  }
}

void work(folder& f, unsigned month, std::uint32_t entries) {
  for (std::uint32_t n = 0; n < entries; ++n) {
    events::time_entry_logged e;
    e.user_id = id_of(2, n % users);
    e.project_id = id_of(3, n * 7 % projects);
    e.ticket_id = id_of(5, n % 5000);
    e.team_id = id_of(4, n % teams);
    e.date = make_date(2026, month, 1 + n % 28);
    e.minutes = 1 + n % 60;
    e.capitalization_type = n * 7 % projects % 3 ? capitalization::Capex : capitalization::Opex;
    auto const id = new_uuid();
    f.fold(entity::time_entry, id, e);
    f.fold(entity::time_entry, id, events::time_entry_submitted{});
    f.fold(entity::time_entry, id, events::time_entry_approved{});
  }
}

double median_ms(storage::database const& db, std::uint64_t rounds) {
  std::vector<double> took;
  for (std::uint64_t n = 0; n < rounds; ++n) {
    auto const begin = std::chrono::steady_clock::now();
    auto const rows = db.snapshot(family::state);
    projections::cost_calculation books(*rows, nullptr, org, {}, {});
    auto const report =
        projections::capitalize(books, *projections::parse_period("2026-06"), projections::report_group::team,
                                projections::rule_set::asc350, [&](projections::reckoned const& e) {
                                  auto const t = domain::find<domain::team>(*rows, org, *e.row.team_id);
                                  return projections::group_name{to_string(t->id), t->name};
                                });
    if (report.groups.size() != teams) throw std::runtime_error("the report has not all teams");
    took.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count());
  }
  std::sort(took.begin(), took.end());
  return took[took.size() / 2];
}

// Chart and document, as they are answered.
void measure_burndown(std::string const& path, std::uint64_t rounds) {
  constexpr std::uint32_t tickets = 500, events = 5'000;
  std::filesystem::remove_all(path);
  storage::settings at;
  at.path = path;
  at.rebuildable = true;
  {
    storage::database db(at);
    std::uint64_t position = 0;
    {
      storage::transaction txn(db);
      for (std::uint32_t n = 0; n < events; ++n) {
        domain::ticket before, after;
        before.id = after.id = id_of(5, n % tickets);
        after.sprint_id = id_of(7, 0);
        after.estimate_points = points{(n % 8) * 100};
        after.category = n / tickets % 2 ? category::done : category::todo;
        after.status = "S" + std::to_string(n);
        after.reference = "PIER-" + std::to_string(n % tickets);
        if (n >= tickets) before.sprint_id = after.sprint_id;
        events::stored_event e;
        e.position = ++position;
        e.tenant = org;
        e.at.ms = 1'775'035'800'000 + static_cast<std::int64_t>(n) * 30 * 86'400'000 / events;
        e.what = events::ticket_status_changed{};
        projections::index_sprint_change(txn.of(family::state), e, before, after);
        txn.keep_command();
      }
      txn.commit(false);
    }
    std::vector<double> took;
    for (std::uint64_t n = 0; n < rounds; ++n) {
      auto const begin = std::chrono::steady_clock::now();
      auto const rows = db.snapshot(family::state);
      auto const changes = projections::read_sprint_changes(*rows, org, id_of(7, 0), position);
      auto const b = projections::draw_burndown({id_of(7, 0),
                                                 make_date(2026, 4, 1),
                                                 make_date(2026, 4, 30),
                                                 "Europe/Berlin",
                                                 default_working_days,
                                                 500,
                                                 {1'777'700'000'000}},
                                                changes, projections::chart_unit::tickets);
      if (json::to_string(b).size() < events * 100 || changes.size() != events)
        throw std::runtime_error("the chart is not whole");
      took.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count());
    }
    std::sort(took.begin(), took.end());
    std::printf("{\"burndown_days\":30,\"tickets\":%u,\"events\":%u,\"burndown_ms\":%.2f,\"limit_ms\":5}\n", tickets,
                events, took[took.size() / 2]);
  }
  std::filesystem::remove_all(path);
}

double measure(std::string const& path, std::vector<unsigned> const& months, std::uint32_t entries,
               std::uint64_t rounds) {
  std::filesystem::remove_all(path);
  storage::settings at;
  at.path = path;
  at.rebuildable = true;
  double ms = 0;
  {
    storage::database db(at);
    {
      folder f(db);
      found(f);
      for (auto const month : months) work(f, month, entries);
    }
    ms = median_ms(db, rounds);
    std::printf("{\"months\":%zu,\"entries\":%zu,\"in_period\":%u,\"report_ms\":%.1f}\n", months.size(),
                months.size() * entries, entries, ms);
    std::fflush(stdout);
  }
  std::filesystem::remove_all(path);
  return ms;
}

int run(int argc, char const* const* argv) {
  flags f(argc, argv);
  auto const directory = f.text("directory");
  auto const entries = static_cast<std::uint32_t>(f.number("in-period", 100'000, 100, 1'000'000));
  auto const months = static_cast<unsigned>(f.number("months", 10, 6, 12));
  auto const rounds = f.number("rounds", 15, 1, 1000);
  f.refuse_others();
  std::vector<unsigned> all;
  for (unsigned m = 1; m <= months; ++m) all.push_back(m);
  double const one = measure(directory + "/one", {6}, entries, rounds);
  double const many = measure(directory + "/all", all, entries, rounds);
  std::printf("{\"ratio\":%.2f,\"limit_ratio\":1.3,\"limit_ms\":150}\n", many / one);
  measure_burndown(directory + "/sprint", rounds * 10);
  return 0;
}

} // namespace
} // namespace alloy::bench

int main(int argc, char** argv) {
  try {
    return alloy::bench::run(argc, argv);
  } catch (std::exception const& e) {
    std::fprintf(stderr, "report_figures: %s\n", e.what());
    return 2;
  }
}
