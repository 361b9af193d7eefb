#pragma once
// Ids from what people call things: slugs, keys, references, e-mails, names. What is an id already is taken as it is.
// One thread.
#include "cli/session.hpp"

namespace alloy::cli {

class id_resolver {
 public:
  explicit id_resolver(session& s) : session_(s) {}

  // Where things without a name of their own on the server are looked for. What is not given is found: the profile's
  // organization, or the only one there is.
  void within_org(std::string org) { org_ = std::move(org); }
  void within_project(std::string project) { project_ = std::move(project); }

  // Throws failure where nothing, or more than one thing, is called so.
  std::string id_of(std::string_view thing, std::string const& name);
  std::string org_or_default();
  // The one that was given, or the profile's; empty: none is named anywhere.
  std::string org_named() const;
  // Where else is looked: the one that was given, the profile's, or all of the caller's; percent-encoded.
  std::vector<std::string> orgs();

 private:
  std::string in_org_named() const; // as a query, by slug or id
  std::string in_org_id();          // the same where a list takes nothing but an id
  std::string user(std::string const& name);
  std::string in_orgs(std::string_view thing, std::string const& collection, std::string_view field,
                      std::string const& name);
  std::string sprint(std::string const& name);
  std::string api_key(std::string const& name);

  session& session_;
  std::string org_, project_;
};

} // namespace alloy::cli
