// What the search index costs, and what a search in it takes: tickets with titles of some 60 characters and
// descriptions of some 300, then comments of some 100 on any of them; their words are as frequent as words are (Zipf).
//   search_figures --directory DIR [--tickets 100000] [--comments 100000] [--tenants 10] [--rounds 200]
// Prints a JSON line for each figure; queries are asked of one tenant, for the 50 best. DIR/search is made and removed.
#include "../flags.hpp"
#include "core/log.hpp"
#include "core/settings.hpp"
#include "events/codec.hpp"
#include "events/head.hpp"
#include "search/search_store.hpp"
#include "search/text_search.hpp"
#include "search/words.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <malloc.h>
#include <random>
#include <unistd.h>

namespace alloy::bench {
namespace {

using storage::family;

double cpu_us(clockid_t of) {
  timespec t{};
  ::clock_gettime(of, &t);
  return static_cast<double>(t.tv_sec) * 1e6 + static_cast<double>(t.tv_nsec) / 1e3;
}

// Made-up words; the n-th is about 1/n as frequent as the first.
class language {
 public:
  std::string const& word() {
    double const at = std::uniform_real_distribution<>(0, sums_.back())(rng_);
    return words_[static_cast<std::size_t>(std::ranges::lower_bound(sums_, at) - sums_.begin())];
  }
  std::string const& word(std::size_t n) const { return words_[n]; }
  std::string text(std::size_t characters) {
    std::string t = word();
    while (t.size() < characters) t += ' ' + word();
    return t;
  }

 private:
  static constexpr std::size_t count = 20'000;
  static std::vector<std::string> make_words(std::mt19937_64& rng) {
    constexpr char const* syllables[] = {"de",  "ploy",  "ra",  "ti",  "on", "ser", "ver",  "lo",
                                         "gin", "cache", "que", "ry",  "in", "dex", "bo",   "ard",
                                         "sta", "tus",   "er",  "ror", "re", "try", "user", "path"};
    std::vector<std::string> words;
    for (std::size_t n = 0; n < count; ++n) {
      std::string w;
      for (std::size_t s = 0; s < 1 + n % 3 + (n > 300); ++s) w += syllables[rng() % std::size(syllables)];
      words.push_back(n < 24 ? syllables[n] : w + (n > 5000 ? std::to_string(n % 97) : ""));
    }
    return words;
  }
  static std::vector<double> make_sums() {
    std::vector<double> sums;
    for (std::size_t n = 0; n < count; ++n) sums.push_back((n ? sums.back() : 0) + 1 / (static_cast<double>(n) + 2.7));
    return sums;
  }

  std::mt19937_64 rng_{1};
  std::vector<std::string> const words_ = make_words(rng_);
  std::vector<double> const sums_ = make_sums();
};

uuid tenant_of(std::uint64_t n) {
  uuid id;
  id.bytes[0] = 1;
  id.bytes[15] = static_cast<std::uint8_t>(n);
  return id;
}

// A log of tickets and then of comments on any of them, one a record, the tenants in turn. It ends where it is told to.
class text_log final : public events::log {
 public:
  text_log(language& words, std::uint64_t tickets, std::uint64_t comments, std::uint64_t tenants) : tenants_(tenants) {
    std::vector<uuid> ids;
    for (std::uint64_t n = 0; n < tickets; ++n) {
      events::ticket_created t;
      t.ticket_number = static_cast<std::int64_t>(n / tenants + 1);
      t.reference = "PIER-" + std::to_string(t.ticket_number);
      t.title = words.text(60);
      t.description = words.text(300);
      ids.push_back(new_uuid());
      add(entity::ticket, ids.back(), std::move(t));
    }
    std::mt19937_64 rng(2);
    for (std::uint64_t n = 0; n < comments; ++n) {
      auto const whose = tickets + n; // so that tenant and ticket agree
      auto const of = rng() % (tickets / tenants) * tenants + whose % tenants;
      add(entity::comment, new_uuid(), events::comment_created{ids[of], {}, words.text(100)});
    }
  }
  std::vector<events::stored_record> const& records() const noexcept { return records_; }
  void end_at(events::position head) { bell_.raise(head); }

