#pragma once
// The OpenAPI 3.1 document and its readable page, made from the table and nothing else. Pure.
#include "api/operation.hpp"

namespace alloy::api {

std::string openapi_document(std::span<operation const> table);
std::string docs_page(std::span<operation const> table);

} // namespace alloy::api
