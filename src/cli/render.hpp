#pragma once
// Answers for people and for spreadsheets: lists as aligned columns, objects as lines, boards and burndowns drawn. One
// thread.
#include "cli/terminal.hpp"

#include <boost/json.hpp>
#include <vector>

namespace alloy::cli {

// A list's items, or nothing where the answer is no list.
boost::json::array const* items_of(boost::json::value const& answer);

std::string as_table(boost::json::value const& answer, std::vector<std::string> const& fields, terminal const& t);
std::string as_csv(boost::json::value const& answer, std::vector<std::string> const& fields); // RFC 4180
std::string ids_of(boost::json::value const& answer);                                         // a line each

std::string draw_board(boost::json::object const& board, terminal const& t);
std::string draw_burndown(boost::json::object const& burndown, terminal const& t);
std::string event_line(boost::json::object const& event, terminal const& t);

} // namespace alloy::cli
