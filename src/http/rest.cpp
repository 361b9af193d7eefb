#include "http/rest.hpp"

namespace alloy::http {

handler rest(call_handler to) {
  return [to = std::move(to)](request&& in, responder done) {
    api::request asked;
    asked.method = std::move(in.method);
    asked.path = std::move(in.path);
    asked.query = std::move(in.query);
    asked.headers = std::move(in.headers);
    asked.body = std::move(in.body);
    asked.peer = std::move(in.peer);
    asked.request_id = std::move(in.request_id);
    asked.room = in.room;
    to(std::move(asked), [done = std::move(done)](api::reply&& r) {
      response out;
      out.status = r.status;
      out.content_type = r.content_type;
      out.headers = std::move(r.headers);
      out.body = std::move(r.body);
      out.source = std::move(r.source);
      out.route = r.route;
      out.user = r.user.bytes;
      out.org = r.org.bytes;
      done(std::move(out));
    });
  };
}

} // namespace alloy::http
