#pragma once
// One line of the log for each event that whoever guards a server looks for: message "security", and always the fields
// event, user_id, subject_id (whom or what it was done to), org_id, detail, address and request_id; empty where there
// is none. Never a secret, an e-mail address or a name. Any thread.
#include "api/table/call.hpp"

namespace alloy::api {

struct security_fact {
  std::string_view event; // a literal
  std::optional<uuid> subject_id = {}, org_id = {};
  std::string detail = {};
  std::optional<uuid> by = {}; // where the command itself says who its actor is
};
using security_facts = std::vector<security_fact>;

// Who did it, and from where.
struct security_source {
  std::optional<uuid> user_id;
  std::string address, request_id;
};
security_source source_of(request const& asked, std::optional<uuid> user = {});

// What a command's events tell; log it once they are durable.
security_facts security_facts_of(commands::plan const& p);

void log_security(security_facts const& facts, security_source const& by);
// A refusal: somebody tried and was not let.
void log_refused(std::string_view event, security_source const& by);

} // namespace alloy::api
