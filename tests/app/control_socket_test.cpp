#include "app/control_socket.hpp"

#include "tests/support/scratch_folder.hpp"

#include <boost/test/unit_test.hpp>
#include <cstring>
#include <filesystem>
#include <new>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

using namespace alloy;

namespace {

control_commands commands() {
  control_commands all;
  all.emplace("echo", [](auto const& words, auto const& tell) {
    for (auto const& word : words) tell(word);
    return std::to_string(words.size());
  });
  all.emplace("fail", [](auto const&, auto const&) -> std::string { throw std::runtime_error("it cannot be done"); });
  all.emplace("starve", [](auto const&, auto const&) -> std::string { throw std::bad_alloc(); });
  all.emplace("throw", [](auto const&, auto const&) -> std::string { throw 1; });
  return all;
}

std::string why_not(std::string const& folder, std::string const& command) {
  try {
    ask_server(folder, {command, {}}, {});
  } catch (std::exception const& failed) {
    return failed.what();
  }
  return "it did not fail";
}

struct fixture {
  tests::scratch_folder scratch;
  std::string folder = scratch / "data";
  fixture() { std::filesystem::create_directories(folder); }
};

// Bytes as they stand; everything that comes back until the server closes the connection.
std::string send_raw(std::string const& folder, std::string_view bytes) {
  int const s = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un at{};
  at.sun_family = AF_UNIX;
  auto const path = folder + "/control.sock";
  std::memcpy(at.sun_path, path.data(), path.size());
  BOOST_REQUIRE(::connect(s, reinterpret_cast<sockaddr const*>(&at), sizeof at) == 0);
  while (!bytes.empty()) {
    auto const sent = ::send(s, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) break;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  ::shutdown(s, SHUT_WR);
  std::string got;
  char some[1024];
  for (ssize_t n = 0; (n = ::recv(s, some, sizeof some, 0)) > 0;) got.append(some, static_cast<std::size_t>(n));
  ::close(s);
  return got;
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(control_sockets, fixture)

BOOST_AUTO_TEST_CASE(a_command_is_answered_with_its_progress_and_its_end) {
  control_socket const door(folder, commands());
  std::vector<std::string> told;
  auto const done = ask_server(folder, {"echo", {"one", "two\nlines"}}, [&](auto t) { told.emplace_back(t); });
  BOOST_TEST(done.value() == "2");
  BOOST_TEST(told == (std::vector<std::string>{"one", "two\nlines"}));
}

BOOST_AUTO_TEST_CASE(no_exception_of_a_command_ends_the_server) {
  control_socket const door(folder, commands());
  BOOST_TEST(why_not(folder, "fail") == "it cannot be done");
  BOOST_TEST(why_not(folder, "starve") != "it did not fail");
  BOOST_TEST(why_not(folder, "throw") == "the command was not carried out");
  BOOST_TEST(why_not(folder, "nonsense") == "this server knows no command nonsense");
  BOOST_TEST(ask_server(folder, {"echo", {}}, {}).value() == "0");
}

BOOST_AUTO_TEST_CASE(only_its_own_user_may_open_it) {
  control_socket const door(folder, commands());
  struct stat found {};
  BOOST_REQUIRE(::stat((folder + "/control.sock").c_str(), &found) == 0);
  BOOST_TEST((found.st_mode & 07777U) == 0600U);
  BOOST_TEST(S_ISSOCK(found.st_mode));
}

BOOST_AUTO_TEST_CASE(where_no_server_listens_there_is_no_answer) {
  BOOST_TEST(!ask_server(folder, {"echo", {}}, {}).has_value());
  BOOST_TEST(!ask_server(folder + "/absent", {"echo", {}}, {}).has_value());
  { control_socket const door(folder, commands()); }
  BOOST_TEST(!std::filesystem::exists(folder + "/control.sock"));
  BOOST_TEST(!ask_server(folder, {"echo", {}}, {}).has_value());
}

BOOST_AUTO_TEST_CASE(what_a_killed_server_left_behind_is_replaced) {
  int const s = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un at{};
  at.sun_family = AF_UNIX;
  auto const path = folder + "/control.sock";
  std::memcpy(at.sun_path, path.data(), path.size());
  BOOST_REQUIRE(::bind(s, reinterpret_cast<sockaddr const*>(&at), sizeof at) == 0);
  ::close(s);
  BOOST_TEST(!ask_server(folder, {"echo", {}}, {}).has_value());
  control_socket const door(folder, commands());
  BOOST_TEST(ask_server(folder, {"echo", {}}, {}).value() == "0");
}

BOOST_AUTO_TEST_CASE(a_folder_may_have_a_path_longer_than_the_address_of_a_socket) {
  std::string deep = folder;
  for (int i = 0; i < 10; ++i) deep += "/" + std::string(40, 'd');
  std::filesystem::create_directories(deep);
  control_socket const door(deep, commands());
  BOOST_TEST(ask_server(deep, {"echo", {"x"}}, {}).value() == "1");
  BOOST_TEST(std::filesystem::exists(deep + "/control.sock"));
}

BOOST_AUTO_TEST_CASE(what_is_no_request_is_refused_and_the_next_one_served) {
  control_socket const door(folder, commands());
  for (std::string const& bad : {std::string("nonsense\n"), std::string("[]\n"), std::string("{\"command\":1}\n"),
                                 std::string(70'000, 'x'), std::string(70'000, '[') + "\n"})
    BOOST_TEST(send_raw(folder, bad).starts_with("{\"kind\":\"failed\""));
  BOOST_TEST(send_raw(folder, "{\"command\":\"echo\"").empty()); // cut off
  BOOST_TEST(send_raw(folder, "").empty());
  BOOST_TEST(ask_server(folder, {"echo", {}}, {}).value() == "0");
}

BOOST_AUTO_TEST_SUITE_END()
