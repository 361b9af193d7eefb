#pragma once
// The door of whoever runs the machine: a Unix socket in the data folder, to which commands such as `alloy operator
// add` speak while the server runs. Only the server's own user and root are answered (the file's mode is 0600, and the
// kernel names the other side). One connection is one command: a line of JSON, control_request, is answered by lines of
// control_answer: any number of kind "progress", then one "done" or "failed". Connections are served one after the
// other on a thread of the socket's own, which no exception leaves; a request that is longer than
// control_request_bytes_max or does not come within control_request_ms ends its connection.
#include "core/json.hpp"

#include <functional>
#include <map>
#include <optional>
#include <stdexcept>
#include <thread>

namespace alloy {

inline constexpr std::size_t control_request_bytes_max = 64u << 10, control_answer_bytes_max = 16u << 20;
inline constexpr std::int64_t control_request_ms = 5000;

struct control_request {
  std::string command;
  std::vector<std::string> arguments;
};
BOOST_DESCRIBE_STRUCT(control_request, (), (command, arguments))

struct control_answer {
  std::string kind, text; // progress, done, failed
};
BOOST_DESCRIBE_STRUCT(control_answer, (), (kind, text))

// Shows a line of text to whoever asked; one who has gone is told nothing, and the command goes on.
using control_teller = std::function<void(std::string_view text)>;
// Thrown by a command that is refused, which is no fault of the server's: its log is not told.
struct control_refusal : std::runtime_error {
  using std::runtime_error::runtime_error;
};
// Answers the text of "done"; the words of an exception are that of "failed".
using control_command = std::function<std::string(std::vector<std::string> const& arguments, control_teller const&)>;
using control_commands = std::map<std::string, control_command, std::less<>>;

class control_socket {
 public:
  // Takes the place of a socket that a killed server left behind. REQUIRES: this process holds the store, so that no
  // other server is there.
  control_socket(std::string const& data_dir, control_commands commands);
  ~control_socket();
  control_socket(control_socket const&) = delete;
  control_socket& operator=(control_socket const&) = delete;

  void stop(); // after the command that is under way; the file goes away

 private:
  void run();
  void serve(int connection);
  control_answer answer(std::string_view line, control_teller const& tell) const;
  bool wait_readable(int descriptor, std::int64_t until_ms) const;

  std::string data_dir_;
  control_commands commands_;
  int listening_ = -1, stopping_ = -1;
  std::thread thread_;
};

// The other side: the text of "done". Nothing where no server listens in the folder; what failed is thrown.
std::optional<std::string> ask_server(std::string const& data_dir, control_request const& request,
                                      control_teller const& tell);

} // namespace alloy
