#pragma once
// What the names in a filter of tickets mean where it looks: statuses, labels, tags and projects, as they are called
// now or were at the moment that was asked for. A name that nothing has is refused, so that a typo never passes for an
// empty list; with what a bound key does not reach it is the same. One thread at a time.
#include "api/call.hpp"
#include "api/query.hpp"
#include "projections/ticket_filter.hpp"

namespace alloy::api {

// In one organization, by id or name.
std::optional<uuid> find_label(read_call const& c, uuid const& org, std::string_view text);
std::optional<uuid> find_project_asked(read_call const& c, uuid const& org, std::string_view text);
// The project, or one that there was: of what was deleted there are still events and reports. A key that is bound to
// projects finds its own.
result<uuid> project_ever(read_call const& c, uuid const& org, std::string_view text);

// Each of them is a project in one of these organizations.
result<> check_projects_asked(read_call const& c, std::vector<uuid> const& orgs, std::vector<std::string> const& named);

// Each of them is a sprint of a project in the scopes, or was then.
result<> check_sprints_asked(read_call const& c, std::span<projections::ticket_scope const> scopes,
                             std::vector<uuid> const& ids);

// Values as they were given become names of what there is, somewhere in the scopes.
result<std::vector<std::string>> statuses_asked(read_call const& c, std::span<projections::ticket_scope const> scopes,
                                                given_names const& given);
result<std::vector<std::string>> labels_asked(read_call const& c, std::span<projections::ticket_scope const> scopes,
                                              given_names const& given);
// Of a tag that nothing carries there is nothing to list, which is no fault.
std::vector<projections::tag_filter> tags_asked(read_call const& c, std::span<projections::ticket_scope const> scopes,
                                                given_names const& given);

// What these labels are in one organization; nil for one that it does not have, which no ticket carries.
std::vector<uuid> labels_in(read_call const& c, uuid const& org, std::vector<std::string> const& names);

} // namespace alloy::api
