#pragma once
// The common passwords nobody may choose: over 3,000 of eight characters and more, since shorter ones are refused
// anyway. The list is made of the patterns people use: words, names and keyboard walks, followed by digits, years and
// marks. Any thread.
#include <cstddef>
#include <string_view>

namespace alloy::auth {

// Whatever the case of its ASCII letters.
bool is_common_password(std::string_view password);

std::size_t common_password_count();

} // namespace alloy::auth
