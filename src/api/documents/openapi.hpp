#pragma once
// The OpenAPI 3.1 document and its readable page, made from the table; a few limits in it are settings. Pure.
#include "api/table/operation.hpp"

namespace alloy::api {

std::string openapi_document(std::span<operation const> table, settings const& config);
std::string docs_page(std::span<operation const> table);
// What that page may do: show itself, by its own style and nothing else (Content-Security-Policy).
std::string docs_policy();

} // namespace alloy::api
