#pragma once
// The schemas of a tool, made of an operation's. What goes in stands by itself: many clients hand it to a model, or to
// an API of one, that knows neither `$ref` and `$defs` nor `propertyNames`. Pure.
#include "api/table/operation_shape.hpp"
#include "mcp/protocol.hpp"

namespace alloy::mcp {

// How an answer becomes an object.
enum class wrapping : std::uint8_t { none, items, values, text, nothing };

wrapping wrapping_of(api::operation_shape const& shape, api::operation const& op);
json::object input_schema(api::operation const& op, api::operation_shape const& shape);
json::object output_schema(api::operation const& op, api::operation_shape const& shape, wrapping how);

} // namespace alloy::mcp
