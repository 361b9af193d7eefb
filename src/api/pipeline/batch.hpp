#pragma once
// One command about many things: a result for each, atomic or not. What is decided for one holds for those behind it,
// as if each had been a command of its own.
#include "api/access/access.hpp"
#include "api/table/answers.hpp"

namespace alloy::api {

struct fault_view {
  static constexpr bool answer = true;
  std::string pointer, code, detail;
};
BOOST_DESCRIBE_STRUCT(fault_view, (), (pointer, code, detail))

struct candidate_view {
  static constexpr bool answer = true;
  uuid org_id;
  std::string slug;
  uuid id;
  json::changed<std::string> reference;
};
BOOST_DESCRIBE_STRUCT(candidate_view, (), (org_id, slug, id, reference))

struct refusal_view {
  static constexpr bool answer = true;
  std::string code, detail;
  std::vector<fault_view> errors;
  json::changed<std::vector<candidate_view>> candidates; // of ambiguous: what the name could mean
};
BOOST_DESCRIBE_STRUCT(refusal_view, (), (code, detail, errors, candidates))
refusal_view view_of(error const& e);

struct batch_item {
  uuid org, id;
  std::string warning;
};

struct tried {
  std::vector<result<batch_item>> each; // in the order of the names
  domain::facts events;
  bool is_too_large = false; // given up, for what it would be answered
};

using decide_one = std::function<result<domain::decision>(reader const& state, subject const& about)>;

// `field` is where the body names them.
tried decide_each(write_context& c, table rows, std::vector<std::string> const& names, std::string_view field,
                  decide_one const& decide);
// All things, as they were and as they would be, have `batch_answer_max_bytes` at most: the answer has them whole, and
// the log what changes. Who may change none of them is refused as one who may not change one; and, where it is to be
// all or nothing, who may not change all, with every fault at once.
result<> check_batch(tried const& all, std::string_view field, bool atomic);

// The plan whose answer has an outcome for each: `Answer` has succeeded, failed and results.
template <class Answer, class F>
result<commands::plan> batch_plan(std::vector<std::string> names, tried all, std::string_view field, bool atomic,
                                  F outcome_of) {
  if (auto stands = check_batch(all, field, atomic); !stands) return stands.error();
  commands::plan p;
  p.events = std::move(all.events);
  p.render = [names = std::move(names), each = std::move(all.each), outcome_of](reader const& state) {
    Answer answer;
    for (std::size_t i = 0; i < each.size(); ++i) {
      ++(each[i] ? answer.succeeded : answer.failed);
      answer.results.push_back(outcome_of(state, names[i], each[i]));
    }
    commands::answer a;
    a.body = json::to_string(answer);
    return a;
  };
  return p;
}

} // namespace alloy::api
