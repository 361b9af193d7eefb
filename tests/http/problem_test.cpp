#include "core/problem.hpp"

#include <boost/test/unit_test.hpp>

using namespace alloy;

BOOST_AUTO_TEST_SUITE(problem)

BOOST_AUTO_TEST_CASE(a_problem_says_what_rfc_9457_wants) {
  BOOST_TEST(problem_document(error(errc::not_found, "No ticket A-7"), "r1", "/api/v1/tickets/A-7") ==
             R"({"type":"/docs#not_found","title":"There is no such thing here","status":404,)"
             R"("detail":"No ticket A-7","instance":"/api/v1/tickets/A-7","code":"not_found","request_id":"r1"})");
}

BOOST_AUTO_TEST_CASE(what_is_not_there_is_left_out) {
  BOOST_TEST(problem_document(error(errc::internal), "r1") ==
             R"({"type":"/docs#internal","title":"Something broke on our side","status":500,)"
             R"("code":"internal","request_id":"r1"})");
}

BOOST_AUTO_TEST_CASE(all_faults_and_further_members_are_in_it) {
  std::vector<fault> faults;
  faults.push_back({"/title", "required", "is needed"});
  faults.push_back({"/a~1b", "too_long", "is too long"});
  error e(std::move(faults));
  e.members = R"("from":"A","to":"B")";
  BOOST_TEST(problem_document(e, "r1") ==
             R"({"type":"/docs#validation_failed","title":"The request breaks a rule","status":422,)"
             R"("detail":"2 faults, listed in errors","code":"validation_failed","request_id":"r1","errors":[)"
             R"({"pointer":"/title","code":"required","detail":"is needed"},)"
             R"({"pointer":"/a~1b","code":"too_long","detail":"is too long"}],"from":"A","to":"B"})");
}

BOOST_AUTO_TEST_CASE(nothing_in_it_breaks_the_json) {
  auto const text = problem_document(error(errc::not_found, "a\"b\\c\n\x01 \xff"), "r\"1");
  BOOST_TEST(text.find("a\\\"b\\\\c\\n\\u0001 \xef\xbf\xbd") != text.npos, text);
  BOOST_TEST(text.find("r\\\"1") != text.npos, text);
}

BOOST_AUTO_TEST_SUITE_END()
