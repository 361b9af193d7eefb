#include "mcp/server.hpp"

#include <boost/test/unit_test.hpp>

namespace alloy::mcp {
namespace {

// Offers one tool, which says what it was given.
struct echo final : provider {
  std::string long_word = "tool";
  json::object info() const override { return {{"name", "echo"}, {"version", "1"}}; }
  std::string instructions() const override { return "say something"; }
  json::object capabilities(peer const&) const override { return {{"tools", json::object{}}}; }
  kept_text list_tools(call const&) override { return keep({{"tools", json::array{long_word}}}); }
  json::object call_tool(call const& c) override {
    c.progress(1, 2);
    c.log("info", "working");
    if (find_text(c.params, "name") == "fail") throw std::runtime_error("a secret");
    if (find_text(c.params, "name") == "no_memory") throw std::bad_alloc();
    if (find_text(c.params, "name") == "gather") c.spend(600);
    ++calls;
    return {{"content", json::array{text_content(json::serialize(c.params))}}};
  }
  json::object list_resources(call const&) override { return {}; }
  kept_text list_resource_templates(call const&) override { return keep({}); }
  json::object read_resource(call const&) override { return {}; }
  kept_text list_prompts(call const&) override { return keep({}); }
  json::object get_prompt(call const&) override { return {}; }
  json::object complete(call const&) override { return {}; }
  void subscribe(call const&, bool) override {}
  int calls = 0;
};

struct conversation {
  echo offered;
  server at{offered, {3, 2000}};
  peer client;
  std::vector<std::string> told;

  answer say(std::string_view text) {
    return at.handle_text(text, client, [this](std::string message) { told.push_back(std::move(message)); });
  }
  int refused(std::string_view text) {
    auto const a = json::parse(say(text).text).as_object();
    auto const* const error = find_object(a, "error");
    return error ? static_cast<int>(error->at("code").as_int64()) : 0;
  }
  json::object result(std::string_view text) { return json::parse(say(text).text).at("result").as_object(); }
};

std::string modern(std::string_view method, std::string_view params = "", std::string_view revision = "2026-07-28") {
  return R"({"jsonrpc":"2.0","id":1,"method":")" + std::string(method) + R"(","params":{)" + std::string(params) +
         R"("_meta":{"io.modelcontextprotocol/protocolVersion":")" + std::string(revision) +
         R"(","io.modelcontextprotocol/clientCapabilities":{}}}})";
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(mcp_server, conversation)

