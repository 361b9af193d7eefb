#include "cli/cli.hpp"

#include "cli/help.hpp"
#include "cli/render.hpp"
#include "cli/transfer.hpp"
#include "core/byte_order_mark.hpp"
#include "core/settings_table.hpp"
#include "core/steering.hpp"

#include <chrono>
#include <cstdio>
#include <fstream>
#include <thread>

namespace alloy::cli {
namespace {

namespace json = boost::json;

constexpr auto watch_every = std::chrono::seconds(2);

void print(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0)
    throw cli_error(broken, "standard output cannot be written");
}

// What others wrote, on its way to a file as it is, to a terminal without what would steer it.
void write_to(std::string const& file, std::string_view text, terminal const& screen) {
  if (file.empty()) return screen.is_screen() ? print(without_steering(text)) : print(text);
  std::ofstream out(file, std::ios::binary);
  out << text;
  if (!out.flush()) throw cli_error(broken, file + " cannot be written");
}

// One command on the server, from the request to what is shown.
class running {
 public:
  running(command const& c, std::vector<std::string> line)
      : c_(c), shape_(api::shape_of(*c.op)), flags_(flags_of(shape_)), typed_(read_line(c, flags_, std::move(line))),
        screen_(typed_.with.no_color) {}

  void run() {
    if (typed_.with.help) return print(help_for(c_, shape_, flags_));
    session s({typed_.with.profile, typed_.with.server});
    id_resolver names(s);
    if (c_.op->id == "import_data") return import(s);
    if (c_.op->id == "refresh" && !typed_.values.contains("refresh_token") && !s.kept().refresh_token.empty())
      typed_.values["refresh_token"] = {s.kept().refresh_token};
    bind_operands(c_, shape_, flags_, typed_);
    auto const r = make_request(c_, shape_, flags_, typed_, names);
    if (c_.op->id == "export_data") return write_export(s, r, typed_.with.file, screen_);
    if (typed_.with.watch) return watch(s, r);
    auto const a = s.send(r, c_.op->open);
    if (c_.op->writes() && !typed_.with.dry_run) remember(s, a);
    show(typed_.with.all ? all_pages(s, r, a) : a.body, a);
  }

 private:
  void import(session& s) {
    if (typed_.operands.size() != 1) throw cli_error(usage, "alloy org import needs the file of an export");
    auto const a = send_import(s, typed_.operands.front(), typed_.with.dry_run);
    show(a.body, a);
  }

  // Sessions go into the profile, or out of it.
  void remember(session& s, client::http_answer const& a) {
    if (c_.op->id == "logout") {
      if (!s.is_of_profile()) return;
      s.kept().access_token.clear();
      s.kept().refresh_token.clear();
      return s.keep();
    }
    if (c_.op->id != "login" && c_.op->id != "register" && c_.op->id != "refresh" && c_.op->id != "onboard") return;
    auto const answer = json::parse(a.body).as_object();
    auto& p = s.kept();
    if (p.server != s.server()) p.org.clear();
    p.server = s.server();
    p.access_token = text_in(answer, "access_token");
    p.refresh_token = text_in(answer, "refresh_token");
    p.email = text_in(answer, "email");
    s.keep();
    std::fprintf(stderr, "logged in at %s as %s\n", s.server().c_str(), plain_text(p.email).c_str());
  }

  // The items of every page, as the API wrote them.
  std::string all_pages(session& s, client::http_request const& first, client::http_answer const& a) {
    auto const items_in = [](std::string const& body) {
      auto const begin = body.find('[') + 1;
      return body.substr(begin, body.rfind(']') - begin);
    };
    auto page = json::parse(a.body);
    if (!page.is_object() || !page.as_object().contains("items")) return a.body;
    auto all = items_in(a.body);
    std::string body = a.body;
    for (;;) {
      auto const& o = page.as_object();
      auto r = first;
      r.target += r.target.find('?') == std::string::npos ? "?" : "&";
      if (auto const cursor = text_in(o, "next_cursor"); !cursor.empty())
        r.target += "cursor=" + percent_encoded(cursor);
      else if (auto const* const after = o.if_contains("next_after");
               after && after->is_number() && !o.at("items").as_array().empty())
        r.target = without(r.target, "after=") + "after=" + std::to_string(after->to_number<std::uint64_t>());
      else
        break;
      body = s.send(r).body;
      page = json::parse(body);
      if (auto const more = items_in(body); !more.empty()) all += (all.empty() ? "" : ",") + more;
    }
    return "{\"items\":[" + all + "]" + body.substr(body.rfind(']') + 1);
  }

