#define BOOST_TEST_MODULE alloy
#include <boost/test/unit_test.hpp>
