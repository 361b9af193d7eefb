#include "mcp/stdio.hpp"

#include "core/exceptions.hpp"

#include <deque>
#include <thread>

namespace alloy::mcp {
namespace {

class connection {
 public:
  connection(server& s, std::FILE* in, std::FILE* out, stdio_settings const& with)
      : server_(s), in_(in), out_(out), set_(with) {
    client_.options = with.options;
  }

  void run() {
    std::vector<std::thread> threads;
    for (std::size_t n = 0; n < set_.workers; ++n) threads.emplace_back([this] { work(); });
    std::string line;
    for (bool whole = true; read_line(line, whole);) {
      if (!whole)
        write(error_text(nullptr, code::invalid_request,
                         "a message has at most " + std::to_string(set_.line_max_bytes) + " bytes"));
      else if (line.find_first_not_of(" \t\r") != std::string::npos)
        if (!contained(thrown_at::mcp, [&] { take(line); })) write(not_carried_out(nullptr));
    }
    {
      std::lock_guard const lock(guard_);
      is_over_ = true;
    }
    filled_.notify_all();
    for (auto& one : threads) one.join();
  }

 private:
  // False at the end of the input. What is longer than a message may be is read over.
  bool read_line(std::string& line, bool& whole) {
    line.clear();
    whole = true;
    for (int c = std::getc(in_);; c = std::getc(in_)) {
      if (c == EOF) return !line.empty();
      if (c == '\n') return true;
      if (line.size() < set_.line_max_bytes)
        line += static_cast<char>(c);
      else
        whole = false;
    }
  }

  void take(std::string const& line) {
    boost::system::error_code ec;
    auto message = parse(line, ec);
    if (ec) return write(error_text(nullptr, code::parse_error, "this is no JSON: " + ec.message()));
    auto const* const o = message.if_object();
    auto const method = o ? find_text(*o, "method") : std::string();
    if (o && method == "notifications/cancelled") return cancel(*o);
    // What the connection is from then on must not be overtaken, and answers to us must not wait behind those who wait
    // for them.
    if (o && (method == "initialize" || method.empty())) return answer_now(message);
    std::unique_lock lock(guard_);
    room_.wait(lock, [this] { return waiting_.size() < queue_max; });
    waiting_.push_back(std::move(message));
    lock.unlock();
    filled_.notify_one();
  }

  void answer_now(json::value const& message) {
    auto const a = server_.handle(message, client(), [this](std::string text) { write(text); });
    if (a.is_initialize && a.status == 200) {
      auto const& params = message.as_object().at("params").as_object();
      std::lock_guard const lock(guard_);
      auto const wanted = find_text(params, "protocolVersion");
      client_.revision = is_legacy_revision(wanted) ? wanted : std::string(legacy_revisions().front());
      if (auto const* const can = find_object(params, "capabilities")) client_.capabilities = *can;
    }
    if (!a.text.empty()) write(a.text);
  }

  peer client() {
    std::lock_guard const lock(guard_);
    return client_;
  }

  void cancel(json::object const& o) {
    auto const* const params = find_object(o, "params");
    if (auto const* const id = params ? find(*params, "requestId") : nullptr) {
      std::lock_guard const lock(guard_);
      if (running_.contains(json::serialize(*id))) cancelled_.insert(json::serialize(*id));
      std::erase_if(waiting_, [&](json::value const& m) {
        auto const* const w = m.if_object();
        return w && w->contains("id") && w->at("id") == *id;
      });
    }
  }

  void work() {
    for (;;) {
      std::unique_lock lock(guard_);
      filled_.wait(lock, [this] { return is_over_ || !waiting_.empty(); });
      if (waiting_.empty()) return;
      auto const message = std::move(waiting_.front());
      waiting_.pop_front();
      auto const* const o = message.if_object();
      auto const id = o && o->contains("id") ? json::serialize(o->at("id")) : std::string();
      running_.insert(id);
      auto of = client_;
      lock.unlock();
      room_.notify_one();
      if (o && server::is_modern(*o)) of.revision.clear(); // it says its own
      auto const text = answer_to(message, of, id);
      lock.lock();
      running_.erase(id);
      bool const is_wanted = cancelled_.erase(id) == 0;
      lock.unlock();
      if (is_wanted && !text.empty()) write(text);
    }
  }

  std::string answer_to(json::value const& message, peer const& of, std::string const& id) {
    auto const* const o = message.if_object();
    auto const shown = o && o->contains("id") ? o->at("id") : json::value();
    try {
      return server_
          .handle(message, of,
                  [&](std::string t) {
                    if (!is_cancelled(id)) write(t);
                  })
          .text;
    } catch (unauthenticated const& why) {
      return error_text(shown, code::invalid_request, why.what());
    } catch (...) {
      note_exception(thrown_at::mcp);
      return not_carried_out(shown);
    }
  }

  static std::string not_carried_out(json::value const& id) {
    return error_text(id, code::internal, "the request was not carried out");
  }

  bool is_cancelled(std::string const& id) {
    std::lock_guard const lock(guard_);
    return cancelled_.contains(id);
  }

  void write(std::string const& message) {
    std::lock_guard const lock(writing_);
    std::fwrite(message.data(), 1, message.size(), out_);
    std::fputc('\n', out_);
    std::fflush(out_);
  }

  static constexpr std::size_t queue_max = 1024;
  server& server_;
  std::FILE* const in_;
  std::FILE* const out_;
  stdio_settings const& set_;
  std::mutex guard_, writing_;
  std::condition_variable filled_, room_;
  peer client_;
  std::deque<json::value> waiting_;
  std::set<std::string> running_, cancelled_;
  bool is_over_ = false;
};

} // namespace

void serve_stdio(server& s, std::FILE* in, std::FILE* out, stdio_settings const& with) {
  connection(s, in, out, with).run();
}

} // namespace alloy::mcp
