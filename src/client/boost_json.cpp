// The compiled half of Boost.JSON, for documents whose shape is not known beforehand.
#include <boost/json/src.hpp>
