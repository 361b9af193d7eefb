#include "auth/signing_keys.hpp"

#include "core/base64.hpp"

#include <boost/test/unit_test.hpp>
#include <fstream>
#include <iterator>
#include <sys/stat.h>
#include <unistd.h>

using namespace alloy;
using namespace alloy::auth;
namespace fs = std::filesystem;

namespace {

struct data_folder {
  fs::path path = fs::temp_directory_path() / ("alloy-keys-" + std::to_string(::getpid()));
  fs::path jwt = path / "keys" / "jwt-ed25519.pem", server = path / "keys" / "server.key";
  data_folder() { fs::remove_all(path); }
  ~data_folder() { fs::remove_all(path); }
  result<signing_keys> load(std::string const& private_pem = "", std::string const& public_pem = "") const {
    return signing_keys::load(private_pem, public_pem, path);
  }
  std::string refusal() const {
    auto const loaded = load();
    return loaded ? "" : loaded.error().detail;
  }
};

unsigned mode_of(fs::path const& path) {
  struct stat about {};
  BOOST_REQUIRE(::stat(path.c_str(), &about) == 0);
  return about.st_mode & 07777U;
}

std::string read(fs::path const& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void write(fs::path const& path, std::string const& content) {
  std::ofstream(path, std::ios::binary) << content;
}

} // namespace

BOOST_AUTO_TEST_SUITE(keys)

BOOST_AUTO_TEST_CASE(the_first_start_makes_keys_and_the_next_finds_them) {
  data_folder const data;
  auto const first = data.load();
  BOOST_TEST_REQUIRE(first.has_value(), data.refusal());
  BOOST_TEST(mode_of(data.path / "keys") == 0700U);
  BOOST_TEST(mode_of(data.jwt) == 0600U);
  BOOST_TEST(mode_of(data.server) == 0600U);
  BOOST_TEST(first->sealing_key().size() == 32U);
  auto const second = data.load().value();
  BOOST_TEST(second.kid() == first->kid());
  BOOST_TEST(second.sealing_key() == first->sealing_key());
  BOOST_TEST(first->jwt_key().verify("m", second.jwt_key().sign("m")));
  BOOST_TEST(first->kid() ==
             encode_base64url(crypto::view_of(crypto::sha256(first->jwt_key().public_bytes())).substr(0, 8)));
  // Nothing is left beside them.
  BOOST_TEST(std::distance(fs::directory_iterator(data.path / "keys"), {}) == 3);
}

BOOST_AUTO_TEST_CASE(keys_from_the_settings_are_used_and_not_written) {
  data_folder const data;
  auto const given = crypto::ed25519_key::generate();
  auto const loaded = data.load(given.private_pem(), given.public_pem()).value();
  BOOST_TEST(loaded.jwt_key().public_bytes() == given.public_bytes());
  BOOST_TEST(!fs::exists(data.jwt));
  BOOST_TEST(fs::exists(data.server));
}

BOOST_AUTO_TEST_CASE(halves_that_do_not_fit_are_refused) {
  data_folder const data;
  auto const one = crypto::ed25519_key::generate();
  auto const other = crypto::ed25519_key::generate();
  BOOST_TEST(
      data.load("", one.public_pem()).error().detail.starts_with("jwt_public_key is given without jwt_private_key"));
  BOOST_TEST(data.load(one.private_pem(), other.public_pem()).error().detail ==
             "jwt_public_key is not the public half of jwt_private_key");
  BOOST_TEST(data.load("rubbish").error().detail == "jwt_private_key: not a PEM private key without passphrase");
  BOOST_TEST(
      data.load(one.private_pem(), "rubbish").error().detail.starts_with("jwt_public_key: not a PEM public key"));
  BOOST_TEST(!fs::exists(data.path));
}

BOOST_AUTO_TEST_CASE(files_that_others_may_use_are_refused) {
  data_folder const data;
  BOOST_REQUIRE(data.load().has_value());
  for (auto const& path : {data.jwt, data.server})
    for (unsigned const mode : {0640U, 0604U, 0620U, 0601U}) {
      ::chmod(path.c_str(), mode);
      auto const why = data.refusal();
      BOOST_TEST(why.starts_with(path.string() + ": has mode 06"), why);
      BOOST_TEST(why.ends_with("run chmod 600 on it"), why);
      ::chmod(path.c_str(), 0600);
    }
  BOOST_TEST(data.load().has_value());
}

BOOST_AUTO_TEST_CASE(a_folder_that_others_may_enter_gets_no_keys) {
  data_folder const data;
  fs::create_directories(data.path / "keys");
  ::chmod((data.path / "keys").c_str(), 0755);
  BOOST_TEST(data.refusal().ends_with("has mode 0755, so others may enter; run chmod 700 on it"));
  BOOST_TEST(!fs::exists(data.jwt));
}

BOOST_AUTO_TEST_CASE(a_folder_of_keys_that_was_opened_to_others_is_refused) {
  data_folder const data;
  BOOST_REQUIRE(data.load().has_value());
  for (unsigned const mode : {0750U, 0705U, 0710U}) {
    ::chmod((data.path / "keys").c_str(), mode);
    BOOST_TEST(data.refusal().ends_with("so others may enter; run chmod 700 on it"), data.refusal());
  }
  ::chmod((data.path / "keys").c_str(), 0700);
  BOOST_TEST(data.load().has_value(), data.refusal());
}

BOOST_AUTO_TEST_CASE(damaged_files_are_refused_and_kept) {
  data_folder const data;
  BOOST_REQUIRE(data.load().has_value());
  auto const pem = read(data.jwt), server = read(data.server);
  for (auto const& bad : {std::string(), pem.substr(0, 60), std::string("x"), std::string(20000, 'x')}) {
    write(data.jwt, bad);
    BOOST_TEST(data.refusal().starts_with(data.jwt.string() + ": "));
    BOOST_TEST(read(data.jwt) == bad);
  }
  write(data.jwt, pem);
  for (auto const& bad :
       {std::string(), server.substr(0, 64), server.substr(1), "g" + server.substr(1), server + "\n"}) {
    write(data.server, bad);
    BOOST_TEST(data.refusal().starts_with(data.server.string() + ": is damaged"));
    BOOST_TEST(read(data.server) == bad);
  }
  write(data.server, server);
  BOOST_TEST(data.load().has_value());
}

BOOST_AUTO_TEST_CASE(links_and_folders_are_no_keys) {
  data_folder const data;
  BOOST_REQUIRE(data.load().has_value());
  fs::rename(data.jwt, data.path / "elsewhere.pem");
  fs::create_symlink(data.path / "elsewhere.pem", data.jwt);
  BOOST_TEST(data.refusal().ends_with("is a symbolic link; a key must be a plain file"));
  fs::remove(data.jwt);
  fs::create_directory(data.jwt);
  BOOST_TEST(data.refusal().ends_with("is not a plain file"));
}

BOOST_AUTO_TEST_CASE(what_a_crash_left_beside_does_no_harm) {
  data_folder const data;
  fs::create_directories(data.path / "keys");
  ::chmod((data.path / "keys").c_str(), 0700);
  write(data.jwt.string() + "." + std::to_string(::getpid()) + ".tmp", "half a key");
  BOOST_TEST(data.load().has_value(), data.refusal());
}

BOOST_AUTO_TEST_SUITE_END()
