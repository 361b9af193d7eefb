#include "core/settings.hpp"

#include "core/settings_table.hpp"

#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>
#include <functional>
#include <set>
#include <unistd.h>

using namespace alloy;
namespace fs = std::filesystem;

namespace {

struct folder {
  fs::path path = fs::temp_directory_path() / ("alloy-settings-" + std::to_string(::getpid()));
  folder() {
    fs::remove_all(path);
    fs::create_directories(path);
  }
  ~folder() { fs::remove_all(path); }
  std::string file(std::string const& name, std::string const& content) const {
    std::ofstream(path / name, std::ios::binary) << content;
    fs::permissions(path / name, fs::perms::owner_read | fs::perms::owner_write);
    return (path / name).string();
  }
};

std::size_t row_of(std::string_view key) {
  for (std::size_t i = 0; i < setting_rows().size(); ++i)
    if (setting_rows()[i].key == key) return i;
  throw std::logic_error("no such setting");
}

// Three values of a row that are valid, differ, and are not the default.
std::vector<std::string> values_of(setting_row const& row) {
  if (!row.choices.empty()) {
    std::vector<std::string> values;
    for (std::string_view rest = row.choices; !rest.empty();
         rest.remove_prefix(std::min(rest.find('|') + 1, rest.size()))) {
      auto const one = rest.substr(0, rest.find('|'));
      values.emplace_back(one);
      if (rest.find('|') == rest.npos) break;
    }
    // A choice of three has but two that are no default: the weakest source then says the default itself.
    std::rotate(values.begin(), std::find(values.begin(), values.end(), row.default_value) + 1, values.end());
    return {values[0], values[1], values[2 % values.size()]};
  }
  if (std::holds_alternative<std::int64_t settings::*>(row.member)) {
    std::vector<std::string> values;
    for (auto v = row.least; values.size() < 3; ++v)
      if (std::to_string(v) != row.default_value) values.push_back(std::to_string(v));
    return values;
  }
  if (row.key == "bind") return {"0.0.0.0", "::1", "10.0.0.1"};
  if (row.key == "public_url" || row.key == "cors_allowed_origins")
    return {"https://a.dev", "https://b.dev", "http://c.dev:81"};
  // There is but one that is not the default: the weakest source then says the default itself.
  if (std::holds_alternative<bool settings::*>(row.member)) return {"true", "false", "true"};
  if (row.key == "details_networks" || row.key == "trusted_proxies") return {"10.0.0.0/8", "fd00::/8,::1", "192.0.2.1"};
  if (row.key == "operators") return {"a@b.example", "c@d.example,e@f.example", "g@h.example"};
  if (row.key == "webhook_schemes") return {"http", "http,https", "https,http"};
  if (row.key == "webhook_ports" || row.key == "webhook_retry_seconds") return {"1", "2,3", "443"};
  return {"first", "second", "third"};
}

// Settings that must stand beside this one for the whole to be valid.
environment_list companions(std::string_view key) {
  if (key == "tls_certificate_file") return {{"ALLOY_TLS_KEY_FILE", "k"}};
  if (key == "tls_key_file") return {{"ALLOY_TLS_CERTIFICATE_FILE", "c"}};
  if (key == "jwt_public_key") return {{"ALLOY_JWT_PRIVATE_KEY", "p"}};
  if (key == "proxy_protocol") return {{"ALLOY_TRUSTED_PROXIES", "192.0.2.1"}};
  if (key == "page_limit_max") return {{"ALLOY_PAGE_LIMIT_DEFAULT", "1"}};
  return {};
}

std::string faults_of(result<loaded_settings> const& loaded) {
  return loaded ? "none" : loaded.error().detail;
}

} // namespace

BOOST_AUTO_TEST_SUITE(settings_suite)

