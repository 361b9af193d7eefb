#pragma once
// What the names in a filter of tickets mean where it looks: statuses, labels, tags and projects, as they are called
// now or were at the moment that was asked for. A name that nothing has is refused, so that a typo never passes for an
// empty list; with what a bound key does not reach it is the same. One thread at a time.
#include "api/table/call.hpp"
#include "api/table/query.hpp"
#include "projections/ticket_filter.hpp"

#include <map>

namespace alloy::api {

// Labels of organizations, by id or name. What there was then is read once for all names.
class label_finder {
 public:
  explicit label_finder(read_context const& c) : c_(c) {}
  std::optional<uuid> find(uuid const& org, std::string_view text);

 private:
  using names = std::multimap<std::string, uuid>;
  names const& then_in(uuid const& org);

  read_context const& c_;
  std::map<uuid, names> then_;
};

// The same of projects, by id or key.
class project_finder {
 public:
  explicit project_finder(read_context const& c) : c_(c) {}
  std::optional<uuid> find(uuid const& org, std::string_view text);
  // Each of them is a project in one of these organizations.
  result<> check(std::vector<uuid> const& orgs, std::vector<std::string> const& named);

 private:
  read_context const& c_;
  std::map<uuid, std::map<std::string, uuid>> former_;
};

// The project, or one that there was: of what was deleted there are still events and reports. A key that is bound to
// projects finds its own.
result<uuid> project_ever(read_context const& c, uuid const& org, std::string_view text);

// Each of them is a sprint of a project in the scopes, or was then.
result<> check_sprints_asked(read_context const& c, std::span<projections::ticket_scope const> scopes,
                             std::vector<uuid> const& ids);

// Values as they were given become names of what there is, somewhere in the scopes.
result<std::vector<std::string>>
statuses_asked(read_context const& c, std::span<projections::ticket_scope const> scopes, given_names const& given);
result<std::vector<std::string>> labels_asked(read_context const& c, std::span<projections::ticket_scope const> scopes,
                                              given_names const& given);
// Of a tag that nothing carries there is nothing to list, which is no fault.
result<std::vector<projections::tag_filter>>
tags_asked(read_context const& c, std::span<projections::ticket_scope const> scopes, given_names const& given);

// What these labels are in one organization; nil for one that it does not have, which no ticket carries.
std::vector<uuid> labels_in(read_context const& c, uuid const& org, std::vector<std::string> const& names);

} // namespace alloy::api