  static std::string without(std::string target, std::string_view parameter) {
    auto const at = target.find(parameter);
    if (at == std::string::npos) return target;
    auto const end = target.find('&', at);
    target.erase(at, end == std::string::npos ? end : end - at + 1);
    return target;
  }

  void show(std::string const& body, client::http_answer const& a) {
    auto const& o = typed_.with;
    bool const is_json = a.header("content-type").find("json") != std::string_view::npos;
    if (o.output == form::json || !is_json || body.empty()) {
      write_to(o.file, body, screen_);
      if (screen_.is_screen() && !body.empty() && body.back() != '\n') print("\n");
      return;
    }
    auto const answer = json::parse(body);
    if (o.quiet) return write_to(o.file, ids_of(answer), screen_);
    if (o.output == form::csv)
      return write_to(o.file, std::string(o.bom ? byte_order_mark : "") + as_csv(answer, o.fields), screen_);
    o.file.empty() ? print(drawn(answer)) : write_to(o.file, drawn(answer), screen_); // with our own colors
    auto const* const page = answer.if_object();
    if (page && page->contains("has_more") && page->at("has_more") == true && !o.all)
      std::fputs("there is more: --all shows everything\n", stderr);
  }

  std::string drawn(json::value const& answer) const {
    auto const* const o = answer.if_object();
    if (!o || !typed_.with.fields.empty()) return as_table(answer, typed_.with.fields, screen_);
    if (c_.op->id == "get_sprint_board" || c_.op->id == "get_project_board") return draw_board(*o, screen_);
    if (c_.op->id == "get_sprint_burndown") return draw_burndown(*o, screen_);
    if (o->contains("access_token")) { // it lies in the profile; a terminal is read over shoulders
      auto shown = *o;
      shown.erase("access_token");
      shown.erase("refresh_token");
      return as_table(shown, {}, screen_);
    }
    return as_table(answer, typed_.with.fields, screen_);
  }

  void watch(session& s, client::http_request r) {
    if (c_.op->writes()) throw cli_error(usage, "--watch is for what shows something");
    if (c_.op->id == "list_events") return stream(s, std::move(r));
    for (std::string last;;) {
      auto const a = s.send(r);
      if (a.body != last) {
        screen_.clear();
        show(a.body, a);
        last = a.body;
      }
      std::this_thread::sleep_for(watch_every);
    }
  }

  // Server-Sent Events, taken up again where they broke off.
  void stream(session& s, client::http_request r) {
    r.headers.emplace_back("Accept", "text/event-stream");
    auto const plain = r.headers;
    std::string last_id, text;
    for (;;) {
      r.headers = plain;
      if (!last_id.empty()) r.headers.emplace_back("Last-Event-ID", last_id);
      s.send(r, false, [&](std::string_view piece) {
        text += piece;
        for (auto end = text.find("\n\n"); end != std::string::npos; end = text.find("\n\n")) {
          show_event(std::string_view(text).substr(0, end), last_id);
          text.erase(0, end + 2);
        }
        return true;
      });
      text.clear();
      std::this_thread::sleep_for(std::chrono::seconds(1)); // a server that is going down ends it at once
    }
  }

  void show_event(std::string_view lines, std::string& last_id) const {
    std::string data;
    while (!lines.empty()) {
      auto const end = lines.find('\n');
      auto const line = lines.substr(0, end);
      lines.remove_prefix(end == std::string_view::npos ? lines.size() : end + 1);
      if (line.starts_with("id: ")) last_id = line.substr(4);
      if (line.starts_with("data: ")) data += line.substr(6);
    }
    if (data.empty()) return;
    if (typed_.with.output == form::json) return write_to({}, data + "\n", screen_);
    print(event_line(json::parse(data).as_object(), screen_));
  }

