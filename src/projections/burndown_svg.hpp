#pragma once
// A burndown as a picture (SVG 1.1, no scripts), readable on light and on dark ground and by screen readers. Pure.
#include "projections/burndown.hpp"

namespace alloy::projections {

std::string burndown_svg(burndown const& b, std::string_view sprint_name);

} // namespace alloy::projections
