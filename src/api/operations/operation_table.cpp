#include "api/operations/resources.hpp"

#include <algorithm>
#include <stdexcept>

namespace alloy::api {
namespace {

std::vector<operation> build() {
  std::vector<operation> all;
  for (auto const rows : {server_operations,        onboarding_operations, session_operations,    api_key_operations,
                          personal_data_operations, org_operations,        member_operations,     team_operations,
                          workflow_operations,      project_operations,    sprint_operations,     chart_operations,
                          ticket_operations,        time_entry_operations, labor_rate_operations, period_operations,
                          tag_operations,           webhook_operations,    report_operations,     feed_operations,
                          consumer_operations,      proof_operations,      transfer_operations,   undo_operations})
    for (auto& row : rows()) {
      for (auto const& before : all)
        if (before.id == row.id || (before.method == row.method && before.path == row.path))
          throw std::logic_error("the table has " + std::string(row.id) + " twice");
      all.push_back(std::move(row));
    }
  return all;
}

} // namespace

std::span<operation const> operations() {
  static std::vector<operation> const table = build();
  return table;
}

void bound_keys_may(std::vector<operation>& rows, auth::bound_key which, std::initializer_list<std::string_view> ids) {
  for (auto const id : ids) {
    auto const row = std::find_if(rows.begin(), rows.end(), [&](operation const& one) { return one.id == id; });
    if (row == rows.end()) throw std::logic_error("there is no row " + std::string(id) + " for bound keys");
    row->bound = which;
  }
}

std::string_view name_of(verb v) noexcept {
  constexpr std::string_view names[] = {"GET", "POST", "PUT", "PATCH", "DELETE"};
  return names[static_cast<std::size_t>(v)];
}

} // namespace alloy::api
