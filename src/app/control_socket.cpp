#include "app/control_socket.hpp"

#include "core/exceptions.hpp"
#include "core/log.hpp"

#include <cerrno>
#include <chrono>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <poll.h>
#include <stdexcept>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace alloy {
namespace {

constexpr int backlog = 16;
constexpr std::int64_t no_end = -1;

std::runtime_error failed(std::string const& what) {
  return std::runtime_error(what + ": " + std::strerror(errno));
}

struct descriptor {
  int number = -1;
  explicit descriptor(int n) : number(n) {}
  ~descriptor() {
    if (number >= 0) ::close(number);
  }
  descriptor(descriptor const&) = delete;
  descriptor& operator=(descriptor const&) = delete;
};

std::string path_in(std::string const& folder) {
  return folder + "/control.sock";
}

// Calls `use` with the socket's address. The kernel takes some 107 bytes of a path: a longer one is gone by way of an
// open descriptor of its folder, which the kernel looks up as it looks up any path.
template <class Use> int with_address(std::string const& folder, Use const& use) {
  sockaddr_un at{};
  at.sun_family = AF_UNIX;
  auto path = path_in(folder);
  descriptor const held(path.size() < sizeof at.sun_path ? -1
                                                         : ::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (path.size() >= sizeof at.sun_path) {
    if (held.number < 0) return -1;
    path = path_in("/proc/self/fd/" + std::to_string(held.number));
  }
  std::memcpy(at.sun_path, path.data(), path.size());
  return use(reinterpret_cast<sockaddr const*>(&at), static_cast<socklen_t>(sizeof at));
}

int open_socket() {
  int const made = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (made < 0) throw failed("no Unix socket can be made");
  return made;
}

std::int64_t now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

// False where the other side is gone or takes nothing for as long as a request may take.
bool send_line(int to, std::string line) {
  line += '\n';
  for (std::string_view left = line; !left.empty();) {
    auto const sent = ::send(to, left.data(), left.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    left.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

void limit_waits(int connection) {
  timeval const limit{control_request_ms / 1000, control_request_ms % 1000 * 1000};
  ::setsockopt(connection, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

bool is_trusted(int connection) {
  ucred who{};
  socklen_t size = sizeof who;
  if (::getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &who, &size) != 0) return false;
  if (who.uid == 0 || who.uid == ::geteuid()) return true;
  log::warn("a stranger spoke to the control socket", {{"uid", who.uid}, {"pid", who.pid}});
  return false;
}

// Takes a line out of what has been received. False where none is whole yet.
bool take_line(std::string& received, std::string& line) {
  auto const end = received.find('\n');
  if (end == std::string::npos) return false;
  line = received.substr(0, end);
  received.erase(0, end + 1);
  return true;
}

// False at the end of what comes.
bool receive_some(int from, std::string& into) {
  char bytes[4096];
  for (;;) {
    auto const got = ::recv(from, bytes, sizeof bytes, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    into.append(bytes, static_cast<std::size_t>(got));
    return true;
  }
}

} // namespace

control_socket::control_socket(std::string const& data_dir, control_commands commands)
    : data_dir_(data_dir), commands_(std::move(commands)) {
  std::error_code ignored;
  std::filesystem::remove(path_in(data_dir_), ignored);
  descriptor made(open_socket());
  // Before the file is there: it is never open to others, whatever the umask is.
  if (::fchmod(made.number, 0600) != 0) throw failed("the control socket's mode cannot be set");
  if (with_address(data_dir_, [&](auto const* at, auto size) { return ::bind(made.number, at, size); }) != 0 ||
      ::listen(made.number, backlog) != 0)
    throw failed(path_in(data_dir_) + " cannot be listened on");
  stopping_ = ::eventfd(0, EFD_CLOEXEC);
  if (stopping_ < 0) throw failed("no eventfd can be made");
  listening_ = std::exchange(made.number, -1);
  thread_ = std::thread([this] { run(); });
}

control_socket::~control_socket() {
  stop();
}

void control_socket::stop() {
  if (!thread_.joinable()) return;
  ::eventfd_write(stopping_, 1);
  thread_.join();
  ::close(listening_);
  ::close(stopping_);
  std::error_code ignored;
  std::filesystem::remove(path_in(data_dir_), ignored);
}

// False where time is over or the server stops.
bool control_socket::wait_readable(int descriptor, std::int64_t until_ms) const {
  for (;;) {
    pollfd watched[2] = {{descriptor, POLLIN, 0}, {stopping_, POLLIN, 0}};
    auto const left = until_ms == no_end ? no_end : until_ms - now_ms();
    if (until_ms != no_end && left <= 0) return false;
    int const ready = ::poll(watched, 2, static_cast<int>(left));
    if (ready < 0 && errno == EINTR) continue;
    return ready > 0 && watched[1].revents == 0;
  }
}

void control_socket::run() {
  while (wait_readable(listening_, no_end)) {
    descriptor const connection(::accept4(listening_, nullptr, nullptr, SOCK_CLOEXEC));
    if (connection.number < 0) {
      if (errno == EMFILE || errno == ENFILE) std::this_thread::sleep_for(std::chrono::milliseconds(100));
      continue;
    }
    contained(thrown_at::control, [&] {
      if (is_trusted(connection.number)) serve(connection.number);
    });
  }
}

void control_socket::serve(int connection) {
  limit_waits(connection);
  auto const until_ms = now_ms() + control_request_ms;
  std::string received, line;
  while (!take_line(received, line)) {
    if (received.size() > control_request_bytes_max) {
      send_line(connection, json::to_string(control_answer{"failed", "the request is too long"}));
      return;
    }
    if (!wait_readable(connection, until_ms) || !receive_some(connection, received)) return;
  }
  bool is_there = true;
  auto const last = answer(line, [&](std::string_view text) {
    is_there = is_there && send_line(connection, json::to_string(control_answer{"progress", std::string(text)}));
  });
  if (is_there) send_line(connection, json::to_string(last));
}

control_answer control_socket::answer(std::string_view line, control_teller const& tell) const {
  std::string why = "the command was not carried out";
  try {
    auto const asked = json::read<control_request>(line, json::unknown_fields::refuse, 4);
    if (!asked) return {"failed", "this is no request: " + asked.error().detail};
    auto const found = commands_.find(asked->command);
    if (found == commands_.end()) return {"failed", "this server knows no command " + asked->command};
    return {"done", found->second(asked->arguments, tell)};
  } catch (control_refusal const& refused) {
    return {"failed", refused.what()};
  } catch (std::exception const& failed) {
    why = failed.what();
    note_exception(thrown_at::control);
  } catch (...) {
    note_exception(thrown_at::control);
  }
  return {"failed", why};
}

std::optional<std::string> ask_server(std::string const& data_dir, control_request const& request,
                                      control_teller const& tell) {
  descriptor const server(open_socket());
  if (with_address(data_dir, [&](auto const* at, auto size) { return ::connect(server.number, at, size); }) != 0) {
    if (errno == ENOENT || errno == ENOTDIR || errno == ECONNREFUSED) return std::nullopt;
    if (errno == EACCES || errno == EPERM) throw std::runtime_error("the server cannot be asked; are you its user?");
    throw failed("the server cannot be asked");
  }
  limit_waits(server.number);
  std::string received, line;
  if (send_line(server.number, json::to_string(request)))
    for (;;) {
      if (!take_line(received, line)) {
        if (received.size() > control_answer_bytes_max || !receive_some(server.number, received)) break;
        continue;
      }
      auto const got = json::stored<control_answer>(line);
      if (got.kind == "done") return got.text;
      if (got.kind == "failed") throw std::runtime_error(got.text);
      if (tell) tell(got.text);
    }
  throw std::runtime_error("the server ended before it had answered");
}

} // namespace alloy