BOOST_AUTO_TEST_CASE(flag_beats_environment_beats_file_beats_default_for_every_key) {
  folder const here;
  for (std::size_t i = 0; i < setting_rows().size(); ++i) {
    auto const& row = setting_rows()[i];
    BOOST_TEST_CONTEXT(row.key) {
      auto const values = values_of(row);
      // A secret comes by flag as the name of a file.
      auto const flag = row.secret() ? flag_name(row) + "-file=" + here.file("secret", values[0] + "\n")
                                     : flag_name(row) + "=" + values[0];
      auto const config = here.file("some.conf", "# one key\n" + std::string(row.key) + " = " + values[2] + "\n");
      for (unsigned given = 0; given < 8; ++given) {
        std::vector<std::string> flags;
        auto environment = companions(row.key);
        if ((given & 1U) != 0) flags.push_back(flag);
        if ((given & 2U) != 0) environment.emplace_back(environment_name(row), values[1]);
        if ((given & 4U) != 0)
          environment.emplace_back("ALLOY_CONFIG", config);
        else
          environment.emplace_back("ALLOY_CONFIG", here.file("empty.conf", ""));
        auto const loaded = load_settings(flags, environment);
        auto const source = (given & 1U) != 0   ? setting_source::flag
                            : (given & 2U) != 0 ? setting_source::environment
                            : (given & 4U) != 0 ? setting_source::file
                                                : setting_source::default_value;
        // Half a TLS pair without its other half is a fault of its own, tested below.
        if (source == setting_source::default_value && !companions(row.key).empty() && row.key.starts_with("tls_"))
          continue;
        BOOST_TEST_REQUIRE(loaded.has_value(), faults_of(loaded));
        auto const wanted = source == setting_source::flag          ? values[0]
                            : source == setting_source::environment ? values[1]
                            : source == setting_source::file        ? values[2]
                            : row.key == "public_url"               ? "http://localhost:3000"
                                                                    : std::string(row.default_value);
        BOOST_TEST(setting_text(row, loaded->values) == wanted);
        BOOST_TEST((loaded->origins[i].source == source));
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(every_member_has_exactly_one_row) {
  std::size_t bytes = 0;
  std::set<std::string_view> keys;
  std::set<std::string> environment;
  for (auto const& row : setting_rows()) {
    bytes += std::visit([](auto member) { return (sizeof(settings{}.*member) + 7) / 8 * 8; }, row.member);
    keys.insert(row.key);
    environment.insert(environment_name(row));
    BOOST_TEST(!row.description.empty());
    // The default is itself a valid value.
    settings any;
    BOOST_TEST(assign_setting(row, any, row.default_value).has_value(), row.key);
  }
  BOOST_TEST(bytes == sizeof(settings));
  BOOST_TEST(keys.size() == setting_rows().size());
  BOOST_TEST(environment.size() == setting_rows().size());
}

BOOST_AUTO_TEST_CASE(names_follow_from_the_key) {
  auto const& row = setting_rows()[row_of("body_max_bytes")];
  BOOST_TEST(environment_name(row) == "ALLOY_BODY_MAX_BYTES");
  BOOST_TEST(flag_name(row) == "--body-max-bytes");
  BOOST_TEST(environment_name(setting_rows()[row_of("port")]) == "PORT");
  BOOST_TEST(settings().port == 3000);
  BOOST_TEST((settings().registration == registration_mode::open));
}

BOOST_AUTO_TEST_CASE(numbers_are_checked_at_their_bounds) {
  for (auto const& row : setting_rows()) {
    if (!std::holds_alternative<std::int64_t settings::*>(row.member)) continue;
    BOOST_TEST_CONTEXT(row.key) {
      settings s;
      BOOST_TEST(assign_setting(row, s, std::to_string(row.least)).has_value());
      BOOST_TEST(assign_setting(row, s, std::to_string(row.greatest)).has_value());
      BOOST_TEST(assign_setting(row, s, std::to_string(row.least - 1)).has_error());
      if (row.greatest < std::numeric_limits<std::int64_t>::max())
        BOOST_TEST(assign_setting(row, s, std::to_string(row.greatest + 1)).has_error());
      for (auto const* bad :
           {"", " ", "x", "1x", "1.5", "+1", "0x10", "1e3", "99999999999999999999", "9999999999GiB", "KiB"})
        BOOST_TEST(assign_setting(row, s, bad).has_error(), bad);
    }
  }
  settings s;
  auto const& bytes = setting_rows()[row_of("block_cache_bytes")];
  BOOST_TEST(assign_setting(bytes, s, "64MiB").has_value());
  BOOST_TEST(s.block_cache_bytes == 64 * 1024 * 1024);
  BOOST_TEST(assign_setting(setting_rows()[row_of("port")], s, "3KiB").has_error());
}

BOOST_AUTO_TEST_CASE(texts_are_checked_by_their_kind) {
  settings s;
  auto const good = [&](char const* key, char const* text) {
    return assign_setting(setting_rows()[row_of(key)], s, text).has_value();
  };
  BOOST_TEST(good("bind", "::"));
  for (auto const* bad : {"", "localhost", "127.1", "1.2.3", "1.2.3.4:80", "0x7f000001"})
    BOOST_TEST(!good("bind", bad), bad);
  BOOST_TEST(good("public_url", "https://alloy.dev/base"));
  for (auto const* bad : {"alloy.dev", "ftp://a", "https://", "https://a/", "https://a?b", "http:///x", "https://u@h"})
    BOOST_TEST(!good("public_url", bad), bad);
  BOOST_TEST(good("cors_allowed_origins", "https://a.dev, http://localhost:5173"));
  BOOST_TEST(s.cors_allowed_origins.size() == 2U);
  BOOST_TEST(good("cors_allowed_origins", "*"));
  for (auto const* bad : {"a.dev", "https://a.dev/path", "https://a.dev,,https://b.dev", "null"})
    BOOST_TEST(!good("cors_allowed_origins", bad), bad);
  BOOST_TEST(good("registration", "invite_only"));
  for (auto const* bad : {"", "Open", "closed", "open|disabled"}) BOOST_TEST(!good("registration", bad), bad);
  BOOST_TEST(!good("jwt_issuer", ""));
}

BOOST_AUTO_TEST_CASE(unknown_names_are_errors_with_a_suggestion) {
  folder const here;
  auto const config = here.file("alloy.conf", "bodymax_bytes = 5\nport 80\nport = 81\nport = 82\nbind = \"x\n");
  auto const loaded =
      load_settings({"--prot=1", "--bind", "0.0.0.0", "stray", "--bind"}, {{"ALLOY_REGISTRATON", "open"},
                                                                           {"ALLOY_CONFIG", config},
                                                                           {"ALLOY_TOKEN", "t"},
                                                                           {"ALLOY_API_URL", "u"},
                                                                           {"ALLOY_API_TOKEN", "t"},
                                                                           {"ALLOY_PROJECT_ID", "p"},
                                                                           {"ALLOY_USER_ID", "u"},
                                                                           {"ALLOY_URL", "u"},
                                                                           {"HOME", "/"},
                                                                           {"ALLOY_ZZZZZZZZZZZZ", "1"},
                                                                           {"ALLOY_PORT", "1"}});
  BOOST_REQUIRE(loaded.has_error());
  auto const& text = loaded.error().detail;
  for (auto const* wanted :
       {"--prot: is not a setting; did you mean --port?", "stray: is not a flag", "--bind: needs a value",
        "ALLOY_REGISTRATON: is not a setting; did you mean ALLOY_REGISTRATION?", "ALLOY_ZZZZZZZZZZZZ: is not a setting",
        "alloy.conf:1: bodymax_bytes is not a setting; did you mean body_max_bytes?",
        "alloy.conf:2: is not `key = value`", "alloy.conf:4: port was set before, at ",
        "alloy.conf:5: has a quote without end"})
    BOOST_TEST(text.find(wanted) != text.npos, wanted << " in\n" << text);
  BOOST_TEST(loaded.error().faults.size() == 10U);
}

BOOST_AUTO_TEST_CASE(the_file_takes_comments_and_quotes) {
  folder const here;
  auto const good = here.file(
      "b.conf", "  # comment\r\n\r\n port =  8080   # why\r\njwt_issuer = \" a # b \" # c\r\njwt_audience=x#y\r\n");
  auto const loaded = load_settings({"--config=" + good}, {{"ALLOY_CONFIG", "/nowhere"}});
  BOOST_TEST_REQUIRE(loaded.has_value(), faults_of(loaded));
  BOOST_TEST(loaded->values.port == 8080);
  BOOST_TEST(loaded->values.jwt_issuer == " a # b ");
  BOOST_TEST(loaded->values.jwt_audience == "x#y");
  BOOST_TEST(loaded->origins[row_of("port")].where == good + ":3");
  BOOST_TEST(loaded->config_file == good);
}

BOOST_AUTO_TEST_CASE(the_default_file_lies_in_the_data_folder_and_need_not_be_there) {
  folder const here;
  auto const data = here.path.string();
  BOOST_TEST(load_settings({"--data-dir", data}, {})->config_file.empty());
  here.file("alloy.conf", "port = 7\n");
  BOOST_TEST(load_settings({"--data-dir", data}, {})->values.port == 7);
  BOOST_TEST(load_settings({}, {{"ALLOY_DATA_DIR", data}})->values.port == 7);
  here.file("alloy.conf", "data_dir = /elsewhere\n");
  BOOST_TEST(load_settings({"--data-dir", data}, {}).has_error());
  auto const missing = load_settings({"--config", data + "/none.conf"}, {});
  BOOST_REQUIRE(missing.has_error());
  BOOST_TEST(missing.error().detail == data + "/none.conf: cannot be read: No such file or directory");
  BOOST_TEST(load_settings({"--config", data}, {}).error().detail == data + ": is a folder");
}

BOOST_AUTO_TEST_CASE(a_byte_order_mark_is_no_part_of_a_file) {
  folder const here;
  std::string const mark = "\xef\xbb\xbf";
  for (std::string const text : {"port = 8080\n", "# why\nport = 8080\n", "\r\nport = 8080"}) {
    auto const loaded = load_settings({"--config", here.file("a.conf", mark + text)}, {});
    BOOST_TEST_REQUIRE(loaded.has_value(), faults_of(loaded));
    BOOST_TEST(loaded->values.port == 8080);
  }
  auto const key = here.file("key.pem", mark + "-----BEGIN-----\nabc\n-----END-----\n");
  BOOST_TEST(load_settings({}, {{"ALLOY_JWT_PRIVATE_KEY_FILE", key}})->values.jwt_private_key ==
             "-----BEGIN-----\nabc\n-----END-----");
  for (std::string const& bad : {mark + mark + "port = 8080\n", "port = 8080\n" + mark + "bind = ::\n"}) // once, first
    BOOST_TEST(load_settings({"--config", here.file("b.conf", bad)}, {}).has_error());
}

BOOST_AUTO_TEST_CASE(an_empty_variable_counts_as_not_set) {
  BOOST_TEST(load_settings({}, {{"PORT", ""}, {"ALLOY_BIND", ""}})->values.port == 3000);
}

BOOST_AUTO_TEST_CASE(secrets_come_from_files_and_never_from_flags) {
  folder const here;
  auto const key = here.file("key.pem", "-----BEGIN-----\nabc\n-----END-----\n\n");
  auto const by_file = load_settings({}, {{"ALLOY_JWT_PRIVATE_KEY_FILE", key}});
  BOOST_TEST(by_file->values.jwt_private_key == "-----BEGIN-----\nabc\n-----END-----");
  BOOST_TEST(
      load_settings({"--config", here.file("c.conf", "jwt_private_key_file = " + key)}, {})->values.jwt_private_key ==
      by_file->values.jwt_private_key);
  auto const flag = load_settings({"--jwt-private-key", "k"}, {});
  BOOST_REQUIRE(flag.has_error());
  BOOST_TEST(flag.error().detail.find("use --jwt-private-key-file or ALLOY_JWT_PRIVATE_KEY") != std::string::npos);
  BOOST_TEST(flag.error().detail.find("k:") == std::string::npos);
  auto const both = load_settings({}, {{"ALLOY_JWT_PRIVATE_KEY_FILE", key}, {"ALLOY_JWT_PRIVATE_KEY", "x"}});
  BOOST_TEST(both.error().detail == "ALLOY_JWT_PRIVATE_KEY: and ALLOY_JWT_PRIVATE_KEY_FILE are both given");
  BOOST_TEST(load_settings({}, {{"ALLOY_JWT_PRIVATE_KEY_FILE", "/none"}}).error().detail ==
             "ALLOY_JWT_PRIVATE_KEY_FILE: /none cannot be read: No such file or directory");
  // Only secrets have the variant.
  BOOST_TEST(load_settings({}, {{"ALLOY_BIND_FILE", key}}).has_error());
}

BOOST_AUTO_TEST_CASE(a_secret_that_others_may_read_is_refused) {
  folder const here;
  auto const key = here.file("key.pem", "k");
  auto const conf = here.file("c.conf", "jwt_private_key = k");
  for (auto const mode : {fs::perms::group_read, fs::perms::others_read, fs::perms::group_write}) {
    fs::permissions(key, fs::perms::owner_read | mode);
    auto const by_file = faults_of(load_settings({}, {{"ALLOY_JWT_PRIVATE_KEY_FILE", key}}));
    BOOST_TEST(by_file.find(key + " has mode 04") != std::string::npos, by_file);
    BOOST_TEST(by_file.find("chmod 600") != std::string::npos, by_file);
    fs::permissions(conf, fs::perms::owner_read | mode);
    BOOST_TEST(load_settings({"--config", conf}, {}).has_error()); // written into the config file, that is the secret
  }
  fs::permissions(key, fs::perms::owner_read);
  BOOST_TEST(faults_of(load_settings({}, {{"ALLOY_JWT_PRIVATE_KEY_FILE", key}})) == "none");
  auto const open = here.file("open.conf", "port = 3001");
  fs::permissions(open, fs::perms::all);
  BOOST_TEST(faults_of(load_settings({"--config", open}, {})) == "none"); // no secret is in it
}

BOOST_AUTO_TEST_CASE(a_fault_in_a_weaker_source_is_still_a_fault) {
  auto const loaded = load_settings({"--port", "80"}, {{"PORT", "eighty"}});
  BOOST_REQUIRE(loaded.has_error());
  BOOST_TEST(loaded.error().detail == "PORT: must be a whole number");
}

BOOST_AUTO_TEST_CASE(settings_that_contradict_each_other_are_refused) {
  environment_list const pairs[] = {{{"ALLOY_TLS_KEY_FILE", "k"}},      {{"ALLOY_TLS_CERTIFICATE_FILE", "c"}},
                                    {{"ALLOY_JWT_PUBLIC_KEY", "k"}},    {{"ALLOY_PAGE_LIMIT_MAX", "10"}},
                                    {{"ALLOY_PROXY_PROTOCOL", "true"}}, {{"ALLOY_METRICS_PORT", "3000"}}};
  for (auto const& pair : pairs) BOOST_TEST(load_settings({}, pair).has_error(), pair.front().first);
  BOOST_TEST(load_settings({}, {{"ALLOY_TLS_KEY_FILE", "k"}, {"ALLOY_TLS_CERTIFICATE_FILE", "c"}})->values.public_url ==
             "https://localhost:3000");
}

BOOST_AUTO_TEST_CASE(show_names_the_source_and_hides_secrets) {
  auto const loaded = load_settings({"--bind", "::1"}, {{"ALLOY_JWT_PRIVATE_KEY", "very-secret"}, {"PORT", "81"}});
  auto const shown = show_settings(*loaded);
  BOOST_TEST(shown.find("very-secret") == shown.npos);
  BOOST_TEST(shown.find("crash_point") == shown.npos);
  auto const line = [&](std::string const& key) {
    auto const at = shown.find("\n" + key + " ") + 1;
    std::string words;
    for (char const c : shown.substr(at, shown.find('\n', at) - at))
      if (c != ' ' || !words.ends_with(' ')) words += c;
    return words;
  };
  BOOST_TEST(line("jwt_private_key") == "jwt_private_key ******** environment ALLOY_JWT_PRIVATE_KEY");
  BOOST_TEST(line("port") == "port 81 environment PORT");
  BOOST_TEST(line("bind") == "bind ::1 flag --bind");
  BOOST_TEST(line("public_url") == "public_url http://localhost:81 default");
  BOOST_TEST(line("jwt_public_key") == "jwt_public_key default");
  // Aligned: the third column begins in one place.
  auto const column = shown.find("SOURCE");
  BOOST_TEST(shown.substr(shown.find("\nio_threads") + 1).find("default") == column);
  BOOST_TEST(show_settings(*load_settings({"--crash-point=x"}, {})).find("crash_point") != std::string::npos);
  auto const help = describe_settings();
  BOOST_TEST(help.find("--jwt-private-key-file") != help.npos);
  BOOST_TEST(help.find("open|invite_only|disabled") != help.npos);
}

BOOST_AUTO_TEST_CASE(the_environment_of_the_process_can_be_read) {
  ::setenv("ALLOY_TEST_MARK", "a=b", 1);
  auto const all = process_environment();
  ::unsetenv("ALLOY_TEST_MARK");
  BOOST_TEST(
      (std::find(all.begin(), all.end(), std::pair<std::string, std::string>("ALLOY_TEST_MARK", "a=b")) != all.end()));
}

BOOST_AUTO_TEST_SUITE_END()
