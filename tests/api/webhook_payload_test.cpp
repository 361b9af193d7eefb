#include "api/operations/webhooks/webhook_payload.hpp"

#include <boost/test/unit_test.hpp>

namespace alloy::api {
namespace {

BOOST_AUTO_TEST_CASE(amounts_are_null_to_those_who_may_not_see_them) {
  BOOST_TEST(without_amounts(R"({"budget_cents":12,"name":"n","rate_cents":-1.5e3})") ==
             R"({"budget_cents":null,"name":"n","rate_cents":null})");
  BOOST_TEST(without_amounts(R"({"budget_cents":{"from":1,"to":null},"n":2})") ==
             R"({"budget_cents":{"from":null,"to":null},"n":2})");
  BOOST_TEST(without_amounts(R"({"all_cents":[1,{"a":2}],"n":[3]})") == R"({"all_cents":[null,{"a":null}],"n":[3]})");
  BOOST_TEST(without_amounts(R"({"budget_cents":null})") == R"({"budget_cents":null})");
}

// Tags have keys and values that people choose.
BOOST_AUTO_TEST_CASE(texts_are_no_amounts_whatever_they_are_called) {
  for (std::string const text : {
           R"({"tags":{"price_cents":"v1-2","x":"7"},"n":1})",
           R"({"tags":{"price_cents":{"from":"v1-2","to":"3"}}})",
           R"({"tags":{"price_cents":{"from":"}1","to":"\"2{"}},"n":4})",
           R"({"title":"\"price_cents\":5","tags":{"a_cents":""}})",
           R"({"price_cents":"1)",
       })
    BOOST_TEST(without_amounts(text) == text);
}

} // namespace
} // namespace alloy::api
