#pragma once
// ISO 4217: the currencies in use, and how many decimals each has. Amounts are whole numbers of the minor unit. Pure.
#include <optional>
#include <string_view>

namespace alloy {

// Of a code in upper case; none: there is no such currency, or it is no longer in use.
std::optional<int> minor_digits_of(std::string_view currency) noexcept;

} // namespace alloy
