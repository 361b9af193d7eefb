#pragma once
// An answer that is not there yet, as that of a page that waits for its first event: what it is, a page or a refusal,
// is known with its body. So the door sends nothing, not even a status, before pull() has said `end`.
#include "core/body_source.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace alloy {

class late_answer : public body_source {
 public:
  struct refusal {
    unsigned status = 0;
    std::string_view content_type; // a literal
    std::vector<std::pair<std::string, std::string>> headers = {};
  };
  // After the end: what was appended is the body of a refusal.
  virtual std::optional<refusal> refused() = 0;
};

} // namespace alloy
