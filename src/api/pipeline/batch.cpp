#include "api/pipeline/batch.hpp"

#include "domain/evolve.hpp"
#include "storage/overlay.hpp"

#include <algorithm>

namespace alloy::api {
namespace {

void fold(view& state, domain::facts const& events, write_context const& c) {
  std::vector<events::stored_event> folded;
  for (auto const& f : events) {
    events::stored_event e;
    e.tenant = f.tenant;
    e.subject = f.subject;
    e.at = c.at;
    e.actor.user_id = c.who->user_id;
    e.continues = events::continues(folded, f.subject);
    e.what = f.what;
    domain::evolve(state, e);
    folded.push_back(std::move(e));
  }
}

// Every fault at once, each at its thing.
result<> all_of(tried const& all, std::string_view field) {
  std::vector<fault> faults;
  for (std::size_t i = 0; i < all.each.size(); ++i) {
    if (all.each[i]) continue;
    auto const& e = all.each[i].error();
    std::string const at = "/" + std::string(field) + "/" + std::to_string(i);
    if (e.faults.empty()) faults.push_back({at, std::string(describe(e.code).name), e.detail});
    for (auto const& f : e.faults) faults.push_back({at, f.code, f.detail});
  }
  if (faults.empty()) return {};
  return error(std::move(faults));
}

struct candidates_told {
  std::vector<candidate_view> candidates;
};
BOOST_DESCRIBE_STRUCT(candidates_told, (), (candidates))

} // namespace

refusal_view view_of(error const& e) {
  refusal_view view;
  view.code = describe(e.code).name;
  view.detail = e.detail;
  for (auto const& f : e.faults) view.errors.push_back({f.pointer, f.code, f.detail});
  if (e.code == errc::ambiguous)
    view.candidates.value = json::stored<candidates_told>("{" + e.members + "}").candidates;
  return view;
}

tried decide_each(write_context& c, table rows, std::vector<std::string> const& names, std::string_view field,
                  decide_one const& decide) {
  tried all;
  storage::overlay so_far(c.state());
  std::vector<uuid> seen;
  auto const bytes_max = static_cast<std::size_t>(c.with.config.batch_answer_max_bytes);
  std::size_t bytes = 0;
  for (auto const& name : names) {
    auto about = find_named_subject(c.op, rows, name, c.org, *c.who, so_far);
    if (!about) {
      all.each.push_back(about.error());
      continue;
    }
    if (std::find(seen.begin(), seen.end(), about->id) != seen.end()) {
      all.each.push_back(error::of_field("/" + std::string(field), "duplicate", "it stands in the batch before"));
      continue;
    }
    seen.push_back(about->id);
    auto decided = decide(so_far, *about);
    if (!decided) {
      all.each.push_back(decided.error());
      continue;
    }
    fold(so_far, decided->events, c);
    std::string made;
    so_far.get(key(about->org, rows).add(about->id).str(), made);
    bytes += about->row.size() + made.size();
    if (bytes > bytes_max) {
      all.is_too_large = true;
      break;
    }
    for (auto& e : decided->events) all.events.push_back(std::move(e));
    all.each.push_back(batch_item{about->org, about->id, std::move(decided->warning)});
  }
  return all;
}

result<> check_batch(tried const& all, std::string_view field, bool atomic) {
  if (all.is_too_large)
    return error(errc::body_too_large,
                 "these things are larger than batch_answer_max_bytes of this server; name fewer at once");
  bool const forbidden = std::all_of(all.each.begin(), all.each.end(),
                                     [](auto const& one) { return !one && describe(one.error().code).status == 403; });
  if (forbidden) return all.each.front().error();
  return atomic ? all_of(all, field) : result<>();
}

} // namespace alloy::api