  std::vector<events::appended> append(std::span<events::new_record const>, storage::transaction&) override {
    return {};
  }
  std::vector<events::stored_record> read(events::position from, std::size_t most) const override {
    auto const begin = records_.begin() + static_cast<std::ptrdiff_t>(from - 1);
    return {begin, begin + static_cast<std::ptrdiff_t>(std::min<std::size_t>(most, head() + 1 - from))};
  }
  events::position head() const noexcept override { return bell_.get(); }
  bool wait_for(events::position at, std::chrono::milliseconds wait) const override { return bell_.wait_for(at, wait); }
  uuid identity() const noexcept override { return tenant_of(255); }
  events::position find(uuid const&) const override { return 0; }

 private:
  void add(entity kind, uuid const& id, events::event what) {
    auto const n = records_.size();
    events::draft const d{tenant_of(n % tenants_), {kind, id}, std::move(what)};
    events::encoded_event const one{new_uuid(), &d};
    timestamp const at{1'775'035'800'000 + static_cast<std::int64_t>(n * 7)};
    events::record_head const head{d.tenant, n / tenants_ + 1, new_uuid(), at, {}, "r", 0};
    records_.push_back({n + 1, 1, events::encode_record(head, {&one, 1}, 0)});
  }

  std::uint64_t const tenants_;
  std::vector<events::stored_record> records_;
  events::log_head_signal bell_;
};

// From /proc/self/statm.
double resident_mib() {
  std::ifstream statm("/proc/self/statm");
  std::uint64_t pages = 0;
  statm >> pages >> pages;
  return static_cast<double>(pages * static_cast<std::uint64_t>(::getpagesize())) / (1 << 20);
}

double folder_bytes(std::string const& path) {
  double sum = 0;
  for (auto const& f : std::filesystem::directory_iterator(path))
    if (f.path().extension() == ".sst") sum += static_cast<double>(f.file_size());
  return sum;
}

// Parts of the work by themselves, on this thread.
void measure_parts(text_log const& log, std::uint64_t tickets) {
  double const begin = cpu_us(CLOCK_THREAD_CPUTIME_ID);
  std::vector<std::string> texts;
  for (std::uint64_t n = 0; n < tickets; ++n) {
    auto const& stored = log.records()[n];
    auto const r = events::decode_record(stored.first, stored.bytes);
    auto const& t = std::get<events::ticket_created>(r.events.front().what);
    texts.push_back(t.title + ". " + *t.description);
  }
  double const decoded = cpu_us(CLOCK_THREAD_CPUTIME_ID);
  std::size_t bytes = 0;
  for (auto const& t : texts) bytes += projections::fold_words(t).size();
  double const folded = cpu_us(CLOCK_THREAD_CPUTIME_ID);
  auto const n = static_cast<double>(tickets);
  std::printf("{\"words_bytes_per_ticket\":%.0f,\"decode_us\":%.2f,\"fold_words_us\":%.2f}\n",
              static_cast<double>(bytes) / n, (decoded - begin) / n, (folded - decoded) / n);
}

// All of it, with flushes and merges: the log up to `head` is folded, and the store closed.
void measure_index(char const* what, text_log& log, events::position head, storage::settings const& at) {
  auto const before = log.head();
  log.end_at(head);
  ::malloc_trim(0); // so that what grows is the index's
  metrics::registry meters;
  double const begin = cpu_us(CLOCK_PROCESS_CPUTIME_ID), resident = resident_mib();
  auto const started = std::chrono::steady_clock::now();
  double seconds = 0, more = 0;
  {
    projections::search_store store(log, at, meters);
    while (!store.ready() && !store.broken()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    if (store.broken()) throw std::runtime_error("the index is broken");
    seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
    more = resident_mib() - resident;
  }
  auto const n = static_cast<double>(head - before);
  std::printf("{\"indexed\":\"%s\",\"count\":%.0f,\"cpu_us_each\":%.2f,\"seconds\":%.2f,\"resident_mib\":%.1f,"
              "\"index_bytes\":%.0f}\n",
              what, n, (cpu_us(CLOCK_PROCESS_CPUTIME_ID) - begin) / n, seconds, more, folder_bytes(at.path));
}

void measure_query(projections::search_store const& store, char const* what, std::string const& q,
                   std::uint64_t rounds) {
  auto const query = projections::parse_query(q).value();
  std::vector<double> took_us;
  for (std::uint64_t round = 0; round < rounds; ++round) {
    auto const begin = std::chrono::steady_clock::now();
    auto const rows = store.rows();
    projections::match_cursor cursor(*rows, tenant_of(0), query, projections::term_weights(*rows, tenant_of(0), query));
    projections::top_matches(cursor, 50);
    took_us.push_back(std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - begin).count());
  }
  auto const rows = store.rows();
  projections::match_cursor cursor(*rows, tenant_of(0), query);
  std::size_t matches = 0;
  for (bool more = cursor.begin(); more; more = cursor.next()) ++matches;
  std::ranges::sort(took_us);
  std::printf("{\"query\":\"%s\",\"matches\":%zu,\"p50_us\":%.0f,\"p99_us\":%.0f}\n", what, matches,
              took_us[took_us.size() / 2], took_us[took_us.size() * 99 / 100]);
}

void measure_queries(text_log const& log, storage::settings const& at, language const& words, std::uint64_t rounds) {
  metrics::registry meters;
  projections::search_store const store(log, at, meters);
  while (!store.ready()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  auto const w = [&](std::size_t n) { return words.word(n); };
  measure_query(store, "two words that most tickets have", w(1) + " " + w(7), rounds);
  measure_query(store, "two words of each tenth ticket", w(40) + " " + w(90), rounds);
  measure_query(store, "two rare words", w(900) + " " + w(1500), rounds);
  measure_query(store, "a word that all tickets have", w(0), rounds);
  measure_query(store, "a word that few tickets have", w(12000), rounds);
  measure_query(store, "a phrase", '"' + w(1) + ' ' + w(7) + '"', rounds);
  measure_query(store, "two letters", "d s", rounds);
  measure_query(store, "a reference", "PIER-17", rounds);
  measure_query(store, "a word that no ticket has", "absent", rounds);
}

} // namespace
} // namespace alloy::bench

int main(int argc, char** argv) try {
  using namespace alloy;
  bench::flags flags(argc, argv);
  storage::settings at;
  at.path = flags.text("directory") + "/search";
  at.block_cache_bytes = 4u << 20;
  at.recent_rows_bytes = 1u << 20;
  at.write_buffer_bytes = static_cast<std::size_t>(settings().search_write_buffer_bytes);
  auto const tickets = flags.number("tickets", 100'000, 1000, 10'000'000);
  auto const comments = flags.number("comments", 100'000, 1, 10'000'000);
  auto const tenants = flags.number("tenants", 10, 1, 200);
  auto const rounds = flags.number("rounds", 200, 1, 100'000);
  flags.refuse_others();

  log::set_level(log::level::warn);
  bench::language words;
  bench::text_log log(words, tickets, comments, tenants);
  bench::measure_parts(log, tickets);
  std::filesystem::remove_all(at.path);
  bench::measure_index("tickets", log, tickets, at);
  bench::measure_queries(log, at, words, rounds);
  bench::measure_index("comments", log, tickets + comments, at);
  bench::measure_queries(log, at, words, rounds);
  std::filesystem::remove_all(at.path);
  return 0;
} catch (std::exception const& e) {
  std::fprintf(stderr, "search_figures: %s\n", e.what());
  return 1;
}