BOOST_AUTO_TEST_CASE(what_is_no_message_is_refused) {
  BOOST_TEST(refused("{") == code::parse_error);
  BOOST_TEST(refused(std::string(100'000, '[')) == code::parse_error);
  for (std::string_view const bad :
       {"[]", "1", "null", "{}", R"({"jsonrpc":"1.0","id":1,"method":"ping"})",
        R"({"jsonrpc":"2.0","id":[],"method":"ping"})", R"({"jsonrpc":"2.0","id":1,"method":1})",
        R"({"jsonrpc":"2.0","id":1,"method":"ping","params":[]})", R"({"jsonrpc":"2.0","id":1})"})
    BOOST_TEST(refused(bad) == code::invalid_request, bad);
  BOOST_TEST(refused(R"({"jsonrpc":"2.0","id":1,"method":"no/such"})") == code::method_not_found);
  BOOST_TEST(refused(R"({"jsonrpc":"2.0","id":1,"method":"prompts/list"})") == code::method_not_found); // not offered
}

BOOST_AUTO_TEST_CASE(a_number_without_a_fraction_is_an_integer) {
  auto const echoed = [&](std::string_view arguments) {
    auto const r = result(modern("tools/call", R"("name":"a","arguments":)" + std::string(arguments) + ","));
    auto const text = find_text(r.at("content").as_array().front().as_object(), "text");
    return json::serialize(json::parse(text).at("arguments"));
  };
  BOOST_TEST(echoed(R"({"limit":5.0,"in":[5e0,-2.0,{"deep":1.0E3}],"text":"5.0"})") ==
             R"({"limit":5,"in":[5,-2,{"deep":1000}],"text":"5.0"})");
  BOOST_TEST(echoed(R"({"a":2.5,"b":1e300})") == R"({"a":2.5E0,"b":1E300})");
  BOOST_TEST(json::parse(say(R"({"jsonrpc":"2.0","id":7.0,"method":"ping"})").text).at("id").as_int64() == 7);
  BOOST_TEST(refused(R"({"jsonrpc":"2.0","id":7.5,"method":"ping"})") == code::invalid_request);
}

BOOST_AUTO_TEST_CASE(a_byte_order_mark_before_a_message_is_skipped) {
  BOOST_TEST(refused("\xef\xbb\xbf{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}") == 0);
}

BOOST_AUTO_TEST_CASE(notifications_and_strange_answers_are_met_with_silence) {
  for (std::string_view const text :
       {R"({"jsonrpc":"2.0","method":"notifications/initialized"})", R"({"jsonrpc":"2.0","method":"no/such"})",
        R"({"jsonrpc":"2.0","id":"unasked","result":{}})"})
    BOOST_TEST(say(text).text == "", text);
}

// A tool that asks its client; whoever learns the question's id may send answers to it.
BOOST_AUTO_TEST_CASE(a_question_is_answered_by_the_credential_that_was_asked_and_by_no_other) {
  client.authorization = "Bearer hers";
  peer other;
  other.authorization = "Bearer theirs";
  sender const nowhere = [](std::string const&) {};
  auto const reply = [](std::string const& id, std::string_view who) {
    return R"({"jsonrpc":"2.0","id":")" + id + R"(","result":{"from":")" + std::string(who) + "\"}}";
  };
  std::string answered;
  sender const out = [&](std::string const& question) {
    std::string const id(json::parse(question).at("id").as_string());
    at.handle_text(reply(id, "a stranger"), other, nowhere);
    at.handle_text(reply(id, "herself"), client, nowhere);
    at.handle_text(reply(id, "herself, again"), client, nowhere);
  };
  call const c(at, client, "tools/call", {}, out, 1u << 20);
  BOOST_TEST(c.ask("elicitation/create", {}).at("from").as_string() == "herself");
}

BOOST_AUTO_TEST_CASE(batches_are_of_one_revision) {
  std::string_view const two =
      R"([{"jsonrpc":"2.0","id":1,"method":"ping"},{"jsonrpc":"2.0","method":"x"},{"jsonrpc":"2.0","id":2,"method":"ping"}])";
  BOOST_TEST(refused(two) == code::invalid_request);
  client.revision = "2025-03-26";
  BOOST_TEST(say(two).text == R"([{"jsonrpc":"2.0","id":1,"result":{}},{"jsonrpc":"2.0","id":2,"result":{}}])");
}

BOOST_AUTO_TEST_CASE(a_legacy_client_gets_the_revision_that_both_know) {
  auto const hello = [](std::string_view revision) {
    return R"({"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":")" + std::string(revision) +
           R"("}})";
  };
  BOOST_TEST(find_text(result(hello("2024-11-05")), "protocolVersion") == "2024-11-05");
  BOOST_TEST(find_text(result(hello("2099-01-01")), "protocolVersion") == "2025-11-25");
  BOOST_TEST(refused(R"({"jsonrpc":"2.0","id":1,"method":"initialize"})") == code::invalid_params);
}

BOOST_AUTO_TEST_CASE(a_modern_request_says_all_it_needs) {
  BOOST_TEST(refused(R"({"jsonrpc":"2.0","id":1,"method":"server/discover"})") == code::invalid_params);
  BOOST_TEST(refused(modern("server/discover", "", "2099-01-01")) == code::unsupported_version);
  for (std::string_view const gone : {"initialize", "ping", "logging/setLevel", "resources/subscribe"}) {
    BOOST_TEST(refused(modern(gone)) == code::method_not_found, gone);
    BOOST_TEST(say(modern(gone)).status == 404U);
  }
  auto const found = result(modern("server/discover"));
  BOOST_TEST(find_text(found, "resultType") == "complete");
  BOOST_TEST(find_text(found, "cacheScope") == "private");
  BOOST_TEST(found.at("supportedVersions").as_array().size() == 5U);
  client.revision = "2025-11-25"; // as the header has it
  BOOST_TEST(refused(modern("server/discover")) == code::header_mismatch);
}

