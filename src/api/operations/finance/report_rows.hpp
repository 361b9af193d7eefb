#pragma once
// The rows of reports that stand in files of their own; reports.cpp puts them together.
#include "api/table/operation.hpp"

namespace alloy::api {

operation explanation_row();
operation time_report_row();

} // namespace alloy::api