  command const& c_;
  api::operation_shape const shape_;
  std::vector<flag> const flags_;
  typed typed_;
  terminal const screen_;
};

bool is_noun(std::string const& word) {
  for (auto const& noun : nouns())
    if (noun == word || noun.starts_with(word + " ")) return true;
  return false;
}

int use_org(std::vector<std::string> const& line) {
  if (line.size() != 1) throw cli_error(usage, "alloy org use needs a slug or an id", "`alloy org list` shows yours");
  session s({});
  auto const org = s.get("/api/v1/orgs/" + percent_encoded(line.front())).as_object();
  auto p = load_profile("default"); // what the environment says is no reason to forget what it holds
  p.org = text_in(org, "slug");
  if (p.server.empty()) p.server = s.server();
  save_profile("default", p);
  std::printf("%s is meant where no organization is named\n", plain_text(text_in(org, "name")).c_str());
  return done;
}

[[noreturn]] void complain_of_verb(std::span<std::string const> line) {
  std::string noun = line.front();
  if (line.size() > 2 && is_noun(noun + ' ' + line[1])) noun += ' ' + line[1];
  std::vector<std::string> verbs;
  for (auto const& c : commands())
    if (c.noun == noun) verbs.push_back(c.verb);
  auto const& word = line[noun.find(' ') == std::string::npos ? 1 : 2];
  auto const nearest = nearest_name(word, verbs);
  throw cli_error(usage, "alloy " + noun + " has no verb " + word,
                  nearest.empty() ? "`alloy " + noun + "` lists its verbs"
                                  : "did you mean alloy " + noun + " " + nearest + "?");
}

int run_line(std::vector<std::string> line, std::span<local_command const> local) {
  auto const& first = line.front();
  if (first == "__complete") {
    print(candidates(std::span<std::string const>(line).subspan(1), local));
    return done;
  }
  if (first == "man") {
    print(man_page(local));
    return done;
  }
  if (first == "completion") {
    print(completion_script(line.size() > 1 ? line[1] : std::string("no shell")));
    return done;
  }
  if (first == "org" && line.size() > 1 && line[1] == "use") return use_org({line.begin() + 2, line.end()});
  if (auto const found = find_command(line); found.what) {
    running(*found.what, {line.begin() + static_cast<std::ptrdiff_t>(found.words), line.end()}).run();
    return done;
  }
  std::string noun;
  std::size_t words = 0;
  for (; words < line.size() && is_noun(noun + (noun.empty() ? "" : " ") + line[words]); ++words)
    noun += (noun.empty() ? "" : " ") + line[words];
  bool const asks = words < line.size() && (line[words] == "--help" || line[words] == "-h" || line[words] == "help");
  if (words < line.size() && !asks) complain_of_verb(line);
  auto const help = help_for_noun(noun);
  std::fputs(help.c_str(), asks ? stdout : stderr);
  return asks ? done : usage;
}

} // namespace

bool knows(std::span<std::string const> line) {
  auto const& first = line.front();
  return first == "__complete" || first == "man" || first == "completion" || is_noun(first);
}

int run(std::vector<std::string> line, std::span<local_command const> local) {
  try {
    return run_line(std::move(line), local);
  } catch (cli_error const& f) {
    std::fprintf(stderr, "alloy: %s\n", without_steering(f.what()).c_str());
    if (!f.hint.empty()) std::fprintf(stderr, "  %s\n", without_steering(f.hint).c_str());
    return f.code;
  } catch (std::exception const& bug) {
    std::fprintf(stderr, "alloy: %s\n", without_steering(bug.what()).c_str());
    return broken;
  }
}

int report_unknown(std::string const& word, std::span<local_command const> local) {
  bool is_begun = false; // `alloy backup` alone
  for (auto const& c : local) {
    if (!c.words.starts_with(word + " ")) continue;
    if (!is_begun) std::fprintf(stderr, "usage: alloy %s <verb>\n\n", word.c_str());
    is_begun = true;
    auto const line = std::string(c.words) + (c.operand.empty() ? "" : " " + std::string(c.operand));
    std::fprintf(stderr, "  %s  %s\n", padded(line, 24).c_str(), std::string(c.help).c_str());
  }
  if (is_begun) return usage;
  auto known = nouns();
  for (auto const& c : local) known.emplace_back(c.words.substr(0, c.words.find(' ')));
  auto const nearest = nearest_name(word, known);
  std::fprintf(stderr, "alloy: there is no command %s\n  %s\n", plain_text(word).c_str(),
               nearest.empty() ? "`alloy help` lists all" : ("did you mean alloy " + nearest + "?").c_str());
  return usage;
}

} // namespace alloy::cli