BOOST_AUTO_TEST_CASE(a_client_is_told_on_the_way_only_what_it_asked_for) {
  say(R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x"}})");
  BOOST_TEST(told.size() == 1U); // a log line: a legacy client has no way to say that it wants none
  told.clear();
  say(modern("tools/call", R"("name":"x",)"));
  BOOST_TEST(told.empty());
  say(R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x","_meta":{"progressToken":7}}})");
  BOOST_TEST_REQUIRE(told.size() == 2U);
  BOOST_TEST(told.front().find(R"("progressToken":7)") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_bug_tells_nothing_of_itself) {
  auto const a = say(R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"fail"}})");
  BOOST_TEST(a.text.find("secret") == std::string::npos);
  BOOST_TEST(a.text.find("-32603") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(no_memory_for_one_request_is_an_error_of_that_request) {
  auto const a = say(R"({"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"no_memory"}})");
  BOOST_TEST(a.text.find("-32603") != std::string::npos);
  BOOST_TEST(a.text.find("\"id\":7") != std::string::npos);
  BOOST_TEST(result(R"({"jsonrpc":"2.0","id":8,"method":"ping"})").empty());
}

BOOST_AUTO_TEST_CASE(a_kept_list_stands_beside_what_an_era_adds) {
  BOOST_TEST(say(R"({"jsonrpc":"2.0","id":1,"method":"tools/list"})").text ==
             R"({"jsonrpc":"2.0","id":1,"result":{"tools":["tool"]}})");
  auto const modern_one = result(modern("tools/list"));
  BOOST_TEST(json::serialize(modern_one.at("tools")) == R"(["tool"])");
  BOOST_TEST(find_text(modern_one, "resultType") == "complete");
  BOOST_TEST(find_text(modern_one, "cacheScope") == "private");
}

BOOST_AUTO_TEST_CASE(a_batch_has_a_bound) {
  client.revision = "2025-03-26";
  std::string const ping = R"({"jsonrpc":"2.0","id":1,"method":"ping"})";
  BOOST_TEST(json::parse(say("[" + ping + "," + ping + "," + ping + "]").text).as_array().size() == 3U);
  BOOST_TEST(refused("[" + ping + "," + ping + "," + ping + "," + ping + "]") == code::invalid_request);
  BOOST_TEST(refused("[]") == code::invalid_request);
  // No batch within a batch, which would be without a bound again.
  auto const nested = json::parse(say("[[" + ping + "," + ping + "]]").text).as_array();
  BOOST_TEST_REQUIRE(nested.size() == 1U);
  BOOST_TEST(nested[0].at("error").at("code").as_int64() == code::invalid_request);
}

BOOST_AUTO_TEST_CASE(an_answer_has_a_bound_whatever_makes_it) {
  offered.long_word = std::string(3000, 'x');
  BOOST_TEST(refused(R"({"jsonrpc":"2.0","id":1,"method":"tools/list"})") == code::internal);
  std::string const word(3000, 'y');
  BOOST_TEST(refused(R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":")" + word + "\"}}") ==
             code::internal);
}

BOOST_AUTO_TEST_CASE(a_batch_that_is_full_carries_out_nothing_more) {
  client.revision = "2025-03-26";
  offered.long_word = std::string(1800, 'x');
  std::string const list = R"({"jsonrpc":"2.0","id":1,"method":"tools/list"})",
                    act = R"({"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"x"}})";
  auto const all = json::parse(say("[" + list + "," + act + "]").text).as_array();
  BOOST_TEST_REQUIRE(all.size() == 2U);
  BOOST_TEST(all[0].as_object().contains("result"));
  BOOST_TEST(all[1].at("id").as_int64() == 2);
  BOOST_TEST(all[1].at("error").at("code").as_int64() == code::internal);
  BOOST_TEST(offered.calls == 0);
}

BOOST_AUTO_TEST_CASE(what_is_gathered_for_an_answer_counts_before_it_is_written) {
  BOOST_TEST(refused(R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"gather"}})") == 0);
  server small(offered, {3, 500});
  auto const a = small.handle_text(R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"gather"}})",
                                   client, [](std::string const&) {});
  BOOST_TEST(a.text.find("mcp_answer_max_bytes") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace alloy::mcp
