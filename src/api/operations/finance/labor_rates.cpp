#include "domain/labor_rates.hpp"
#include "api/operations/resources.hpp"
#include "api/table/answers.hpp"

namespace alloy::api {
namespace {

using namespace domain;

struct labor_rate_view : labor_rate {
  static constexpr bool answer = true;
  std::optional<date> effective_until = {}; // the day on which the next one begins
};
BOOST_DESCRIBE_STRUCT(labor_rate_view, (labor_rate), (effective_until))

// Access has found the membership, or that there was one: hours of somebody who left have a price, too.
uuid whose(call const& c) {
  return parse_uuid(c.params.front()).value();
}

result<commands::plan> set(write_context& c, create_labor_rate const& body) {
  return created<labor_rate>(decide(c.state(), c.subject.org, whose(c), body, c.by()), c.asked.path + "/");
}

// A plain cursor is the number of the first one left out: there are few, and they stay in the order of their dates.
result<reply> list(read_context& c, list_query const& q) {
  auto ask = page_asked(c, q.limit, q.cursor);
  if (!ask) return ask.error();
  auto const rates = read_rates(c.state, c.subject.org, whose(c));
  std::size_t const first = static_cast<std::size_t>(big_endian_u64(ask->after));
  projections::page p;
  for (std::size_t i = first; i < rates.size(); ++i) {
    labor_rate_view v;
    static_cast<labor_rate&>(v) = find<labor_rate>(c.state, c.subject.org, rates[i].id).value();
    v.hourly_rate_cents = rates[i].cents; // in the unit of now
    if (i + 1 < rates.size()) v.effective_until = rates[i + 1].effective_from;
    auto json = alloy::json::to_string(v);
    if (p.is_full(*ask, json.size())) {
      append_u64(p.next, i);
      break;
    }
    p.add(std::move(json));
  }
  return page_reply(c, p);
}

} // namespace

std::vector<operation> labor_rate_operations() {
  constexpr std::string_view path = "/api/v1/users/{user_id}/orgs/{org_id}/labor-rates";
  auto set_row = create<create_labor_rate, labor_rate>("create_labor_rate", path, role::Admin,
                                                       "Set what an hour of somebody costs, from a date on", set);
  set_row.notes = "It holds until the next one begins; one of the same date is replaced. Of members, and of those who "
                  "were. 409 `period_closed` where it "
                  "would change a closed month.";
  auto list_row = get_list<labor_rate_view>("list_labor_rates", path, role::Admin,
                                            "List somebody's labor rates by date, as they hold", list);
  std::vector<operation> rows{set_row, list_row};
  bound_keys_may(rows, auth::bound_key::org, {"create_labor_rate", "list_labor_rates"});
  for (auto& row : rows) row.tag = "Finance";
  return rows;
}

} // namespace alloy::api
