#include "domain/currency.hpp"

#include "core/currencies.hpp"
#include "domain/labor_rates.hpp"
#include "domain/projects.hpp"
#include "events/ledger.hpp"

namespace alloy::domain {
namespace {

constexpr std::size_t named_max = 20; // of what stands in a conversion's way

std::int64_t power_of_ten(std::int64_t digits) noexcept {
  std::int64_t power = 1;
  for (; digits > 0; --digits) power *= 10;
  return power;
}

template <class F> void each_project(reader const& state, uuid const& org, F visit) {
  auto const projects = key(org, table::project);
  state.scan(projects, after_prefix(projects), direction::ascending,
             [&](std::string_view, std::string_view row) { return visit(json::stored<project>(row::json_of(row))); });
}

// Who has rates: each user once.
std::vector<uuid> priced_users(reader const& state, uuid const& org) {
  std::vector<uuid> users;
  auto const all = key(org, table::rate_by_user).str();
  auto const rows = state.cursor(all, after_prefix(all), direction::ascending);
  for (rows->seek(all); rows->valid();) {
    auto const user = uuid::from_view(rows->key().substr(all.size(), 16));
    if (!user.is_nil()) users.push_back(user);
    rows->seek(after_prefix(rates_of(org, user)));
  }
  return users;
}

struct obstacle { // what cannot be said in the new unit
  std::string what;
  uuid id;
  std::int64_t amount_cents = 0;
};
BOOST_DESCRIBE_STRUCT(obstacle, (), (what, id, amount_cents))

std::vector<obstacle> convert_rates(reader const& state, org const& o, std::int64_t to) {
  constexpr std::int64_t rate_max = decltype(create_labor_rate::hourly_rate_cents)::max;
  std::vector<obstacle> found;
  for (auto const& user : priced_users(state, o.id))
    for (auto const& rate : read_rates(state, o.id, user))
      if (in_digits(rate.cents, o.minor_digits, to).value_or(rate_max + 1) > rate_max)
        found.push_back({"labor_rate", rate.id, rate.cents});
  return found;
}

error not_exact(std::vector<obstacle> found, std::int64_t to) {
  auto const count = found.size();
  if (found.size() > named_max) found.resize(named_max);
  std::string members = "\"count\":" + std::to_string(count) + ",\"in_the_way\":";
  json::write(members, found);
  return error(errc::wrong_state,
               std::to_string(count) + " amounts cannot be said exactly with " + std::to_string(to) +
                   " decimals; set rates of the same dates and budgets that can, then convert",
               std::move(members));
}

} // namespace

std::vector<conversion> conversions_of(reader const& state, uuid const& org) {
  std::vector<conversion> all;
  auto const prefix = rates_of(org, {}).str();
  state.scan(prefix, after_prefix(prefix), direction::ascending, [&](std::string_view k, std::string_view v) {
    all.push_back({big_endian_u64(k.substr(prefix.size())), static_cast<std::int64_t>(big_endian_u64(v)),
                   static_cast<std::int64_t>(big_endian_u64(v.substr(8)))});
    return true;
  });
  return all;
}

void note_conversion(view& state, events::org_currency_converted const& e, events::envelope const& at) {
  std::string row;
  append_u64(row, static_cast<std::uint64_t>(e.from_digits));
  append_u64(row, static_cast<std::uint64_t>(e.to_digits));
  state.put(rates_of(at.tenant, {}).add(events::head_of(state, at.tenant).seq), row);
}

std::optional<std::int64_t> in_digits(std::int64_t amount, std::int64_t from, std::int64_t to) noexcept {
  auto const power = power_of_ten(std::abs(to - from));
  std::int64_t more = 0;
  if (to >= from) return __builtin_mul_overflow(amount, power, &more) ? std::nullopt : std::optional(more);
  return amount % power == 0 ? std::optional(amount / power) : std::nullopt;
}

std::int64_t converted(std::int64_t amount, std::vector<conversion> const& all, std::uint64_t seq,
                       std::uint64_t until) noexcept {
  for (auto const& c : all)
    if (c.seq > seq && c.seq <= until)
      amount = in_digits(amount, c.from_digits, c.to_digits)
                   .value_or(amount / power_of_ten(std::abs(c.to_digits - c.from_digits)));
  return amount;
}

std::int64_t minor_digits_at(reader const& state, org const& now, std::uint64_t seq) {
  for (auto const& c : conversions_of(state, now.id))
    if (c.seq > seq) return c.from_digits;
  return now.minor_digits;
}

bool is_priced(reader const& state, uuid const& org) {
  bool found = false;
  for (auto const rows : {table::labor_rate, table::period}) {
    auto const prefix = key(org, rows);
    state.scan(prefix, after_prefix(prefix), direction::ascending,
               [&](std::string_view, std::string_view) { return found = true, false; });
    if (found) return true;
  }
  each_project(state, org, [&](project const& p) { return !(found = p.budget_cents.has_value()); });
  return found;
}

result<decision> convert_currency(reader const& state, org const& o) {
  auto const digits = minor_digits_of(o.currency);
  if (!digits) return error(errc::wrong_state, "ISO 4217 has no decimals for this organization's currency");
  decision d;
  if (*digits == o.minor_digits) return d;
  auto in_the_way = convert_rates(state, o, *digits);
  record(d.events, o.id, entity::org, o.id, events::org_currency_converted{o.minor_digits, *digits});
  each_project(state, o.id, [&](project const& p) {
    if (!p.budget_cents) return true;
    auto const budget = in_digits(*p.budget_cents, o.minor_digits, *digits);
    if (!budget || *budget > cents::max) {
      in_the_way.push_back({"budget", p.id, *p.budget_cents});
    } else if (*budget != *p.budget_cents) {
      events::project_changes changes;
      changes.budget_cents.value = {p.budget_cents, budget};
      record(d.events, o.id, entity::project, p.id, events::project_updated{std::move(changes)});
    }
    return true;
  });
  if (!in_the_way.empty()) return not_exact(std::move(in_the_way), *digits);
  return d;
}

} // namespace alloy::domain
