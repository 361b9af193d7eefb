// What holds for every row of the table of operations, and for the document made from it.
#include "api/access/access.hpp"
#include "api/documents/openapi.hpp"
#include "api/table/operation_shape.hpp"
#include "tests/support/decider.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <set>

namespace alloy::api {
namespace {

using alloy::json::kind;
using alloy::json::node;
using tests::id_of;

// Every member with this name, wherever it stands.
void collect(node const& n, std::string_view name, std::vector<node const*>& into) {
  for (node const* m = n.child; m; m = m->next) {
    if (n.what == kind::object && m->name == name) into.push_back(m);
    collect(*m, name, into);
  }
}

node const& at(node const& n, std::initializer_list<std::string_view> names) {
  node const* here = &n;
  for (auto const name : names) {
    here = here->find(name);
    if (!here) throw std::runtime_error("the document has no " + std::string(name));
  }
  return *here;
}

std::size_t size_of(node const& n) {
  std::size_t count = 0;
  for (node const* c = n.child; c; c = c->next) ++count;
  return count;
}

// The document lives as long as this: nodes are this thread's parser's.
struct document {
  std::string const text = openapi_document(operations(), settings());
  node const* root = nullptr;
  document() {
    auto const parsed = alloy::json::parse(text, 64);
    BOOST_TEST_REQUIRE(parsed.has_value(), parsed.error().detail);
    root = parsed->root;
  }
};

std::vector<std::string> params_of(std::string_view path) {
  std::vector<std::string> names;
  for (auto open = path.find('{'); open != std::string_view::npos; open = path.find('{', open + 1))
    names.emplace_back(path.substr(open + 1, path.find('}', open) - open - 1));
  return names;
}

} // namespace

BOOST_AUTO_TEST_SUITE(the_table)

BOOST_AUTO_TEST_CASE(every_row_says_what_it_is) {
  BOOST_TEST(operations().size() > 40U);
  std::set<std::string_view> ids;
  for (auto const& op : operations()) {
    BOOST_TEST_CONTEXT(op.id) {
      BOOST_TEST(ids.insert(op.id).second);
      BOOST_TEST(op.id.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") == std::string_view::npos);
      BOOST_TEST(!op.tag.empty());
      BOOST_TEST(!op.summary.empty());
      BOOST_TEST(!op.summary.ends_with('.')); // the document adds it
      BOOST_TEST(op.path.starts_with('/'));
      BOOST_TEST(!op.path.ends_with('/'));
      BOOST_TEST((!!op.read + !!op.write + !!op.admit == 1));
      BOOST_TEST((op.method == verb::get) == static_cast<bool>(op.read));
      BOOST_TEST((op.where != runs::at_once) == static_cast<bool>(op.admit));
      BOOST_TEST((op.success == 200 || op.success == 201 || op.success == 202 || op.success == 204));
      BOOST_TEST((op.success == 204) == (op.answer == nullptr));
    }
  }
}

BOOST_AUTO_TEST_CASE(every_row_of_the_api_needs_a_credential_unless_it_makes_one) {
  for (auto const& op : operations()) {
    if (!op.path.starts_with("/api/")) continue;
    bool const makes_one = op.id == "register" || op.id == "login" || op.id == "refresh" || op.id == "onboard" ||
                           op.id == "get_onboarding";
    BOOST_TEST(op.open == makes_one, op.id);
    // Whoever holds a credential may end it, whatever else it may do.
    bool const ends_one = op.id == "logout" || op.id == "delete_api_key";
    if (op.writes() && !op.open && !ends_one) BOOST_TEST((op.needs >= scope::write), op.id);
    if (op.least >= role::Admin && op.writes()) BOOST_TEST((op.needs == scope::admin), op.id);
  }
}

// A parameter that resolve_resource does not know is not looked up, so nobody's role would be held against the row.
BOOST_AUTO_TEST_CASE(what_a_path_is_about_is_known_to_access) {
  std::set<std::string> const about_the_caller{"api_key_id", "invite_code"};
  tests::map_view const state;
  auth::principal who;
  who.user_id = id_of(2);
  who.orgs = {{id_of(1), role::Owner, true}};
  for (auto const& op : operations()) {
    auto const params = params_of(op.path);
    if (params.empty() || op.finds_itself) continue;
    auto const found =
        resolve_resource(op, std::vector<std::string>(params.size(), to_string(id_of(77))), {}, who, state, state);
    if (about_the_caller.contains(params.front()))
      BOOST_TEST(found.has_value(), op.path);
    else {
      BOOST_TEST_REQUIRE(found.has_error(), op.path << ": its first parameter is looked up nowhere");
      BOOST_TEST((found.error().code == errc::not_found), op.path);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(the_document)

BOOST_AUTO_TEST_CASE(it_names_every_operation_once_at_its_place) {
  document const d;
  BOOST_TEST(at(*d.root, {"openapi"}).text == "3.1.0");
  std::vector<node const*> ids;
  collect(at(*d.root, {"paths"}), "operationId", ids);
  std::multiset<std::string_view> named;
  for (auto const* n : ids) named.insert(n->text);
  BOOST_TEST(named.size() == operations().size());
  for (auto const& op : operations()) {
    BOOST_TEST(named.count(op.id) == 1U, op.id);
    std::string method(name_of(op.method));
    for (char& c : method) c = static_cast<char>(std::tolower(c));
    auto const& said = at(*d.root, {"paths", op.path, method});
    BOOST_TEST(at(said, {"operationId"}).text == op.id);
    BOOST_TEST(at(said, {"responses"}).find(std::to_string(op.success)) != nullptr, op.id);
    BOOST_TEST((said.find("requestBody") != nullptr) == (op.body != nullptr), op.id);
    BOOST_TEST((said.find("security") != nullptr) == op.open, op.id);
  }
}

BOOST_AUTO_TEST_CASE(a_post_whose_fields_may_all_be_absent_needs_no_body) {
  std::set<std::string_view> without;
  for (auto const& op : operations()) {
    if (!may_lack_body(op)) continue;
    without.insert(op.id);
    BOOST_TEST((op.method == verb::post), op.id); // what a lost body of others would change, nobody asked for
  }
  for (auto const id : {"complete_sprint", "rotate_webhook_secret", "logout"}) BOOST_TEST(without.contains(id), id);
  document const d;
  for (auto const& op : operations()) {
    if (!op.body) continue;
    std::string method(name_of(op.method));
    for (char& c : method) c = static_cast<char>(std::tolower(c));
    auto const& said = at(*d.root, {"paths", op.path, method, "requestBody", "required"});
    BOOST_TEST(said.flag == !without.contains(op.id), op.id);
    auto const* const named = at(*d.root, {"paths", op.path, method, "requestBody", "content"}).child->find("schema");
    auto const* const reference = named->find("$ref");
    if (op.method != verb::post || !reference) continue;
    auto const& schema = at(*d.root, {"components", "schemas", reference->text.substr(21)});
    BOOST_TEST((schema.find("required") == nullptr) == without.contains(op.id), op.id);
  }
}

BOOST_AUTO_TEST_CASE(every_parameter_of_a_path_is_described_and_no_other) {
  document const d;
  for (auto const& op : operations()) {
    std::string method(name_of(op.method));
    for (char& c : method) c = static_cast<char>(std::tolower(c));
    std::vector<std::string> in_path, in_query;
    auto const& parameters = at(*d.root, {"paths", op.path, method, "parameters"});
    for (node const* p = parameters.child; p; p = p->next) {
      auto const in = at(*p, {"in"}).text;
      if (in == "path") in_path.emplace_back(at(*p, {"name"}).text);
      auto const name = at(*p, {"name"}).text;
      if (in == "query" && name != "dry_run" && name != "as_of") in_query.emplace_back(name);
    }
    BOOST_TEST(in_path == params_of(op.path), boost::test_tools::per_element());
    BOOST_TEST(in_query.size() == op.query.size() + (op.takes_org() ? 1 : 0), op.id);
  }
}

// What names nothing of an organization has nothing to be asked for in one; what names it itself needs no second word.
BOOST_AUTO_TEST_CASE(an_organization_is_asked_for_where_a_row_names_things_without_one) {
  auto const asks = [](std::string_view id) {
    return std::find_if(operations().begin(), operations().end(), [&](auto const& op) { return op.id == id; })
        ->takes_org();
  };
  for (auto const id : {"get_ticket", "update_comment", "start_sprint", "get_delivery", "set_tags", "batch_transition",
                        "batch_time_entries", "revoke_invite"})
    BOOST_TEST(asks(id), id);
  for (auto const id :
       {"get_org", "get_org_ticket", "list_labor_rates", "search_tickets", "get_time_report", "whoami",
        "create_project", "login", "erase_personal_data", "accept_invite", "import_data", "cancel_import"})
    BOOST_TEST(!asks(id), id);
}

BOOST_AUTO_TEST_CASE(a_key_that_is_bound_may_do_what_its_row_says_and_no_more) {
  auth::principal who;
  who.granted = scope::admin;
  for (auto const& op : operations()) {
    if (op.open) continue;
    who.only_org.reset();
    who.only_projects.clear();
    BOOST_TEST(admit(op, who).has_value(), op.id);
    who.only_org = id_of(1);
    BOOST_TEST(admit(op, who).has_value() == (op.bound != auth::bound_key::none), op.id);
    who.only_projects = {id_of(2)};
    BOOST_TEST(admit(op, who).has_value() == (op.bound == auth::bound_key::project), op.id);
  }
}

BOOST_AUTO_TEST_CASE(every_reference_leads_somewhere_and_every_tag_is_listed) {
  document const d;
  std::vector<node const*> references;
  collect(*d.root, "$ref", references);
  BOOST_TEST(references.size() > 100U);
  for (auto const* r : references) {
    BOOST_TEST_REQUIRE(r->text.starts_with("#/"));
    node const* here = d.root;
    std::string_view rest = r->text.substr(2);
    while (here && !rest.empty()) {
      auto const word = rest.substr(0, rest.find('/'));
      rest.remove_prefix(std::min(rest.size(), word.size() + 1));
      here = here->find(word);
    }
    BOOST_TEST((here != nullptr), r->text << " leads nowhere");
  }
  std::set<std::string_view> listed, used;
  for (node const* t = at(*d.root, {"tags"}).child; t; t = t->next) listed.insert(at(*t, {"name"}).text);
  for (auto const& op : operations()) used.insert(op.tag);
  BOOST_TEST((listed == used));
}

BOOST_AUTO_TEST_CASE(every_object_names_its_fields_and_requires_only_those) {
  document const d;
  for (node const* s = at(*d.root, {"components", "schemas"}).child; s; s = s->next) {
    auto const* properties = s->find("properties");
    if (!properties) continue;
    BOOST_TEST(size_of(*properties) > 0U, s->name);
    if (auto const* required = s->find("required"))
      for (node const* name = required->child; name; name = name->next)
        BOOST_TEST((properties->find(name->text) != nullptr), s->name << " requires " << name->text);
  }
}

BOOST_AUTO_TEST_CASE(limits_in_the_document_are_those_of_the_code) {
  document const d;
  auto const& schemas = at(*d.root, {"components", "schemas"});
  auto const& title = at(schemas, {"create_ticket", "properties", "title"});
  BOOST_TEST(at(title, {"minLength"}).integer == 1);
  BOOST_TEST(at(title, {"maxLength"}).integer == 500);
  auto const& required = at(schemas, {"create_ticket", "required"});
  BOOST_TEST(size_of(required) == 1U);
  BOOST_TEST(required.child->text == "title");
  BOOST_TEST(schemas.find("update_ticket")->find("required") == nullptr);
  BOOST_TEST(size_of(at(schemas, {"ticket", "required"})) == size_of(at(schemas, {"ticket", "properties"})));
}

BOOST_AUTO_TEST_CASE(the_page_for_people_has_every_operation) {
  auto const page = docs_page(operations());
  for (auto const& op : operations())
    BOOST_TEST(page.find("<dt id=\"" + std::string(op.id) + "\">") != std::string::npos, op.id);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace alloy::api
